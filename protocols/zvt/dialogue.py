"""What a session is busy with: one operation, its plan of errands, and what has come of it so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from protocols.core.evidence import noted
from protocols.core.operations import (
    Attempt,
    Capture,
    Operation,
    Preauth,
    Reconcile,
    Recover,
    Refund,
    Request,
    Reversal,
    Sale,
    request_of,
)
from protocols.core.outcomes import Outcome, TerminalRecord
from protocols.core.session import Mono, Phase
from protocols.zvt.receipts import ReceiptCollector
from protocols.zvt.steps import Errand, Step

# Operations after which the terminal's last transaction is another one: their plan notes the baseline first.
BOOKED = Sale | Refund | Reversal | Preauth | Capture | Reconcile
# Questions to a busy terminal before its recovery is put off: a minute, in which its own dialogue may end.
MOST_HOLDS = 12


@dataclass(slots=True)
class Dialogue:
    """One operation in work. `sought` is the request itself, also when it is being recovered."""

    operation: Operation
    attempt: Attempt
    commit_before: Mono
    begun: Mono = 0.0
    plan: deque[Errand] | None = None
    committed: bool = False
    identified: bool = False
    taken: bool = False
    abort_asked: bool = False
    abort_sent: bool = False
    outcome: Outcome | None = None
    result_seen: bool = False
    approved_before: bool = False  # by a result that was not the last one
    results: int = 0
    held: int = 0
    asked_again: bool = False  # for the last transaction, after an answer without one
    steady: bool = True  # nothing tells that the terminal's clock was set since our command
    notes: dict[str, str] = field(default_factory=dict)
    record: TerminalRecord | None = None
    receipts: ReceiptCollector = field(default_factory=ReceiptCollector)

    @property
    def sought(self) -> Request:
        """The request whose outcome is wanted."""
        return request_of(self.operation)

    @property
    def recovering(self) -> bool:
        """Whether we only ask what became of an earlier attempt."""
        return isinstance(self.operation, Recover)

    @property
    def expected_terminal(self) -> str | None:
        """A recovery believes only the terminal that took the command, by the id noted with the marks."""
        return noted(self.operation).get("terminal_id") if isinstance(self.operation, Recover) else None

    @property
    def strangers(self) -> bool:
        """Whether another journal may have given the order of a recovered attempt, at any terminal."""
        return isinstance(self.operation, Recover) and noted(self.operation).get("strangers") == "yes"

    @property
    def books(self) -> bool:
        """Whether the operation leaves a transaction in the terminal, so that its loss is in doubt."""
        return isinstance(self.sought, BOOKED)


def plan_of(operation: Operation, *, registered: bool) -> deque[Errand]:
    """The errands of an operation. A recovery never registers: registration may disturb what is sought."""
    if isinstance(operation, Recover):
        return deque([Errand.ENQUIRE, Errand.READ])
    greeting = [] if registered else [Errand.REGISTER]
    notes = [Errand.ENQUIRE, Errand.NOTE] if isinstance(operation, BOOKED) else []
    return deque([*greeting, *notes, Errand.WORK])


def phase_of(step: Step, dialogue: Dialogue | None, *, greeting: bool, registered: bool) -> Phase:
    """Where the terminal stands, as the rest of the agent sees it."""
    if step is Step.UNFIT:
        return Phase.UNFIT
    if dialogue is not None:
        if dialogue.result_seen:
            return Phase.SETTLING
        return Phase.COMMITTED if dialogue.committed else Phase.PREPARING
    if greeting:
        return Phase.GREETING
    return Phase.IDLE if registered and step is not Step.DOWN else Phase.DOWN
