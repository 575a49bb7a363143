"""Whether the acquirer's ledger agrees with what was told. The ledger is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges
from tests.soak.load import Till


def agreement(tills: Sequence[Till], ledgers: Sequence[Sequence[Line]]) -> dict[str, Any]:
    """Count and sum of both sides, what stands on one side alone, and what was never settled.

    One ledger for each till, in the same order. What needs a human is nobody's word yet: its charge
    is neither missing nor too much, and it is counted by itself.
    """
    told = [_approved(till) for till in tills]
    booked = [Counter(line.amount_minor for line in live_charges(lines)) for lines in ledgers]
    states = [_state(one.latest) for till in tills for one in till.left_open]
    at_humans = [
        {int(one.data["amount_minor"]) for one in till.left_open if _state(one.latest) == "needs_human"}
        for till in tills
    ]
    lost = sum(((mine - theirs).total() for mine, theirs in zip(told, booked, strict=True)), 0)
    too_much = sum(
        (_without(theirs - mine, human).total())
        for mine, theirs, human in zip(told, booked, at_humans, strict=True)
    )
    stuck = [state for state in states if state != "needs_human"]
    return {
        "agrees": lost == 0 and too_much == 0 and not stuck,
        "approved": {"count": _count(told), "sum_minor": _sum(told)},
        "booked": {"count": _count(booked), "sum_minor": _sum(booked)},
        "approved_not_booked": lost,
        "booked_not_approved": too_much,
        "needs_human": len(states) - len(stuck),
        "never_settled": stuck,
    }


def _approved(till: Till) -> Counter[int]:
    return Counter(one.amount_minor or 0 for one in till.outcomes if one.state == "approved")


def _state(view: Any) -> str:
    return "unanswered" if view is None else str(view.state)


def _without(amounts: Counter[int], some: Iterable[int]) -> Counter[int]:
    return amounts - Counter(some)


def _count(sides: Sequence[Counter[int]]) -> int:
    return sum(side.total() for side in sides)


def _sum(sides: Sequence[Counter[int]]) -> int:
    return sum(amount * count for side in sides for amount, count in side.items())
