"""The pump against its contract: order, the barrier, closed links stay silent, deadlines, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from drivers.memory_faults import cut_during
from drivers.memory_port import MemoryPort, NullModem
from drivers.pump import QUEUE_LIMIT, Pump
from drivers.transport import Endpoint, EndpointClosed, EndpointUnavailable
from protocols.core.errors import LocalError
from protocols.core.facts import Fact, Mark
from protocols.core.session import (
    Abort,
    Alert,
    Cause,
    Close,
    Closed,
    Data,
    Effect,
    Greet,
    Link,
    Notice,
    Open,
    Opened,
    Peer,
    Persist,
    Persisted,
    Received,
    Send,
    Tell,
    Wake,
)
from tests.support.scripted_session import Script, ScriptedSession, do_nothing
from tests.support.virtual_clock import run_virtual, settle

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
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """The pump as a task, cancelled at the end."""
        await self.terminal.open(1)
        task = asyncio.create_task(self.pump.run())
        try:
            yield task
        finally:
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


def test_opens_tells_the_peer_and_carries_bytes_both_ways() -> None:
    async def main() -> Bench:
        bench = Bench(answers({Greet: (Open(T1),), Opened: (Send(T1, b"hello"),)}))
        async with bench.running():
            bench.pump.post(Greet())
            assert await bench.terminal.read() == b"hello"
            await bench.terminal.write(b"hi")
            await settle()
        return bench

    bench = run_virtual(main())
    assert bench.session.causes == [Greet(), Opened(T1, Peer("memory:a")), Received(T1, b"hi")]
    assert bench.log == ["open 5 s", "write hello", "close"]


def test_effects_are_carried_out_in_order_and_a_booking_holds_back_what_follows() -> None:
    effects = (
        Send(T1, b"before"),
        Persist(7, MARK),
        Send(T1, b"after"),
        Tell(Alert("garbage")),
    )

    async def main() -> Bench:
        bench = Bench(answers({Greet: (Open(T1),), Opened: effects}))
        async with bench.running():
            bench.pump.post(Greet())
            await asyncio.sleep(1)
        return bench

    bench = run_virtual(main())
    assert bench.log[1:-1] == ["write before", "booking", "booked", "write after", "told garbage"]
    assert bench.session.causes[-1] == Persisted(7)


def test_persisted_is_the_very_next_cause_even_with_others_waiting() -> None:
    async def main() -> list[Cause]:
        bench = Bench(answers({Greet: (Persist(1, MARK), Persist(2, MARK))}))
        async with bench.running():
            bench.pump.post(Greet())
            bench.pump.post(Abort("first"))
            bench.pump.post(Abort("second"))
            await asyncio.sleep(1)
        return bench.session.causes

    assert run_virtual(main()) == [Greet(), Persisted(1), Persisted(2), Abort("first"), Abort("second")]


def test_a_failing_booking_ends_the_pump_and_persisted_never_comes() -> None:
    class DiskFullError(Exception):
        pass

    async def refuse(fact: Fact) -> None:
        raise DiskFullError

    async def main() -> Bench:
        bench = Bench(answers({Greet: (Open(T1),), Opened: (Persist(1, MARK), Send(T1, b"never"))}))
        bench.pump = Pump(bench.session, bench.endpoints, refuse, bench.note)
        async with bench.running() as task:
            bench.pump.post(Greet())
            with pytest.raises(DiskFullError):
                await task
        return bench

    bench = run_virtual(main())
    assert "write never" not in bench.log
    assert bench.log[-1] == "close"
    assert Persisted(1) not in bench.session.causes


def test_an_endpoint_that_cannot_be_opened_is_told_as_closed_with_its_reason() -> None:
    async def main() -> list[Cause]:
        bench = Bench(answers({Greet: (Open(T1),)}))
        bench.modem.unplug()
        bench.pump.post(Greet())
        task = asyncio.create_task(bench.pump.run())
        await settle()
        task.cancel()
        await asyncio.wait([task])
        return bench.session.causes

    causes = run_virtual(main())
    assert causes == [
        Greet(),
        Closed(T1, "port_missing: the null modem is unplugged; plug it in", sent=False),
    ]


@pytest.mark.parametrize(("after_bytes", "sent"), [(0, False), (2, True)])
def test_a_write_that_fails_is_told_as_closed_with_whether_a_byte_had_left(
    after_bytes: int, sent: bool
) -> None:
    async def main() -> Bench:
        modem = NullModem(cut_during("a", 1, after_bytes))
        bench = Bench(answers({Greet: (Open(T1),), Opened: (Send(T1, b"sale"), Send(T1, b"more"))}), modem)
        async with bench.running():
            bench.pump.post(Greet())
            await settle()
        return bench

    bench = run_virtual(main())
    assert bench.session.causes[2:] == [Closed(T1, "unplugged: the cable was cut", sent=sent)]
    assert bench.log == ["open 5 s", "write sale", "close"]


def test_what_arrived_before_the_end_is_told_before_closed() -> None:
    async def main() -> list[Cause]:
        bench = Bench(answers({Greet: (Open(T1),), Opened: (Send(T1, b"?"),)}))
        async with bench.running():
            bench.pump.post(Greet())
            await bench.terminal.read()
            await bench.terminal.write(b"result")
            await bench.terminal.aclose()
            await settle()
        return bench.session.causes

    causes = run_virtual(main())
    assert [type(cause) for cause in causes] == [Greet, Opened, Received, Closed]
    assert causes[2] == Received(T1, b"result")
    assert causes[3] == Closed(T1, "peer_closed: the other side of the null modem hung up", sent=True)


def test_nothing_of_a_link_is_heard_after_close_and_the_next_one_opens_at_once() -> None:
    def script(cause: Cause) -> tuple[Effect, ...]:
        match cause:
            case Greet():
                return (Open(T1),)
            case Received(link) if link == T1:
                return (Close(T1), Open(T2))
            case Opened(link) if link == T2:
                return (Send(T2, b"again"),)
        return ()

    async def main() -> Bench:
        bench = Bench(script, NullModem(hangs_up=False))
        async with bench.running():
            bench.pump.post(Greet())
            await settle()
            for _ in range(3):
                await bench.terminal.write(b"x")
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await settle()
        return bench

    bench = run_virtual(main())
    of_t1 = [
        cause for cause in bench.session.causes if isinstance(cause, Received | Closed) and cause.link == T1
    ]
    assert of_t1 == [Received(T1, b"x")]
    assert Opened(T2, Peer("memory:a")) in bench.session.causes
    assert bench.log == ["open 5 s", "close", "open 5 s", "write again", "close"]


def test_close_while_opening_gives_up_silently() -> None:
    class NeverOpens(Loud):
        async def open(self, timeout_s: float) -> Peer:
            await asyncio.sleep(timeout_s)
            raise EndpointUnavailable("timeout", "nobody answered")

    async def main() -> Bench:
        bench = Bench(answers({Greet: (Open(T1),), Abort: (Close(T1),)}))
        bench.endpoints["terminal"] = lambda: NeverOpens(bench.modem.end("a"), bench.log)
        async with bench.running():
            bench.pump.post(Greet())
            await asyncio.sleep(1)
            bench.pump.post(Abort("it"))
            await asyncio.sleep(60)
        return bench

    bench = run_virtual(main())
    assert bench.session.causes == [Greet(), Abort("it")]
    assert bench.log == ["close"]


def test_wake_comes_at_the_deadline_and_not_before() -> None:
    async def main() -> list[tuple[float, Cause]]:
        bench = Bench()
        bench.session.deadline = 1012.5

        def script(cause: Cause) -> tuple[Effect, ...]:
            if isinstance(cause, Wake):
                bench.session.deadline = None
            return ()

        bench.session.script = script
        async with bench.running():
            await asyncio.sleep(100)
        return bench.session.heard

    assert run_virtual(main()) == [(1012.5, Wake())]


def test_a_deadline_that_moves_is_followed() -> None:
    async def main() -> list[tuple[float, Cause]]:
        bench = Bench()
        bench.session.deadline = 1005.0

        def script(cause: Cause) -> tuple[Effect, ...]:
            bench.session.deadline = 1020.0 if isinstance(cause, Greet) else None
            return ()

        bench.session.script = script
        async with bench.running():
            await asyncio.sleep(3)
            bench.pump.post(Greet())
            await asyncio.sleep(100)
        return bench.session.heard

    assert run_virtual(main()) == [(1003.0, Greet()), (1020.0, Wake())]


def test_a_flood_does_not_starve_a_deadline() -> None:
    async def main() -> list[type[Cause]]:
        bench = Bench()
        bench.session.deadline = 1000.0
        for _ in range(10):
            bench.pump.post(Greet())
        async with bench.running():
            await settle()
        return [type(cause) for cause in bench.session.causes]

    causes = run_virtual(main())
    assert causes[:4] == [Greet, Wake, Greet, Wake]


def test_a_deadline_that_never_moves_on_lets_others_run() -> None:
    async def main() -> int:
        bench = Bench()
        bench.session.deadline = 0.0
        async with bench.running():
            await settle()
        return len(bench.session.causes)

    assert run_virtual(main()) > 1


def test_a_peer_that_floods_waits_while_the_pump_books() -> None:
    async def main() -> tuple[int, list[Cause]]:
        bench = Bench(answers({Greet: (Open(T1),), Opened: (Persist(1, MARK),)}))
        async with bench.running():
            bench.pump.post(Greet())
            await settle()
            for _ in range(3 * QUEUE_LIMIT):
                await bench.terminal.write(b"x")
                await settle()
            waiting = len(bench.pump._queue)
            await asyncio.sleep(1)
            return waiting, bench.session.causes

    waiting, causes = run_virtual(main())
    assert waiting == QUEUE_LIMIT
    assert b"".join(bytes_of(cause) for cause in causes) == b"x" * (3 * QUEUE_LIMIT)


def bytes_of(cause: Cause) -> bytes:
    """What a Received carries; nothing for the others."""
    return cause.data if isinstance(cause, Received) and isinstance(cause.data, bytes) else b""


@pytest.mark.parametrize(
    ("effect", "code"),
    [(Send(T2, b"x"), "not_open"), (Open(T1), "link_reused"), (Open(Link("printer", 1)), "no_endpoint")],
)
def test_misuse_by_the_session_ends_the_pump(effect: Effect, code: str) -> None:
    async def main() -> str:
        bench = Bench(answers({Greet: (Open(T1),), Opened: (effect,)}))
        async with bench.running() as task:
            bench.pump.post(Greet())
            with pytest.raises(LocalError) as caught:
                await task
        assert bench.log[-1] == "close"
        return caught.value.code

    assert run_virtual(main()) == code


def test_a_crash_in_an_endpoint_ends_the_pump() -> None:
    class Broken(Loud):
        async def read(self) -> bytes:
            raise ZeroDivisionError

    async def main() -> Bench:
        bench = Bench(answers({Greet: (Open(T1),)}))
        bench.endpoints["terminal"] = lambda: Broken(bench.modem.end("a"), bench.log)
        async with bench.running() as task:
            bench.pump.post(Greet())
            with pytest.raises(ZeroDivisionError):
                await task
        return bench

    assert run_virtual(main()).log[-1] == "close"


def test_cancelling_closes_what_is_open_and_leaves_no_task() -> None:
    async def main() -> tuple[list[str], bool, int]:
        bench = Bench(answers({Greet: (Open(T1),)}))
        async with bench.running() as task:
            bench.pump.post(Greet())
            await settle()
            task.cancel()
            await asyncio.wait([task])
            with pytest.raises(EndpointClosed):
                await bench.terminal.read()
            return bench.log, task.cancelled(), len(asyncio.all_tasks())

    assert run_virtual(main()) == (["open 5 s", "close"], True, 1)
