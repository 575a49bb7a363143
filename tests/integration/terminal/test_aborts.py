"""Staff ask to stop a sale at each moment of it: what is told in the end is what the ledger holds."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from protocols.core.operations import Request, Sale, StoreCard
from protocols.core.values import Money
from simulator.acquirer.totals import live_charges
from simulator.scenario import Scenario
from terminal_agent.commands.entries import AbortAsked
from terminal_agent.journal.facts import Row
from tests.support.operations import operation_id
from tests.support.shop import TERMINAL, Memory, Shop, Transport
from tests.support.virtual_clock import VirtualTimeLoop
from tests.support.virtual_terminal import START

NAME = operation_id(START, 1)
SALE = Sale(operation_id=NAME, amount=Money(1_250))


def aborted_at(at: int, transport: Transport, operation: Request) -> tuple[Row, int, int, str]:
    """The abort comes just before effect `at`: row, charges, effects, and where the terminal stands."""

    async def main() -> tuple[Row, int, int, str]:
        shop = Shop(Memory(), transport, Scenario())
        process = shop.process(doom_at=at, dies=False)
        asked: list[asyncio.Task[None]] = []

        async def ask() -> None:
            """As the inbox does it: a fact on the target while that is open, then the wish to the session."""
            if not (await process.row(NAME)).final:
                await process.lifecycle.apply(AbortAsked(NAME), TERMINAL)
                process.worker.abort(NAME)

        def strike() -> None:
            asked.append(asyncio.ensure_future(ask()))

        process.herald.strike = strike
        await process.ready()
        await process.begin(operation)
        await process.settled(NAME)
        effects = process.session.count
        await asyncio.sleep(100.0)
        for task in asked:
            await task
        row, stands = await process.row(NAME), process.worker.standing.word()
        await process.stop()
        return row, len(live_charges(shop.booked)), effects, stands

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())


@pytest.mark.parametrize("transport", ["serial", "tcp"])
@pytest.mark.parametrize("operation", [SALE, StoreCard(operation_id=NAME)], ids=["sale", "store_card"])
def test_an_abort_at_each_moment_is_told_truly(transport: Transport, operation: Request) -> None:
    came: Counter[str] = Counter()
    at = 0
    while True:
        row, charges, effects, stands = aborted_at(at, transport, operation)
        if row.abort_asked is None:
            break  # past its end
        assert (row.final, stands) == (True, "ready"), (at, row.state)
        if operation is SALE:
            assert charges == (row.state == "approved"), (at, row.state)
        assert row.outcome is not None
        honoured = row.state in ("cancelled", "not_started")
        assert row.outcome.abort == ("honoured" if honoured else "too_late"), (at, row.state)
        came[row.state] += 1
        at += 1
        assert at <= effects + 40
    assert came["cancelled"] > 1
    assert came["approved"] >= 1
