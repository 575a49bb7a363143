"""A pump on a null modem with a log of all that left it: for tests of the pump."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from drivers.memory_port import MemoryPort, NullModem
from drivers.pump import Pump
from drivers.transport import Endpoint
from protocols.core.facts import Fact, Mark
from protocols.core.session import (
    Alert,
    Cause,
    Data,
    Effect,
    Link,
    Notice,
    Peer,
)
from tests.support.scripted_session import Script, ScriptedSession, do_nothing

T1 = Link("terminal", 1)
T2 = Link("terminal", 2)
MARK = Mark("01OPERATION", 1, "committed")


class Bench:
    """A pump on a null modem, with a log of everything that left it, in order."""

    def __init__(self, script: Script = do_nothing, modem: NullModem | None = None) -> None:
        self.modem = modem or NullModem()
        self.session = ScriptedSession(script)
        self.log: list[str] = []
        self.terminal = self.modem.end("b")
        self.endpoints: dict[str, Callable[[], Endpoint]] = {
            "terminal": lambda: Loud(self.modem.end("a"), self.log)
        }
        self.pump = Pump(self.session, self.endpoints, self.book, self.note)

    async def book(self, fact: Fact) -> None:
        """Takes its time, so that a barrier which does not wait shows."""
        self.log.append("booking")
        await asyncio.sleep(0.01)
        self.log.append("booked")

    def note(self, notice: Notice) -> None:
        """Keeps the alert's code."""
        assert isinstance(notice, Alert)
        self.log.append(f"told {notice.code}")

    @asynccontextmanager
    async def running(self, ends: bool = False) -> AsyncIterator[asyncio.Task[None]]:
        """The pump as a task, cancelled at the end; it must not end before that unless the test says so."""
        await self.terminal.open(1)
        task = asyncio.create_task(self.pump.run())
        yield task
        assert task.done() == ends
        task.cancel()
        await asyncio.wait([task])


class Loud:
    """An endpoint that logs what is done to it."""

    def __init__(self, inner: MemoryPort, log: list[str]) -> None:
        self._inner, self._log = inner, log

    @property
    def sent_any(self) -> bool:
        return self._inner.sent_any

    async def open(self, timeout_s: float) -> Peer:
        self._log.append(f"open {timeout_s:.0f} s")
        return await self._inner.open(timeout_s)

    async def read(self) -> bytes:
        return await self._inner.read()

    async def write(self, data: Data) -> None:
        assert isinstance(data, bytes)
        self._log.append(f"write {data.decode()}")
        await self._inner.write(data)

    async def aclose(self) -> None:
        self._log.append("close")
        await self._inner.aclose()


def answers(table: Mapping[type[Cause], tuple[Effect, ...]]) -> Script:
    """Effects by the type of the cause, each row once."""
    rows = dict(table)
    return lambda cause: rows.pop(type(cause), ())
