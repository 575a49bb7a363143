"""The pump against its contract: order, the barrier, closed links stay silent, deadlines, failures."""

from __future__ import annotations

import asyncio

import pytest

from drivers.memory_faults import cut_during
from drivers.memory_port import NullModem
from drivers.transport import EndpointUnavailable
from protocols.core.session import (
    Abort,
    Alert,
    Cause,
    Close,
    Closed,
    Effect,
    Greet,
    Open,
    Opened,
    Peer,
    Persist,
    Persisted,
    Received,
    Send,
    Tell,
)
from tests.support.pump_bench import MARK, T1, T2, Bench, Loud, answers
from tests.support.virtual_clock import run_virtual, settle


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


def test_what_was_queued_of_a_link_before_its_close_is_dropped() -> None:
    async def main() -> list[Cause]:
        bench = Bench(answers({Greet: (Open(T1),), Received: (Persist(1, MARK), Close(T1))}))
        async with bench.running():
            bench.pump.post(Greet())
            await settle()
            for data in (b"taken", b"late"):
                await bench.terminal.write(data)
                await settle()
            await bench.terminal.aclose()
            await asyncio.sleep(1)
        return bench.session.causes

    assert run_virtual(main())[2:] == [Received(T1, b"taken"), Persisted(1)]


def test_a_port_is_closed_before_its_end_is_told() -> None:
    async def main() -> list[str]:
        bench = Bench(answers({Greet: (Open(T1),), Closed: (Tell(Alert("gone")), Open(T2))}))
        async with bench.running():
            bench.pump.post(Greet())
            await settle()
            await bench.terminal.aclose()
            await settle()
            return list(bench.log)

    assert run_virtual(main()) == ["open 5 s", "close", "told gone", "open 5 s"]


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
