"""The pump under deadlines, floods and failures."""

from __future__ import annotations

import asyncio

import pytest

from drivers.pump import QUEUE_LIMIT, Pump
from drivers.transport import EndpointClosed
from protocols.core.errors import LocalError
from protocols.core.facts import Fact
from protocols.core.session import (
    Cause,
    Effect,
    Greet,
    Link,
    Open,
    Opened,
    Persist,
    Persisted,
    Received,
    Send,
    Wake,
)
from tests.support.pump_bench import MARK, T1, T2, Bench, Loud, answers
from tests.support.virtual_clock import run_virtual, settle


def test_a_failing_booking_ends_the_pump_and_persisted_never_comes() -> None:
    class DiskFullError(Exception):
        pass

    async def refuse(fact: Fact) -> None:
        raise DiskFullError

    async def main() -> Bench:
        bench = Bench(answers({Greet: (Open(T1),), Opened: (Persist(1, MARK), Send(T1, b"never"))}))
        bench.pump = Pump(bench.session, bench.endpoints, refuse, bench.note)
        async with bench.running(ends=True) as task:
            bench.pump.post(Greet())
            with pytest.raises(DiskFullError):
                await task
        return bench

    bench = run_virtual(main())
    assert "write never" not in bench.log
    assert bench.log[-1] == "close"
    assert Persisted(1) not in bench.session.causes


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


def test_a_cause_shortly_before_the_deadline_does_not_bring_the_wake_forward() -> None:
    async def main() -> list[tuple[float, Cause]]:
        bench = Bench()
        bench.session.deadline = 1005.0
        async with bench.running():
            await asyncio.sleep(4.999)
            bench.pump.post(Greet())
            await settle()
            return bench.session.heard

    assert run_virtual(main()) == [(1004.999, Greet())]


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
        async with bench.running(ends=True) as task:
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
        async with bench.running(ends=True) as task:
            bench.pump.post(Greet())
            with pytest.raises(ZeroDivisionError):
                await task
        return bench

    assert run_virtual(main()).log[-1] == "close"


def test_cancelling_closes_what_is_open_and_leaves_no_task() -> None:
    async def main() -> tuple[list[str], bool, int]:
        bench = Bench(answers({Greet: (Open(T1),)}))
        async with bench.running(ends=True) as task:
            bench.pump.post(Greet())
            await settle()
            task.cancel()
            await asyncio.wait([task])
            with pytest.raises(EndpointClosed):
                await bench.terminal.read()
            return bench.log, task.cancelled(), len(asyncio.all_tasks())

    assert run_virtual(main()) == (["open 5 s", "close"], True, 1)
