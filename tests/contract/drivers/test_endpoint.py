"""The Endpoint contract on every endpoint, the memory one included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.transport import Endpoint, EndpointClosed, EndpointUnavailable
from protocols.core.card import Sealed
from tests.contract.drivers.cables import KINDS, Cable, make_cable

BLOCK = 262_144


@pytest.fixture(params=KINDS)
async def cable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cable]:
    made = make_cable(request.param, tmp_path)
    await made.prepare()
    yield made
    await made.discard()


@pytest.fixture
async def port(cable: Cable) -> AsyncIterator[Endpoint]:
    endpoint = cable.near()
    await endpoint.open(5)
    yield endpoint
    await endpoint.aclose()


async def read_exactly(port: Endpoint, size: int) -> bytes:
    """Several reads, each with something in it."""
    got = b""
    while len(got) < size:
        data = await port.read()
        assert isinstance(data, bytes)
        assert data
        got += data
    return got


async def until_it_fails(port: Endpoint, data: bytes, tries: int = 500) -> EndpointClosed:
    """Write again and again; the OS may take a few before it notices."""
    for _ in range(tries):
        try:
            await port.write(data)
        except EndpointClosed as closed:
            return closed
        await asyncio.sleep(0.002)
    raise AssertionError("writing never failed")


async def test_says_where_it_is(cable: Cable) -> None:
    port = cable.near()
    peer = await port.open(5)
    assert peer.where
    await port.aclose()


@pytest.mark.parametrize("size", [1, 2, 255, 4096, 100_000])
async def test_carries_any_size_both_ways_unchanged(cable: Cable, port: Endpoint, size: int) -> None:
    data = bytes(at * 7 % 256 for at in range(size))
    _none, there = await asyncio.gather(port.write(data), cable.read(size))
    _none, back = await asyncio.gather(cable.write(data), read_exactly(port, size))
    assert (there, back) == (data, data)


async def test_gives_bytes_as_soon_as_they_arrive(cable: Cable, port: Endpoint) -> None:
    for piece in (b"\x10", b"\x02\x03", b"rest"):
        await cable.write(piece)
        assert await read_exactly(port, len(piece)) == piece


async def test_a_flood_that_nobody_reads_waits_outside_and_nothing_is_lost(
    cable: Cable, port: Endpoint
) -> None:
    size = 16 * BLOCK
    flood = asyncio.create_task(cable.write(bytes(size)))
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(await read_exactly(port, size)) == size
    await flood


async def test_a_cancelled_read_loses_nothing(cable: Cable, port: Endpoint) -> None:
    reader = asyncio.create_task(port.read())
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
    await cable.write(b"still there")
    assert await read_exactly(port, 11) == b"still there"


async def test_a_sealed_buffer_is_written(cable: Cable, port: Endpoint) -> None:
    await port.write(Sealed(b"sealed"))
    assert await cable.read(6) == b"sealed"


async def test_a_peer_that_goes_away_ends_a_waiting_read(cable: Cable, port: Endpoint) -> None:
    await cable.write(b"last")
    assert await read_exactly(port, 4) == b"last"
    reader = asyncio.create_task(port.read())
    await asyncio.sleep(0)
    await cable.hang_up()
    for read in (reader, port.read()):
        with pytest.raises(EndpointClosed) as caught:
            await read
        assert caught.value.code in {"peer_closed", "unplugged"}


async def test_writing_to_a_peer_that_went_away_fails(cable: Cable, port: Endpoint) -> None:
    await cable.write(b"x")
    await port.read()
    await cable.hang_up()
    assert (await until_it_fails(port, b"y")).code in {"peer_closed", "unplugged", "reset"}


async def test_a_peer_that_takes_nothing_fails_the_write_in_bounded_time(
    cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("serial_port", "serial_carrier", "tcp_port", "usb_port", "usb_carrier", "memory_port"):
        monkeypatch.setattr(f"drivers.{module}.WRITE_LIMIT_S", 0.05)
    port = cable.near()
    await port.open(5)
    assert (await until_it_fails(port, bytes(BLOCK))).code == "write_stalled"
    assert port.sent_any
    await port.aclose()


async def test_an_endpoint_that_cannot_be_opened_says_why_and_sent_nothing(cable: Cable) -> None:
    port = cable.near_to_nobody()
    with pytest.raises(EndpointUnavailable) as caught:
        await port.open(5)
    assert caught.value.code in {"port_missing", "refused"}
    assert not port.sent_any
    await port.aclose()


async def test_sent_any_tells_whether_a_byte_left(cable: Cable, port: Endpoint) -> None:
    told = [port.sent_any]
    await port.write(b"x")
    told.append(port.sent_any)
    await port.aclose()
    told.append(port.sent_any)
    assert told == [False, True, True]


async def test_a_write_after_the_end_sends_nothing(cable: Cable, port: Endpoint) -> None:
    await port.aclose()
    with pytest.raises(EndpointClosed):
        await port.write(b"never")
    assert not port.sent_any


async def test_closing_ends_a_waiting_read_and_may_be_repeated(cable: Cable, port: Endpoint) -> None:
    reader = asyncio.create_task(port.read())
    await asyncio.sleep(0)
    await port.aclose()
    await port.aclose()
    for read in (reader, port.read()):
        with pytest.raises(EndpointClosed) as caught:
            await read
        assert caught.value.code == "closed"


async def test_closing_one_that_was_never_opened_is_harmless(cable: Cable) -> None:
    port = cable.near()
    await port.aclose()
    with pytest.raises(EndpointClosed):
        await port.read()
