"""One terminal at work: its session, its pump, what it is asked, and what is told of it.

Single flight: one operation at a time. What was lost is asked about before anything else; nothing is ever
sent a second time. A worker that crashed starts anew with a fresh session, and what was open is asked about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from drivers.pump import Pump
from drivers.transport import Endpoint
from protocols.core.facts import Concluded, Fact
from protocols.core.operations import Attempt, Operation, Request
from protocols.core.outcomes import Evidence, Unknown
from protocols.core.session import Abort, Alert, Begin, Greet, Notice, Phase, Progress, Session, Status
from terminal_agent.clock import Clock
from terminal_agent.commands import recovery
from terminal_agent.commands.lifecycle import Applied, Lifecycle
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Journal
from terminal_agent.terminal.standing import Standing

NEVER = float("inf")
# A wall clock may jump while we wait for a moment of it; we look again at least this often.
_LOOK_AGAIN_S = 5.0
# Steps of what the session is at: they change nothing that is to be asked.
_RUNNING = frozenset({"accepted", "committed", "result_seen"})


class Herald(Protocol):
    """Where a worker tells what it sees. None of these may block or raise."""

    def stands(self, terminal: str, standing: Standing) -> None:
        """The terminal's state or capabilities may have changed."""
        ...

    def progress(self, terminal: str, notice: Progress) -> None:
        """What the terminal waits for."""
        ...

    def alert(self, code: str, details: Mapping[str, str], terminal: str | None = None) -> None:
        """Something a technician should hear of."""
        ...


