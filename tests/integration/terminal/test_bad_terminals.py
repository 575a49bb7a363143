"""A terminal that loses its power, falls silent, is busy or talks twice at any moment of a sale."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest

from protocols.core.operations import Sale
from protocols.core.outcomes import Declined
from protocols.core.values import Money
from simulator.acquirer.totals import live_charges
from simulator.faults import Fault, Moment
from simulator.scenario import Scenario
from simulator.settings import BookingPolicy, TerminalSettings
from simulator.zvt.effects import PlanFault
from terminal_agent.journal.facts import Row
from tests.support.operations import operation_id
from tests.support.shop import Memory, Shop, Transport
from tests.support.virtual_clock import VirtualTimeLoop
from tests.support.virtual_terminal import START

MOMENTS: tuple[Moment, ...] = get_args(Moment)
POLICIES: tuple[BookingPolicy, ...] = get_args(BookingPolicy)
FIRST, SECOND, THIRD = (operation_id(START, number) for number in (1, 2, 3))
AMOUNT = Money(2_300)


class After:
    """What three sales came to, the second of them under a fault."""

    def __init__(self, rows: list[Row], charges: int, stands: str, alerts: list[str]) -> None:
        self.rows, self.charges, self.stands, self.alerts = rows, charges, stands, alerts

    @property
    def row(self) -> Row:
        """The one under the fault."""
        return self.rows[1]

    def agrees(self) -> bool:
        """All is final, and what is told is what is booked."""
        approved = sum(row.state == "approved" for row in self.rows)
        return all(row.final for row in self.rows) and approved == self.charges


def three_sales(fault: Fault, transport: Transport = "serial", policy: BookingPolicy = "keep") -> After:
    """One plain, one under the fault, one plain again."""

    async def main() -> After:
        shop = Shop(Memory(), transport, Scenario(terminal=TerminalSettings(booking_policy=policy)))
        process = shop.process()
        for name in (FIRST, SECOND, THIRD):
            await process.ready()
            if name == SECOND:
                shop.terminal.do(PlanFault(fault))
            await process.begin(Sale(operation_id=name, amount=AMOUNT))
            await process.settled(name)
            await asyncio.sleep(200.0 if name != SECOND else 0.0)
        rows = [await process.row(name) for name in (FIRST, SECOND, THIRD)]
        stands = process.worker.standing.word()
        await process.stop()
        return After(rows, len(live_charges(shop.booked)), stands, process.herald.alerts)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("transport", ["serial", "tcp"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_power_that_goes_at_any_moment(moment: Moment, transport: Transport, policy: BookingPolicy) -> None:
    fault = Fault(when=moment, what="power_cut", seconds=10.0, command="sale")
    after = three_sales(fault, transport, policy)
    assert after.agrees(), (after.row.state, after.row.code, after.charges)
    assert after.stands == "ready"


@pytest.mark.parametrize("transport", ["serial", "tcp"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_silence_at_any_moment(moment: Moment, transport: Transport) -> None:
    fault = Fault(when=moment, what="silence", seconds=20.0, command="sale")
    after = three_sales(fault, transport)
    assert after.agrees(), (after.row.state, after.row.code, after.charges)


@pytest.mark.parametrize("command", ["status", "repeat_receipt", "sale", "registration"])
@pytest.mark.parametrize("moment", ["command", "answered"])
@pytest.mark.parametrize("seconds", [11.0, 60.0])
def test_answers_that_come_after_we_have_asked_anew(command: str, moment: Moment, seconds: float) -> None:
    """A serial line that is opened again still delivers what was said late: it answers no question."""
    after = three_sales(Fault(when=moment, what="delay", seconds=seconds, command=command))
    assert after.agrees(), (after.row.state, after.row.code, after.charges)
    assert after.rows[2].state == "approved"


@pytest.mark.parametrize("transport", ["serial", "tcp"])
def test_long_silence_is_told_and_then_asked_about(transport: Transport) -> None:
    after = three_sales(Fault(when="host", what="delay", seconds=100.0, command="sale"), transport)
    assert after.alerts == ["silent"]
    assert (after.row.state, after.agrees()) == ("approved", True)


@pytest.mark.parametrize("transport", ["serial", "tcp"])
@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [
        (Fault(when="command", what="busy", command="sale"), "not_started", "please_wait"),
        (
            Fault(when="command", what="refuse", value=0x83, command="sale"),
            "not_started",
            "function_impossible",
        ),
        (Fault(when="host", what="decline", value=51), "declined", "insufficient_funds"),
        (Fault(when="host", what="partial", value=1_000), "approved", "approved"),
        (Fault(when="before_result", what="repeat_result"), "approved", "approved"),
        (Fault(when="answered", what="split"), "approved", "approved"),
        (Fault(when="answered", what="twice"), "approved", "approved"),
    ],
)
def test_answers_and_habits(transport: Transport, fault: Fault, state: str, code: str) -> None:
    after = three_sales(fault, transport)
    assert (after.row.state, after.row.code, after.agrees()) == (state, code, True)
    if isinstance(after.row.outcome, Declined):
        assert after.row.money == "none"
    if fault.what == "partial":
        assert after.row.amount == Money(1_000)


@pytest.mark.parametrize("what", ["nak", "lose_ack", "bad_crc"])
@pytest.mark.parametrize("moment", ["command", "answered", "card", "before_result", "booked"])
def test_trouble_on_a_serial_line(what: str, moment: str) -> None:
    fault = Fault(when=moment, what=what, command="sale")  # type: ignore[arg-type]  # words of its types
    after = three_sales(fault)
    assert (after.row.state, after.agrees()) == ("approved", True)


def test_whole_card_numbers_are_masked_and_told(caplog: pytest.LogCaptureFixture) -> None:
    after = three_sales(Fault(when="before_result", what="whole_card_numbers", command="sale"))
    assert (after.row.state, after.alerts) == ("approved", ["card_number_masked"])
    assert after.row.outcome is not None
    shown = repr(after.row)
    assert "4111111111111111" not in shown
    assert "1111" in shown
