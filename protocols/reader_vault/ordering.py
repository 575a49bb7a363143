"""One order at the vault: what is looked at before it, its mark, its answer, and the keeping of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.core.errors import LocalError
from protocols.core.operations import StoreCard
from protocols.core.outcomes import Cancelled, Evidence, NotStarted, Unknown
from protocols.core.session import Mono
from protocols.core.vault import NoAnswer, VaultAnswer, VaultRequest
from protocols.reader_vault import findings, orders
from protocols.reader_vault.capturing import Capturing
from protocols.reader_vault.dialogue import shown
from protocols.reader_vault.steps import Event

if TYPE_CHECKING:
    from protocols.reader_vault.session import ReaderVaultSession


class Ordering:
    """From the vault's presence to the end of the operation; all state is the session's."""

    def __init__(self, session: ReaderVaultSession, capturing: Capturing) -> None:
        self._session = session
        self._capturing = capturing

    def reached(self, now: Mono) -> None:
        """The vault is there: now the card is asked for, or the order is looked at, or made."""
        session = self._session
        dialogue = session.current()
        if type(dialogue.sought) in orders.BY_CARD:
            self._capturing.arm(now)
        elif orders.original_of(dialogue.sought) is not None:
            session.ask(Event.LOOK, orders.status_of(dialogue.sought), now)
        else:
            self.commit(now)

    def looked(self, answer: VaultAnswer | NoAnswer, now: Mono) -> None:
        """How the order stood before: what is there now can be told from what we are about to do."""
        session = self._session
        if isinstance(answer, NoAnswer) or answer.verdict == "refused":
            why = {"why": answer.why if isinstance(answer, NoAnswer) else answer.code}
            session.conclude(
                NotStarted(code="vault_unreachable", evidence=Evidence("never_sent", seen=why)), now
            )
            return
        known = {"done": "known", "declined": "known", "unknown_order": "none"}
        keys = session.current().keys
        keys["baseline"] = known.get(answer.verdict, "unreadable")
        if keys["baseline"] == "known":
            keys |= {f"last.{name}": text for name, text in answer.keys.items()}
        self.commit(now)

    def commit(self, now: Mono) -> None:
        """The last moment at which nothing has happened: abort and expiry end here, or it is marked."""
        session = self._session
        dialogue = session.current()
        if dialogue.abort_asked:
            session.conclude(Cancelled(code="aborted", evidence=Evidence("never_sent")), now)
            return
        if now >= dialogue.commit_before:
            session.conclude(NotStarted(code="expired", evidence=Evidence("never_sent")), now)
            return
        try:
            order = orders.order_of(dialogue)
        except LocalError as error:
            session.conclude(NotStarted(code=error.code, evidence=Evidence("never_sent")), now)
            return
        keys = {**dialogue.keys, "order_id": orders.order_id_of(dialogue.sought), "key": dialogue.attempt.key}
        if dialogue.card is not None:
            keys |= shown(dialogue.card)
        if dialogue.presented is not None:
            keys |= dialogue.presented.keys
        session.mark("committed", keys, lambda then: self._committed(order, then))

    def _committed(self, order: VaultRequest, now: Mono) -> None:
        session = self._session
        dialogue = session.current()
        dialogue.committed = True
        session.progress("authorizing", "asking_vault", "host")
        session.ask(Event.ASK, order, now)
        dialogue.presented = None  # it is the vault's now, which wipes it

    def asked(self, answer: VaultAnswer | NoAnswer, now: Mono) -> None:
        """The answer to the order itself."""
        session = self._session
        dialogue = session.current()
        if isinstance(answer, NoAnswer):
            session.conclude(findings.lost(answer), now)
        elif isinstance(dialogue.sought, StoreCard) and answer.verdict == "done":
            self.verified(answer, now)
        else:
            session.conclude(findings.outcome_of(dialogue, answer), now)

    def verified(self, answer: VaultAnswer, now: Mono) -> None:
        """The issuer says that the card is good. What cannot be charged later is not kept."""
        session = self._session
        dialogue = session.current()
        dialogue.card = findings.merged(dialogue.card, answer.card)
        if answer.debit:
            evidence = Evidence("by_id" if dialogue.recovering else "dialogue", seen=answer.keys)
            session.conclude(findings.refused("interac_only", dialogue, evidence), now)
            return
        session.mark("step_done", findings.verified(answer, dialogue.card), self._keep)

    def _keep(self, now: Mono) -> None:
        session = self._session
        session.ask(Event.KEEP, orders.keeping(session.current()), now)

    def kept(self, answer: VaultAnswer | NoAnswer, now: Mono) -> None:
        """The answer to the wish to keep the card."""
        session = self._session
        if isinstance(answer, NoAnswer):
            seen = {"why": answer.why}
            evidence = Evidence("dialogue", seen=seen)
            session.conclude(
                Unknown(code="link_lost", evidence=evidence, ask_again_s=findings.ASK_AGAIN_S), now
            )
        else:
            session.conclude(findings.stored(session.current(), answer), now)
