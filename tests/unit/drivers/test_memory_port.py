"""The null modem and its faults, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from drivers.memory_faults import chain, corrupt, cut_during, delay, drop, split
from drivers.memory_port import Carry, Cut, Fault, MemoryPort, NullModem, unharmed
from drivers.transport import WRITE_LIMIT_S, EndpointClosed, EndpointUnavailable
from tests.support.virtual_clock import run_virtual, settle


async def both(modem: NullModem) -> tuple[MemoryPort, MemoryPort]:
    """Both ends, open."""
    ends = modem.end("a"), modem.end("b")
    for end in ends:
        await end.open(1)
    return ends


async def flood(end: MemoryPort) -> None:
    """Far more than an inlet holds."""
    for _ in range(100):
        await end.write(b"x" * 4096)


async def drain(end: MemoryPort) -> int:
    """How many bytes come until the end."""
    total = 0
    try:
        while True:
            total += len(await end.read())
    except EndpointClosed:
        return total


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        (unharmed, [Carry(b"abcdef")]),
        (split(4), [Carry(b"abcd"), Carry(b"ef")]),
        (delay(0.5), [Carry(b"abcdef", 0.5)]),
        (delay(0.5, "b"), [Carry(b"abcdef")]),
        (drop("a", 1), []),
        (drop("a", 2), [Carry(b"abcdef")]),
        (drop("b", 1), [Carry(b"abcdef")]),
        (corrupt("a", 1, at=-1), [Carry(b"abcde\x99")]),
        (cut_during("a", 1), [Cut()]),
        (cut_during("a", 1, 2), [Carry(b"ab"), Cut()]),
        (chain(delay(1), split(3), delay(1)), [Carry(b"abc", 2.0), Carry(b"def", 2.0)]),
        (chain(cut_during("a", 1, 3), split(2)), [Carry(b"ab"), Carry(b"c"), Cut()]),
    ],
)
def test_faults(fault: Fault, arrives: list[Carry | Cut]) -> None:
    assert list(fault("a", b"abcdef")) == arrives


def test_a_fault_on_the_nth_write_spares_the_later_ones() -> None:
    fault = drop("a", 2)
    assert [list(fault("a", data)) for data in (b"1", b"2", b"3")] == [[Carry(b"1")], [], [Carry(b"3")]]


def test_delayed_bytes_stay_in_order() -> None:
    async def main() -> tuple[float, bytes]:
        loop = asyncio.get_running_loop()
        delays = iter([5.0, 1.0, 0.0])
        a, b = await both(NullModem(lambda _side, data: (Carry(data, next(delays)),)))
        for data in (b"1", b"2", b"3"):
            await a.write(data)
        start, got = loop.time(), b""
        while len(got) < 3:
            got += await b.read()
        return loop.time() - start, got

    assert run_virtual(main()) == (5.0, b"123")


def test_bytes_for_a_closed_side_are_lost_and_never_reach_the_next_opening() -> None:
    async def main() -> bytes:
        modem = NullModem(delay(1), hangs_up=False)
        a, b = await both(modem)
        await a.write(b"old")
        await b.aclose()
        await a.write(b"lost")
        again = modem.end("b")
        await again.open(1)
        await asyncio.sleep(10)
        await a.write(b"new")
        return await again.read()

    assert run_virtual(main()) == b"new"


def test_a_cut_ends_both_sides_after_what_had_arrived() -> None:
    async def main() -> tuple[bytes, bool]:
        a, b = await both(NullModem(cut_during("a", 1, 3)))
        with pytest.raises(EndpointClosed, match="cut"):
            await a.write(b"abcdef")
        got = await b.read()
        for end in (a, b):
            with pytest.raises(EndpointClosed, match="cut"):
                await end.read()
        return got, a.sent_any

    assert run_virtual(main()) == (b"abc", True)


def test_unplugged_it_cannot_be_opened_until_plugged_again() -> None:
    async def main() -> str:
        modem = NullModem()
        a, _b = await both(modem)
        modem.unplug()
        with pytest.raises(EndpointClosed, match="unplugged"):
            await a.read()
        with pytest.raises(EndpointUnavailable) as caught:
            await modem.end("a").open(1)
        modem.plug()
        await modem.end("a").open(1)
        return caught.value.code

    assert run_virtual(main()) == "port_missing"


def test_a_side_is_open_once() -> None:
    async def main() -> tuple[str, str | None]:
        modem = NullModem()
        await both(modem)
        with pytest.raises(EndpointUnavailable) as caught:
            await modem.end("a").open(1)
        return caught.value.code, caught.value.holder

    assert run_virtual(main()) == ("port_busy", "this program")


def test_a_side_that_reads_nothing_stalls_the_writer_for_a_bounded_time() -> None:
    async def main() -> float:
        a, _b = await both(NullModem())
        loop = asyncio.get_running_loop()
        start = loop.time()
        with pytest.raises(EndpointClosed, match="read nothing"):
            await flood(a)
        return loop.time() - start

    assert run_virtual(main()) == WRITE_LIMIT_S


def test_a_stalled_writer_goes_on_when_the_other_side_reads() -> None:
    async def main() -> int:
        a, b = await both(NullModem())

        async def flood_and_close() -> None:
            await flood(a)
            await a.aclose()

        writer = asyncio.create_task(flood_and_close())
        await settle()
        total = await drain(b)
        await writer
        return total

    assert run_virtual(main()) == 409_600
