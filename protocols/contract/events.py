"""What the agent tells: facts (never lost, numbered by epoch and seq in the envelope) and lossy notices.

`TERMINAL` and `AGENT` list them by the topic's `{type}`; `FACTS` names those that are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from protocols.contract.fields import AsOf, Id, OperationId, Text, Timestamp, Told
from protocols.contract.operation import CardView, EvidenceView, OperationView
from protocols.contract.words import MoneyEffect, OperationState, ProgressState, Severity, WaitingOn


class OperationFact(OperationView):
    """A fact about one operation: it was accepted, committed, concluded, is in doubt, needs a human."""


class Progress(Told):
    """What the terminal is waiting for now. Lossy: the newest one counts, a fact outranks it."""

    operation_id: OperationId | None = None
    terminal: Id
    state: ProgressState | str
    code: str
    text: Text
    waiting_on: WaitingOn | str
    terminal_text: str | None = None
    at: Timestamp | None = None
    as_of: AsOf | None = None


class Corrected(Told):
    """A truth found after a final: the event of then stays, this says what really holds, and why."""

    operation_id: OperationId
    terminal: Id | None = None
    was: OperationState | str
    state: OperationState | str
    money: MoneyEffect | str
    code: str
    text: Text
    amount_minor: int | None = Field(default=None, ge=0)
    currency: str | None = None
    evidence: EvidenceView
    at: Timestamp | None = None


class Orphan(Told):
    """A result of the terminal that belongs to no operation: a payment made by hand, a late answer."""

    terminal: Id
    code: str
    text: Text
    amount_minor: int | None = Field(default=None, ge=0)
    currency: str | None = None
    state: OperationState | str | None = None
    card: CardView | None = None
    keys: dict[str, str] = Field(default_factory=dict)
    terminal_at: str | None = Field(default=None, description="the terminal's own clock, as it told it")
    at: Timestamp | None = None


class Alert(Told):
    """Something that a technician or the staff should hear of."""

    code: str
    text: Text
    severity: Severity | str = "warning"
    terminal: Id | None = None
    operation_id: OperationId | None = None
    details: dict[str, str] = Field(default_factory=dict)
    at: Timestamp | None = None


class Discovered(Told):
    """A device was found, or found again on another port. `terminal` where it is a configured one; else
    `settings`: the lines, in TOML, that find it again."""

    where: str
    code: str = "discovered"
    text: Text
    terminal: Id | None = None
    vendor_id: str | None = None
    product_id: str | None = None
    serial: str | None = None
    description: str | None = None
    settings: str | None = None
    at: Timestamp | None = None


TERMINAL: Mapping[str, type[Told]] = {
    "operation": OperationFact,
    "progress": Progress,
    "corrected": Corrected,
    "orphan": Orphan,
    "alert": Alert,
}
AGENT: Mapping[str, type[Told]] = {"alert": Alert, "discovered": Discovered}
# Numbered, journaled, published until acknowledged. The others are lossy: no epoch, no seq.
FACTS = frozenset({"operation", "corrected", "orphan"})
