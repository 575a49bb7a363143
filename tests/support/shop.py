"""One point of service in virtual time: the simulated terminal, and an agent's session, pump, worker,
lifecycle and journal at it. A process that dies leaves its journal; the next one starts on what that holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Literal, Protocol

from drivers.transport import Endpoint
from protocols.core.operations import NAMES, Request, amount_of
from protocols.core.session import Session
from protocols.registry import PROTOCOLS
from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.lines import Line
from simulator.scenario import Scenario
from simulator.zvt.state import MemoryStore
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.lifecycle import Applied, Lifecycle
from terminal_agent.commands.situation import Limits
from terminal_agent.journal.facts import Row
from terminal_agent.terminal.standing import Standing
from terminal_agent.terminal.worker import Worker
from tests.support.doom import DiedError, Doomed, DoomHerald
from tests.support.memory_journal import MemoryJournal
from tests.support.virtual_terminal import LoopClock, VirtualTerminal

Transport = Literal["serial", "tcp"]
TERMINAL = "t-1"
# Longest virtual time until an operation is final or a human's: the agent gives up after 15 minutes, after
# 30 where the terminal can be asked by id.
PATIENCE_S = 2_400.0


@dataclass
class Memory:
    """What outlives processes: the agent's journal, the terminal's state, the acquirer's ledger."""

    journal: MemoryJournal | None = None
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    store: MemoryStore = field(default_factory=MemoryStore)

    def copy(self) -> Memory:
        """The same once more, for another future."""
        journal = self.journal.reborn() if self.journal is not None else None
        return Memory(journal, deepcopy(self.ledger), deepcopy(self.store))


class Premises(Protocol):
    """What a process finds when it starts: its terminal on its links, and who stands before it."""

    def session(self) -> Session: ...
    def endpoints(self) -> Mapping[str, Callable[[], Endpoint]]: ...
    def herald(self, strike: Callable[[], None], changed: Callable[[], None]) -> DoomHerald: ...
    def harm(self) -> None: ...


class Process:
    """One process of the agent, with one terminal."""

    def __init__(
        self, shop: Premises, journal: MemoryJournal, *, doom_at: int | None = None, dies: bool = True
    ) -> None:
        clock = LoopClock()
        self.journal = journal
        self._changed = asyncio.Event()
        self.session: Doomed
        self.herald = shop.herald(self._die if dies else shop.harm, self._changed.set)
        self.lifecycle = Lifecycle(journal, clock)

        def make_session() -> Doomed:
            self.session = Doomed(shop.session(), doom_at, dies=dies)
            return self.session

        self.worker = Worker(
            TERMINAL,
            Standing(capabilities=make_session().capabilities, currency="CAD", limits=Limits()),
            make_session=make_session,
            endpoints=shop.endpoints(),
            lifecycle=self.lifecycle,
            journal=journal,
            clock=clock,
            herald=self.herald,
        )
        self.lifecycle.listen(self._heard)
        self.task = asyncio.create_task(self.worker.run())
        self.task.add_done_callback(lambda _task: self._changed.set())

    def _heard(self, applied: Applied) -> None:
        self.worker.heard(applied)
        self._changed.set()

    def _die(self) -> None:
        raise DiedError

    @property
    def dead(self) -> bool:
        """Whether it died as it was doomed to. Anything else that ends it is raised."""
        if not self.task.done():
            return False
        error = self.task.exception()
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        if not isinstance(error, DiedError):
            raise error or AssertionError("the worker returned")
        return True

    async def ready(self) -> None:
        """Until its terminal is greeted and idle."""
        async with asyncio.timeout(PATIENCE_S):
            while self.worker.standing.word() != "ready":
                await self._change()

    async def begin(self, operation: Request) -> None:
        """What the inbox does with a command that is admitted."""
        admitted = Admitted(
            operation_id=operation.operation_id,
            terminal=TERMINAL,
            op=NAMES[type(operation)],
            hash="00" * 32,
            code=None,
            operation=operation,
            amount=amount_of(operation),
        )
        applied = await self.lifecycle.apply(admitted, TERMINAL)
        assert applied.row is not None
        within = asyncio.get_running_loop().time() + 60.0
        self.worker.begin(operation, applied.row.attempt, within)

    async def row(self, operation_id: str) -> Row:
        """The operation as the journal holds it."""
        row = await self.journal.read(lambda reader: reader.operation(operation_id))
        assert row is not None
        return row

    async def settled(self, operation_id: str) -> Row | None:
        """Until the operation is final or a human's; None when the process died before."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.dead:
                row = await self.row(operation_id)
                if (row.final or row.state == "needs_human") and self.worker.standing.asking is None:
                    return row
                await self._change()
        return None

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def stop(self) -> None:
        """End it, as a crash would: nothing is said to anybody."""
        self.task.cancel()
        await asyncio.wait([self.task])


class Shop:
    """The terminal on its line, and one process after the other."""

    def __init__(
        self, memory: Memory, transport: Transport, scenario: Scenario, **options: str | int | float | bool
    ) -> None:
        self.memory = memory
        self.transport: Transport = transport
        self.options = options
        self.terminal = VirtualTerminal(scenario, memory.ledger, memory.store, on_tcp=transport == "tcp")
        self.booked_before = len(memory.ledger.lines())

    def session(self) -> Session:
        """A fresh one."""
        return PROTOCOLS["zvt"].build({"transport": self.transport, **self.options}, Random(3).randbytes)

    def endpoints(self) -> Mapping[str, Callable[[], Endpoint]]:
        """Its one line."""
        return {"terminal": self.terminal.endpoint}

    def herald(self, strike: Callable[[], None], changed: Callable[[], None]) -> DoomHerald:
        """The terminal shows its own prompts; nobody else acts on them."""
        return DoomHerald(strike, changed)

    def harm(self) -> None:
        """The cable is cut."""
        self.terminal.cut()

    def process(self, *, doom_at: int | None = None, dies: bool = True) -> Process:
        """The next process, on what the last one left."""
        journal = self.memory.journal
        held = MemoryJournal(LoopClock(), Random(5).randbytes) if journal is None else journal.reborn()
        self.memory.journal = held
        return Process(self, held, doom_at=doom_at, dies=dies)

    @property
    def booked(self) -> tuple[Line, ...]:
        """What the acquirer has booked since the shop opened."""
        return self.memory.ledger.lines()[self.booked_before :]
