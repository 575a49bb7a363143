"""What became of an order whose answer was lost: the vault is asked by its id, nothing is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.core.operations import Capture, Preauth, Reconcile, StoreCard
from protocols.core.outcomes import Cancelled, Evidence, Unknown
from protocols.core.session import Mono
from protocols.core.vault import NoAnswer, VaultAnswer
from protocols.reader_vault import findings, orders
from protocols.reader_vault.dialogue import Dialogue
from protocols.reader_vault.steps import Event

if TYPE_CHECKING:
    from protocols.reader_vault.session import ReaderVaultSession


class Recovering:
    """Asks for one session; all state but the time of first absence is the session's."""

    def __init__(self, session: ReaderVaultSession) -> None:
        self._session = session
        self._unknown_since: dict[str, Mono] = {}

    def begin(self, dialogue: Dialogue, now: Mono) -> None:
        """Ask, or repeat the one step that may be repeated."""
        session = self._session
        sought = dialogue.sought
        session.progress("recovering", "seeking_order", "host")
        if isinstance(sought, StoreCard) and "transaction" in dialogue.keys:
            session.ask(Event.KEEP, orders.keeping(dialogue), now)
        elif type(sought) in orders.ORDERS:
            session.ask(Event.SEEK, orders.status_of(sought), now)
        elif isinstance(sought, Preauth | Capture | Reconcile):
            # Never begun here: another terminal had this one's name, or the backend says that it did.
            session.move(Event.REACH)
            evidence = Evidence("dialogue")
            session.conclude(Unknown(code="terminal_cannot_tell", owner="human", evidence=evidence), now)
        else:
            # It moves no money and leaves nothing that could be asked for: whoever wants it asks anew.
            session.move(Event.REACH)
            session.conclude(Cancelled(code="interrupted", evidence=Evidence("dialogue")), now)

    def sought(self, answer: VaultAnswer | NoAnswer, now: Mono) -> None:
        """What the vault says became of the order."""
        session = self._session
        dialogue = session.current()
        if isinstance(answer, NoAnswer):
            evidence = Evidence("by_id", seen={"why": answer.why})
            session.conclude(Unknown(code="vault_unreachable", evidence=evidence), now)
        elif isinstance(dialogue.sought, StoreCard) and answer.verdict == "done":
            session.ordering.verified(answer, now)
        else:
            self._judge(answer, now)

    def _judge(self, answer: VaultAnswer, now: Mono) -> None:
        session = self._session
        dialogue = session.current()
        name = dialogue.sought.operation_id
        outcome = findings.found(dialogue, answer)
        if outcome is None:
            evidence = Evidence("by_id", seen={"code": answer.code})
            session.conclude(Unknown(code="no_proof", evidence=evidence), now)
        elif outcome.code == "not_booked" and not self._has_settled(dialogue, now):
            evidence = Evidence("by_id", differs=("reference",))
            session.conclude(Unknown(code="not_there_yet", evidence=evidence), now)
        else:
            self._unknown_since.pop(name, None)
            session.conclude(outcome, now)

    def _has_settled(self, dialogue: Dialogue, now: Mono) -> bool:
        """Whether an order that the vault does not know has had the time to arrive there. A verification
        of ours that comes late keeps nothing, so it is not waited for; one of which this journal has no mark
        may be another agent's, which goes on to keep the card."""
        session, sought = self._session, dialogue.sought
        if isinstance(sought, StoreCard) and dialogue.keys:
            return True
        since = self._unknown_since.setdefault(sought.operation_id, now)
        return now - since >= session.options.settle_s
