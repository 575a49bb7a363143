"""One process of the real agent: the application as it is composed in production, with the world's ends.

Replaced are the broker's library (a simulated link), the serial port (the cable), the disk under SQLite, the
clock and the entropy. Everything between is the product's own code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

from protocols.core.session import Progress
from terminal_agent.app import App
from terminal_agent.cloud.link import Link as RealLink
from terminal_agent.commands.lifecycle import Applied
from terminal_agent.commands.restart import begin_again
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Reader
from terminal_agent.journal.reserve import Reserve
from terminal_agent.journal.sqlite import SqliteJournal, open_journal
from terminal_agent.settings import Settings
from terminal_agent.supervision.unit import Unit
from terminal_agent.terminal.fleet import Fleet
from tests.prove import disk
from tests.prove.broker import Link
from tests.prove.cable import Port
from tests.prove.loop import AtOnce
from tests.prove.matrix import Stage

if TYPE_CHECKING:
    from tests.prove.world import World

_LEFT_OUT = frozenset({"voice", "sighting"})  # numbers about the process, and USB: nothing that moves money
_RESTART_S = 2.0  # systemd's pause, RestartSec of the shipped unit's order
_STAGES: Mapping[str, Stage] = {
    "accepted": "accepted",
    "committed": "committed",
    "result_seen": "result_seen",
    "in_doubt": "in_doubt",
    "needs_human": "needs_human",
    "awaiting_card": "card",
    "card_present": "card",
    "pin": "pin",
    "authorizing": "host",
}


class _ProvenApp(App):
    """The composition root, with the two doors to the outside replaced."""

    def __init__(
        self,
        process: Process,
        settings: Settings,
        journal: SqliteJournal,
    ) -> None:
        self.process = process
        world = process.world
        super().__init__(settings, journal, world.clock, process.chance.randbytes)
        self._lifecycle.listen(process.booked)

    def _make_link(self) -> RealLink:
        process = self.process
        link = Link(
            process.world.broker,
            effect=process.effect,
            dead=lambda: process.dead,
            on_message=self._received,
            on_connected=self._connected,
            on_alert=self._alert,
            will=self._will,
        )
        process.link = link
        return cast("RealLink", link)  # publishes and runs as the real one does

    def _make_fleet(self) -> Fleet:
        told = self._notices.progress

        def progress(terminal: str, notice: Progress) -> None:
            self.process.progressed(notice)
            told(terminal, notice)

        self._notices.progress = progress  # type: ignore[method-assign]  # listened to on its way
        fleet = super()._make_fleet()
        for worker in fleet._workers.values():
            worker._endpoints = self.process.world.endpoints(self.process)
        return fleet

    async def _connected(self) -> None:
        """As in production, without `info`, whose version is looked up on the disk each time."""
        self._voice.state()
        self._notices.all_anew()
        self._outbox.connected()

    async def live(self) -> None:
        """What `run` does, without signals."""
        configured = {terminal.id for terminal in self._settings.terminals}
        await begin_again(self._journal, self._lifecycle, configured)
        self.process.found(await self._journal.read(lambda reader: reader.open_operations()))
        for unit in self._units():
            if unit.name not in _LEFT_OUT:
                self._supervisor.add(unit)
        await asyncio.get_running_loop().create_future()

    def units(self) -> tuple[Unit, ...]:
        """All units of the product."""
        return self._units()

    @property
    def depth(self) -> int:
        """Facts that are not acknowledged."""
        return self._outbox.depth

    @property
    def life(self) -> tuple[str, int]:
        """Its epoch and boot."""
        head = self._journal.head
        return head.epoch, head.boot

    async def has_told_all(self) -> bool:
        """Whether what it did itself is over and told. What it adopted, another began."""

        def running(reader: Reader) -> list[Row]:
            rows = [row for row in reader.open_operations() if row.state != "needs_human"]
            return [row for row in rows if row.state != "in_doubt" or reader.marks(row.id)]

        return self.depth == 0 and not await self._journal.read(running)

    @property
    def money_stopped(self) -> bool:
        """Whether the journal failed."""
        return self._supervisor.money_stopped is not None


class _ItsDisk(AtOnce):
    """The journal's work, with the right disk in the machine: a second agent has its own."""

    def __init__(self, dead: Callable[[], bool], its: disk.Disk) -> None:
        super().__init__(dead)
        self._disk = its

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        disk.insert(self._disk)
        return super().submit(fn, *args, **kwargs)


