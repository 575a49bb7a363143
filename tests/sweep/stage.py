"""Where one order is played again and again: what a sweep needs of a house, whatever stands in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from protocols.contract.events import Progress
from protocols.contract.operation import OperationView
from simulator.acquirer.lines import Line
from terminal_agent.client import Pending
from tests.support.broker import Broker
from tests.support.house import House
from tests.sweep.tracing import Traced

AMOUNT = 4750
# The last acknowledgements of an order come after its outcome.
AFTER_OUTCOME_S = 0.5


class Stage(Protocol):
    """A house in which everything runs. `port`: where the terminal or the vault listens; 0 if not on TCP."""

    @property
    def house(self) -> House: ...

    @property
    def port(self) -> int: ...

    async def ready(self) -> None:
        """Have everything that the next order needs, and return when the agent has nothing to do."""

    async def traced(self) -> Traced:
        """The agent's process, and those of its threads that are not to be traced."""

    def ordering(self) -> AbstractAsyncContextManager[Pending]:
        """The order, and at its side whoever presents a card or asks to stop it."""

    async def start(self) -> float:
        """Start the agent after its death; the loop's time at which that was."""

    async def at_rest(self) -> None:
        """Wait until what was under way is booked."""

    def lines(self) -> Sequence[Line]:
        """The ledger."""

    def assert_true(self, view: OperationView, before: int) -> None:
        """A final view against the lines booked since there were `before`. Raises AssertionError."""


class Scene(Protocol):
    """What is played: the kind of wire, a name for folders and people, how it ends undisturbed, its stage."""

    @property
    def wire(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def states(self) -> frozenset[str]: ...

    def staged(self, broker: Broker, folder: Path) -> AbstractAsyncContextManager[Stage]: ...


@asynccontextmanager
async def when_asked_for_card(
    pending: Pending, act: Callable[[], Awaitable[object]]
) -> AsyncIterator[Pending]:
    """The order; `act` is done once it asks for a card, if it ever does."""

    async def wait() -> None:
        async for notice in pending.updates():
            if isinstance(notice.body, Progress) and notice.body.state == "awaiting_card":
                await act()
                return

    waiting = asyncio.create_task(wait())
    try:
        yield pending
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])
