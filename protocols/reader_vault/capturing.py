"""The card: asked for, read by the reader, handed to the order. Before the mark nothing has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from protocols.core.card import EntryMode
from protocols.core.card_source import Ready
from protocols.core.operations import StoreCard
from protocols.core.outcomes import Cancelled, Evidence, NotStarted
from protocols.core.session import Mono
from protocols.reader_vault.steps import Event, Step

if TYPE_CHECKING:
    from protocols.reader_vault.session import ReaderVaultSession
_PROMPTS: Mapping[frozenset[EntryMode], str] = {
    frozenset({"keyed"}): "key_card",
    frozenset({"swipe", "keyed"}): "swipe_or_key",
}


class Capturing:
    """Watches the reader for one session; all state is the session's."""

    def __init__(self, session: ReaderVaultSession) -> None:
        self._session = session

    def look(self, now: Mono) -> None:
        """A card, a refused read, or the loss of the reader."""
        session = self._session
        source, dialogue = session.source, session.dialogue
        if source is None or dialogue is None or session.step is not Step.CARD:
            return
        presented = source.take_card()
        if presented is not None:
            dialogue.presented, dialogue.card, dialogue.card_by = presented, presented.card, None
            session.progress("card_present", "card_read", "host")
            session.ordering.commit(now)
        elif (refusal := source.take_refusal()) is not None:
            session.progress("awaiting_card", refusal, "cardholder")
        elif source.ready is not Ready.ARMED:
            self._lost(source.why, now)

    def arm(self, now: Mono) -> None:
        """Ask for the card."""
        session = self._session
        source, dialogue = session.source, session.current()
        if source is None or source.ready is not Ready.READY:
            self._lost(source.why if source is not None else "no_reader", now)
            return
        asked = dialogue.sought.entry_modes if isinstance(dialogue.sought, StoreCard) else source.entry_modes
        modes = tuple(mode for mode in source.entry_modes if mode in asked)
        session.move(Event.ARM)
        # Nobody is asked for a card that would come too late.
        dialogue.card_by = min(now + session.options.card_timeout_s, dialogue.commit_before)
        session.emit(source.arm(modes, now))
        session.progress("awaiting_card", _PROMPTS.get(frozenset(modes), "swipe_card"), "cardholder")

    def timed_out(self, now: Mono) -> None:
        """No card came within its time, or while the command was wanted."""
        session = self._session
        evidence = Evidence("never_sent")
        if now >= session.current().commit_before:
            session.conclude(NotStarted(code="expired", evidence=evidence), now)
        else:
            session.conclude(Cancelled(code="timed_out", evidence=evidence), now)

    def _lost(self, why: str, now: Mono) -> None:
        session = self._session
        evidence = Evidence("never_sent", seen={"why": why})
        session.conclude(NotStarted(code="reader_lost", evidence=evidence), now)