class Worker:
    """Runs one terminal. `run` is a supervised unit; the rest is called from the same loop."""

    def __init__(
        self,
        terminal: str,
        standing: Standing,
        *,
        make_session: Callable[[], Session],
        endpoints: Mapping[str, Callable[[], Endpoint]],
        lifecycle: Lifecycle,
        journal: Journal,
        clock: Clock,
        herald: Herald,
        does: Callable[[str], bool] = lambda _op: True,
    ) -> None:
        self.terminal = terminal
        self.does = does
        self.standing = standing
        self._make_session = make_session
        self._endpoints = endpoints
        self._lifecycle = lifecycle
        self._journal = journal
        self._clock = clock
        self._herald = herald
        self._book: Callable[[Fact], Awaitable[None]] = lifecycle.booker(terminal)
        self._pump: Pump | None = None
        self._changed = asyncio.Event()
        self._freed = asyncio.Event()
        self._greeted = False
        self._wanted: str | None = None
        self._word: str | None = None
        self._told_by: Worker | None = None

    # --- what the rest of the agent calls -------------------------------------------------------

    def begin(self, operation: Request, attempt: Attempt, commit_before: float) -> None:
        """Start an admitted operation. `commit_before` is monotonic."""
        self._begin(operation, attempt, commit_before)

    def abort(self, operation_id: str) -> bool:
        """Ask to stop; False when the session is not at it."""
        if self._pump is None or self.standing.asking != operation_id:
            return False
        self._pump.post(Abort(operation_id))
        return True

    def ask(self, operation_id: str) -> None:
        """Ask about an operation in doubt now rather than at its next check."""
        if operation_id in self.standing.open:
            self._wanted = operation_id
            self._changed.set()

    def look_again(self) -> None:
        """Greet an idle or lost terminal now."""
        if self._pump is not None and self.standing.asking is None and not self._owes():
            self._pump.post(Greet())

    async def idle(self) -> None:
        """Return once the session is at nothing."""
        while self.standing.asking is not None:
            self._freed.clear()
            await self._freed.wait()

    def heard(self, applied: Applied) -> None:
        """An entry of this terminal's is on disk."""
        row = applied.row
        if row is not None:
            if row.final:
                self.standing.open.pop(row.id, None)
            else:
                self.standing.open[row.id] = row
        if row is None or row.state not in _RUNNING:
            self._changed.set()
        self._tell()

    # --- the unit ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        session = self._make_session()
        self._pump = Pump(session, self._endpoints, self._booked, self._notice)
        self._free()
        self.standing.capabilities = session.capabilities
        self.standing.phase = session.phase
        self._greeted = False
        try:
            await self._take_stock()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump.run())
                tasks.create_task(self._ask_what_is_owed())
        finally:
            self._pump = None
            self.standing.phase, self.standing.reason = Phase.DOWN, "stopped"
            self._tell()

    async def _take_stock(self) -> None:
        """What a stop left open: never begun is over, everything else is to be asked."""
        rows = await self._journal.read(lambda reader: reader.open_operations(self.terminal))
        self.standing.open = {row.id: row for row in rows if self.does(row.op)}
        for row in self.standing.open.copy().values():
            ended = recovery.at_start(row)
            if ended is not None:
                await self._lifecycle.apply(ended, self.terminal)
        self._tell()

    async def _ask_what_is_owed(self) -> None:
        while True:
            self._changed.clear()
            if self.standing.asking is None:
                await self._escalate()
                await self._ask_next()
            pause_s = self._pause_s()
            try:
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _escalate(self) -> None:
        strategy = self.standing.capabilities.recovery
        for entry in recovery.overdue(self.standing.open.values(), strategy, self._clock.wall()):
            await self._lifecycle.apply(entry, self.terminal)

    async def _ask_next(self) -> None:
        row = self._next_question()
        if row is None:
            if not self._greeted and not self._owes() and self._pump is not None:
                self._greeted = True
                self._pump.post(Greet())
            return
        strategy = self.standing.capabilities.recovery
        marks = await self._journal.read(lambda reader: recovery.marks_of(row, reader, strategy))
        query = recovery.query_of(row, marks, self._clock.wall())
        if query is None:
            lost = Unknown(code="needs_human", owner="human", evidence=Evidence("dialogue"))
            await self._lifecycle.apply(Concluded(row.id, row.attempt.no, lost), self.terminal)
        elif self.standing.asking is None:
            self._greeted = False
            self._begin(query, row.attempt, NEVER)

    def _next_question(self) -> Row | None:
        wanted, self._wanted = self.standing.open.get(self._wanted or ""), None
        if wanted is not None and wanted.owed:
            return wanted
        return recovery.due(self.standing.open.values(), self._clock.wall())

    def _pause_s(self) -> float | None:
        at = recovery.next_check(self.standing.open.values())
        if at is None or self.standing.asking is not None:
            return None
        return min(max((at - self._clock.wall()).total_seconds(), 0.0), _LOOK_AGAIN_S)

    def _begin(self, operation: Operation, attempt: Attempt, commit_before: float) -> None:
        self.standing.asking = operation.operation_id
        self.standing.silent = False
        if self._pump is not None:
            self._pump.post(Begin(operation, attempt, commit_before))
        self._tell()

    async def _booked(self, fact: Fact) -> None:
        """Book, then be free: the next command may come as soon as the outcome is on disk."""
        await self._book(fact)
        if isinstance(fact, Concluded):
            self._free()
            self._changed.set()
            self._tell()

    def _free(self) -> None:
        """The session is at nothing."""
        self.standing.asking = None
        self.standing.silent = False
        self._freed.set()

    def _notice(self, notice: Notice) -> None:
        if isinstance(notice, Status):
            self.standing.phase = notice.phase
            self.standing.reason = notice.reason
            self.standing.peer = notice.peer or self.standing.peer
            self.standing.capabilities = notice.capabilities or self.standing.capabilities
            self.standing.parts = notice.parts
            self._tell()
        elif isinstance(notice, Progress):
            self._herald.progress(self.terminal, notice)
            if self.standing.silent:
                self.standing.silent = False
                self._tell()
        elif isinstance(notice, Alert):
            self.standing.silent = self.standing.silent or notice.code == "silent"
            self._herald.alert(notice.code, notice.details, self.terminal)
            self._tell()

    def tell_as(self, first: Worker) -> None:
        """This is the second lane of a terminal whose state the first one tells."""
        self._told_by = first

    def _tell(self) -> None:
        if self._told_by is not None:
            self._told_by._tell()
            return
        word = self.standing.word()
        if word != self._word:
            self._word, self.standing.since = word, self._clock.wall()
        self._herald.stands(self.terminal, self.standing)

    def _owes(self) -> bool:
        return any(row.owed for row in self.standing.open.values())
