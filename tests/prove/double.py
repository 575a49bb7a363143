"""A second agent with the same identity, as from a copied disk: its own journal, the same broker and cable.

It takes the broker's session over, finds the port taken while the first has it, and takes it when the first
is gone. It is switched off when it has told what it did; what it adopted, another began. The two may drive
each other from the session for ever: then somebody starts it anew, which takes the session as any start does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from tests.prove import disk
from tests.prove.agent import Process

if TYPE_CHECKING:
    from tests.prove.world import World

_INSIDE: ContextVar[bool] = ContextVar("inside", default=False)
_LOOKS_S = 5.0  # how often somebody looks whether it may be switched off
_PATIENCE_S = 600.0  # for it to come back to the broker and tell
_RESTART_S = 1.0

Make = Callable[[int, disk.Disk], Process]


class Double:
    """Switched on and off; `make` makes its process by its number and its disk."""

    def __init__(self, world: World, make: Make) -> None:
        self.process: Process | None = None
        self.tasks: WeakSet[asyncio.Task[object]] = WeakSet()
        self._world = world
        self._make = make
        self._copies = 0
        self._context = Context()
        self._leaving = False
        self._outside = copy_context()

    @property
    def outside(self) -> Context:
        """Where what is begun is not its own, whoever lets it begin."""
        return self._outside.copy()

    def start(self) -> None:
        """A copy of the machine is switched on: the same identity, and no journal yet."""
        if self.process is not None:
            return
        self._world.say("a second agent starts")
        asyncio.get_running_loop().set_task_factory(self._task_of)  # type: ignore[arg-type]  # as asyncio calls it
        self._copies += 1
        context = self.outside
        context.run(_INSIDE.set, True)
        copied = disk.Disk(lambda _what: None)
        self._context = context
        self.process = context.run(self._make, 100 * self._copies, copied)

    def _task_of(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **keys: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **keys)
        if _INSIDE.get():
            self.tasks.add(task)
        return task

    def stop(self) -> None:
        """Somebody notices; it is switched off when it has told everything."""
        if self.process is not None and not self._leaving:
            self._leaving = True
            task = asyncio.get_running_loop().create_task(self._leave())
            self._world.own_tasks.add(task)
            task.add_done_callback(self._left)

    async def _leave(self) -> None:
        while not await self._told_within(_PATIENCE_S):
            await self._start_anew()
        process = self._gone()
        self._forget(process)
        self.process = None
        self._world.last_trouble_s = asyncio.get_running_loop().time()
        self._world.say("the second agent is switched off: it has told everything")

    async def _told_within(self, seconds: float) -> bool:
        """Whether it has told everything by then, and the broker would say its will."""
        for _ in range(round(seconds / _LOOKS_S)):
            await _pause(_LOOKS_S)
            process = self.process
            assert process is not None
            up = process.app is not None and process.link is not None and process.link.is_up
            if up and process.app is not None and await process.app.has_told_all():
                return True
        return False

    async def _start_anew(self) -> None:
        process = self._gone()
        process.forget_lock()
        process.disk.restart()
        await _pause(_RESTART_S)
        self._world.say("the second agent is started anew")
        self.process = self._context.run(self._make, process.number + 1, process.disk)

    def _gone(self) -> Process:
        """Its process, ended."""
        assert self.process is not None
        self.process.die()
        self._world.vanish(self.process)
        return self.process

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving = False
        if not task.cancelled():
            task.result()

    def end(self) -> None:
        """The history is over."""
        if self.process is not None:
            self.process.dead = True
            self._forget(self.process)
            disk.insert(self._world.disk)

    @staticmethod
    def _forget(process: Process) -> None:
        process.forget_lock()
        disk.insert(process.disk)
        process.disk.scrap()


async def _pause(seconds: float) -> None:
    waited = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, waited.set_result, None)
    await waited
