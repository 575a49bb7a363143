"""A human's verdict, where the machines could not find out."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.core.facts import Concluded, Mark
from protocols.core.outcomes import (
    Approved,
    Cancelled,
    Declined,
    Evidence,
    MoneyEffect,
    NotStarted,
    Outcome,
)
from terminal_agent.commands.entries import Resolved
from terminal_agent.journal.facts import Row

# What an approved operation of each kind does to the money.
EFFECTS: dict[str, MoneyEffect] = {
    "sale": "charged",
    "capture": "charged",
    "charge_card": "charged",
    "refund": "returned",
    "reversal": "returned",
    "preauth": "held",
}


def conclusion(verdict: Resolved, row: Row, marks: Sequence[Mark]) -> Concluded:
    """The verdict as the end of the attempt. Keys of a result that was seen stay, for a later reversal."""
    seen = {"by": verdict.by, "evidence": verdict.evidence, "reason": verdict.reason}
    evidence = Evidence("human", agrees=(verdict.verdict,), seen=seen)
    keys = {name: text for mark in marks if mark.stage == "result_seen" for name, text in mark.keys.items()}
    return Concluded(row.id, row.attempt.no, _outcome(verdict, row, evidence, keys))


def _outcome(verdict: Resolved, row: Row, evidence: Evidence, keys: dict[str, str]) -> Outcome:
    match verdict.verdict:
        case "approved":
            money = EFFECTS.get(row.op, "none")
            return Approved(code="resolved", evidence=evidence, keys=keys, money=money, amount=row.amount)
        case "declined":
            return Declined(code="resolved", evidence=evidence)
        case "cancelled":
            return Cancelled(code="resolved", evidence=evidence)
        case "not_started":
            return NotStarted(code="resolved", evidence=evidence)