class Process:
    """From its start to its end. A dead one has no effect any more, whatever its tasks still do.

    A second agent with the same identity has a journal of its own; no stage is counted by it, and no fault
    strikes in it.
    """

    def __init__(
        self,
        world: World,
        settings: Settings,
        folder: Path,
        number: int,
        its_disk: disk.Disk,
        *,
        second: bool = False,
    ) -> None:
        self.world = world
        self.second = second
        self.disk = its_disk
        self.link: Link | None = None
        self._ports: list[Port] = []
        self.dead = False
        self.number = number
        self.started_s = asyncio.get_running_loop().time()
        self.chance = Random(f"process {world.plan.seed} {number}")
        self.app: _ProvenApp | None = None
        self._settings = settings
        self._folder = folder
        self._path = folder / f"{world.plan.seed}-{number}.sqlite3"
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"process {number}")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """It ended by itself: whoever supervises it starts it again."""
        if not self.dead and not task.cancelled() and task.exception() is not None:
            if self.second:
                raise RuntimeError("the second agent died") from task.exception()
            self.world.say(f"agent: ends by {task.exception()!r}")
            self.world.kill(_RESTART_S)

    async def _run(self) -> None:
        world = self.world
        reserve = Reserve(self._folder / "reserve", 4096, 1, lambda _path: self.disk.free_bytes())
        journal = await open_journal(
            self._path,
            world.clock,
            self.chance.randbytes,
            reserve=reserve,
            executor=_ItsDisk(lambda: self.dead, self.disk),
            connect=disk.connect,
        )
        self.app = _ProvenApp(self, self._settings, journal)
        await self.app.live()

    @property
    def outbox_depth(self) -> int:
        """Facts that the backend has not acknowledged yet."""
        return self.app.depth if self.app is not None else 1

    @property
    def life(self) -> tuple[str, int]:
        """Its epoch and boot."""
        return self.app.life if self.app is not None else ("", 0)

    @property
    def failed(self) -> BaseException | None:
        """What it died of by itself."""
        if not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    def new_port(self) -> Port:
        """An endpoint of the cable's."""
        port = Port(self.world.cable, lambda: self.dead, self.effect)
        self._ports = [*(one for one in self._ports if one.ended is None), port]
        return port

    @property
    def holds_port(self) -> bool:
        """Whether it has the cable's port open."""
        return any(self.world.cable.is_held_by(port) for port in self._ports)

    def effect(self, what: str) -> None:
        """Something outside is about to change, or has just changed."""
        if not self.dead and not self.second:
            self.world.effect(what)

    def booked(self, applied: Applied) -> None:
        """An entry is on disk."""
        row = applied.row
        if row is not None and not self.dead and not self.second:
            self.world.stands(row.id, None if row.final else _STAGES[row.state])

    def found(self, rows: Sequence[Row]) -> None:
        """What the journal holds open at a start."""
        for row in () if self.second else rows:
            self.world.stands(row.id, _STAGES[row.state])

    def progressed(self, notice: Progress) -> None:
        """The terminal told what it waits for."""
        counts = not self.dead and not self.second
        if notice.operation_id is not None and notice.state in _STAGES and counts:
            self.world.stands(notice.operation_id, _STAGES[notice.state])

    def die(self) -> None:
        """kill -9: from here on nothing that it does has an effect; then its tasks are swept up."""
        self.dead = True
        asyncio.get_running_loop().call_soon(self._sweep)

    def _sweep(self) -> None:
        others = self.world.own_tasks
        mine = [
            task
            for task in asyncio.all_tasks()
            if task not in others and (task in self.world.double.tasks) == self.second
        ]
        for task in sorted(mine, key=lambda task: (len(task.get_name()), task.get_name())):
            task.cancel()

    def forget_lock(self) -> None:
        """The lock's file, which the system would have released."""
        self._path.with_suffix(".lock").unlink(missing_ok=True)
