"""A payment terminal on a serial line or TCP, at which the same sale is made again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from protocols.contract.operation import OperationView
from simulator.acquirer.lines import Line
from terminal_agent.client import Abort, Pending, Sale
from tests.support.broker import Broker
from tests.support.house import House, a_house
from tests.support.station import Plan
from tests.support.truth import assert_true
from tests.sweep.stage import AMOUNT, when_asked_for_card
from tests.sweep.tracing import Traced


class TerminalStage:
    """See Stage. `aborts`: whether each sale is to be stopped as soon as it asks for a card."""

    def __init__(self, house: House, *, aborts: bool) -> None:
        self.house = house
        self._aborts = aborts

    @property
    def port(self) -> int:
        """Of the terminal."""
        return self.house.station.port

    async def ready(self) -> None:
        """See Stage."""
        await self.house.agent_ready()
        await self.house.ready()

    async def traced(self) -> Traced:
        """All of it."""
        return Traced(self.house.agent.pid)

    @asynccontextmanager
    async def ordering(self) -> AsyncIterator[Pending]:
        """A sale, and at its side whoever asks to stop it."""
        house = self.house
        pending = await house.send(Sale(**house.stamp(), amount_minor=AMOUNT))
        if not self._aborts:
            yield pending
            return
        abort = Abort(**house.stamp(), target_operation_id=pending.operation_id)
        async with when_asked_for_card(pending, lambda: house.send(abort)):
            yield pending

    async def start(self) -> float:
        """See Stage."""
        self.house.start_agent()
        return asyncio.get_running_loop().time()

    async def at_rest(self) -> None:
        """See Stage."""
        await self.house.station.at_rest()

    def lines(self) -> Sequence[Line]:
        """See Stage."""
        return self.house.lines()

    def assert_true(self, view: OperationView, before: int) -> None:
        """See Stage."""
        assert_true(view, self.lines(), before)


@asynccontextmanager
async def terminal_stage(
    broker: Broker, folder: Path, plan: Plan, *, aborts: bool
) -> AsyncIterator[TerminalStage]:
    """A running house with one simulated terminal."""
    async with a_house(broker, folder, plan) as house:
        yield TerminalStage(house, aborts=aborts)
