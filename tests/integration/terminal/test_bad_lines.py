"""A sale on a line where any one write is lost, harmed, late or cut: it is told as it is, and once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from drivers.memory_faults import chain, corrupt, cut_during, delay, drop, split
from drivers.memory_port import Fault, Side
from protocols.core.operations import Sale
from protocols.core.values import Money
from simulator.acquirer.totals import live_charges
from simulator.scenario import Scenario
from simulator.settings import BookingPolicy, TerminalSettings
from terminal_agent.journal.facts import Row
from tests.support.operations import operation_id
from tests.support.shop import Memory, Shop, Transport
from tests.support.virtual_clock import VirtualTimeLoop
from tests.support.virtual_terminal import START

FIRST, SECOND = operation_id(START, 1), operation_id(START, 2)
AMOUNT = Money(1_010)  # 10 10: doubled on the wire
# Writes of one sale on a serial line, frames and acknowledgements, at the most.
WRITES = 34


def sale_over(
    fault: Fault, transport: Transport = "serial", policy: BookingPolicy = "keep"
) -> tuple[Row, int, list[str]]:
    """A first sale on a good line, a second one over the fault; its row, its charges, the alerts."""

    async def main() -> tuple[Row, int, list[str]]:
        shop = Shop(Memory(), transport, Scenario(terminal=TerminalSettings(booking_policy=policy)))
        process = shop.process()
        await process.ready()
        await process.begin(Sale(operation_id=FIRST, amount=AMOUNT))
        await process.settled(FIRST)
        shop.terminal.modem.fault = fault
        await process.begin(Sale(operation_id=SECOND, amount=AMOUNT))
        await process.settled(SECOND)
        await asyncio.sleep(400.0)
        row = await process.row(SECOND)
        assert process.worker.standing.word() == "ready"
        await process.stop()
        return row, len(live_charges(shop.booked)) - 1, process.herald.alerts

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())


def agrees(row: Row, charges: int) -> bool:
    """Whether what is told is what is booked."""
    return row.final and charges == (row.state == "approved")


@pytest.mark.parametrize("side", ["a", "b"])
def test_any_one_lost_write_on_a_serial_line_costs_time_only(side: Side) -> None:
    states: Counter[str] = Counter()
    for number in range(1, WRITES):
        row, charges, _ = sale_over(drop(side, number))
        assert agrees(row, charges), (number, row.state, row.code, charges)
        states[row.state] += 1
    assert states["approved"] == WRITES - 1


@pytest.mark.parametrize("side", ["a", "b"])
def test_any_one_harmed_write_on_a_serial_line_costs_time_only(side: Side) -> None:
    for number in range(1, WRITES):
        row, charges, _ = sale_over(corrupt(side, number, at=-1))
        assert agrees(row, charges), (number, row.state, row.code, charges)
        assert row.state == "approved", number


@pytest.mark.parametrize("transport", ["serial", "tcp"])
@pytest.mark.parametrize("side", ["a", "b"])
def test_a_cable_that_is_cut_within_any_write(transport: Transport, side: Side) -> None:
    for number in range(1, WRITES if transport == "serial" else 18):
        for after_bytes in (0, 2):
            row, charges, _ = sale_over(cut_during(side, number, after_bytes), transport)
            assert agrees(row, charges), (number, after_bytes, row.state, row.code, charges)


@pytest.mark.parametrize("transport", ["serial", "tcp"])
def test_slow_lines_that_deliver_byte_by_byte(transport: Transport) -> None:
    row, charges, alerts = sale_over(chain(split(1), delay(0.05)), transport)
    assert (row.state, charges, alerts) == ("approved", 1, [])
