"""The end of day: the terminal's totals beside the journal's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocols.core.facts import Orphan
from protocols.core.outcomes import Approved, Evidence, TerminalRecord
from protocols.core.values import Money
from terminal_agent.commands.batch import Turnover, told
from tests.support.agent_desk import Desk


def batch_of(amount: Money | None = None, **details: str) -> Approved:
    return Approved(money="none", evidence=Evidence("dialogue"), amount=amount, details=details)


async def closed(desk: Desk, outcome: Approved) -> dict[str, Any]:
    """Close the day with what the terminal says; what is told of it."""
    name = (await desk.ask("reconcile")).operation_id
    assert name is not None
    await desk.mark(name)
    await desk.end(name, outcome)
    shown: dict[str, Any] = json.loads((await desk.events())[-1].fact.data)
    return shown


async def a_day() -> Desk:
    """A payment, one that was reversed, a refund, a captured hold: three stand, 1500 minor units in all."""
    desk = Desk()
    await desk.sync()
    first = (await desk.done("sale", amount_minor=1000)).operation_id
    gone = (await desk.done("sale", amount_minor=777)).operation_id
    await desk.done("reversal", original_operation_id=gone)
    await desk.done("refund", amount_minor=500, original_operation_id=first)
    held = (await desk.done("preauth", amount_minor=2000)).operation_id
    await desk.done("capture", original_operation_id=held, amount_minor=1000)
    desk.clock.pass_time(1)
    return desk


async def test_equal_totals_match() -> None:
    brands: Any = {
        "visa_count": "2",
        "visa_total_minor": "500",
        "amex_count": "1",
        "amex_total_minor": "1000",
    }
    shown = await closed(await a_day(), batch_of(**brands))
    assert shown["totals"] == {
        "terminal_count": 3,
        "terminal_minor": 1500,
        "journal_count": 3,
        "journal_minor": 1500,
        "matched": True,
        "unmatched": [],
    }
    assert (shown["state"], shown["code"]) == ("approved", "reconciled")
    assert shown["details"] == brands


async def test_a_payment_made_by_hand_shows_as_a_difference_with_the_likely_ones() -> None:
    desk = await a_day()
    await desk.lifecycle.apply(Orphan(TerminalRecord({"receipt": "0042"}, Money(250))), "t-1")
    shown = await closed(desk, batch_of(visa_count="4", visa_total_minor="1750"))
    assert (shown["totals"]["matched"], shown["code"]) == (False, "totals_differ")
    (listed,) = shown["totals"]["unmatched"]
    assert (listed["receipt"], listed["amount_minor"]) == ("0042", "250")


async def test_receipt_numbers_that_nobody_knows_are_listed() -> None:
    shown = await closed(await a_day(), batch_of(Money(1500), receipt_from="0006", receipt_to="0008"))
    assert shown["totals"]["matched"] is True
    assert shown["totals"]["unmatched"] == [{"receipt": "0006"}, {"receipt": "0008"}]
    assert shown["code"] == "totals_differ"


async def test_a_new_day_begins_at_the_last_close() -> None:
    desk = await a_day()
    await closed(desk, batch_of())
    desk.clock.pass_time(1)
    await desk.done("sale", amount_minor=300)
    shown = await closed(desk, batch_of())
    assert (shown["totals"]["journal_count"], shown["totals"]["journal_minor"]) == (1, 300)
    assert "matched" not in shown["totals"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (batch_of(), None),
        (batch_of(visa_count="x", visa_total_minor="1"), None),
        (batch_of(visa_count="1", visa_total_minor="10", receipt_from="0001"), Turnover(1, 10)),
        (batch_of(Money(7)), Turnover(None, 7)),
        (batch_of(Money(7), visa_count="2", visa_total_minor="8"), Turnover(2, 8)),
    ],
)
def test_a_terminal_that_tells_no_totals_is_not_guessed_at(
    outcome: Approved, expected: Turnover | None
) -> None:
    assert told(outcome) == expected
