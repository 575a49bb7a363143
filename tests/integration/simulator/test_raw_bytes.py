"""A payment by bytes written down by hand, on a real pty and a real socket. No codec of ours on this side.

The registration and the amount are frames captured from other implementations (their currency is the euro).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from simulator.acquirer.ledger import FileLedger, read
from simulator.cardholder import Visit
from simulator.faults import Fault
from simulator.scenario import Scenario
from simulator.settings import TerminalSettings
from simulator.wire.end import WireEnd
from simulator.wire.pty_end import PtyEnd
from simulator.wire.station import Station, wall_clock
from simulator.wire.tcp_end import TcpEnd
from simulator.zvt.device import build
from simulator.zvt.state import FileStore

DEADLINE_S = 10.0
ACK = b"\x06"
POSITIVE_FRAME = bytes.fromhex("10028000001003F51F")
REGISTRATION_FRAME = bytes.fromhex("1002060006123456BA0978100324C3")
AMOUNT_FRAME = bytes.fromhex("100206010A04000000011010004909781003F2FF")
ENQUIRY_FRAME = bytes.fromhex("100205010312345610" + "03E043")
REGISTRATION, AMOUNT = bytes.fromhex("060006123456BA0978"), bytes.fromhex("06010A04000000011000490978")
POSITIVE = bytes.fromhex("800000")

QUICK = Visit(how="tap", after_s=0.0, pin_after_s=0.0, remove_after_s=0.0)
EURO = TerminalSettings(currency="0978", host_s=0.0, step_s=0.002, paper_columns=24)


class Silent:
    """A screen for nobody."""

    def show(self, lines: tuple[str, ...]) -> None: ...

    def paper(self, lines: tuple[str, ...]) -> None: ...

    def note(self, text: str) -> None: ...


Plug = Callable[..., Station]


@pytest.fixture
async def plug(tmp_path: Path) -> AsyncIterator[Plug]:
    """Plugs stations in, and out at the end."""
    stations: list[Station] = []

    def make(end: WireEnd, *faults: Fault, settings: TerminalSettings = EURO) -> Station:
        device = build(
            Scenario(terminal=settings, visits=(QUICK,), faults=faults),
            ledger=FileLedger(tmp_path / "ledger.jsonl"),
            store=FileStore(tmp_path / "state.json"),
            wall=wall_clock,
            on_tcp=end.on_tcp,
        )
        stations.append(Station(device, end, Silent()))
        return stations[-1]

    yield make
    for station in stations:
        station.stop()


class SerialRegister:
    """Reads frames off a pty by hand, acknowledges and answers them."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.buffer = bytearray()
        self.acks = 0

    async def fill(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                with contextlib.suppress(BlockingIOError):
                    read = os.read(self.fd, 4096)
                    if not read:
                        raise ConnectionResetError("the port is gone")
                    self.buffer += read
                await asyncio.sleep(0.002)

    def _frame_end(self) -> int:
        """Where the first frame ends, -1 while it is not complete."""
        while self.buffer and self.buffer[0] in (0x06, 0x15):
            self.acks += self.buffer[0] == 0x06
            del self.buffer[0]
        at = 2
        while at + 3 < len(self.buffer):
            if self.buffer[at] != 0x10:
                at += 1
            elif self.buffer[at + 1] == 0x03:
                return at + 4
            else:
                at += 2
        return -1

    async def frame(self) -> bytes:
        """The next whole frame, acknowledged."""
        await self.fill(lambda: self._frame_end() > 0)
        end = self._frame_end()
        frame = bytes(self.buffer[:end])
        del self.buffer[:end]
        os.write(self.fd, ACK)
        return frame

    async def dialogue(self) -> list[str]:
        """Answer everything until 06 0F or 06 1E; the commands heard."""
        heard: list[str] = []
        while not heard or heard[-1] not in ("060F", "061E"):
            frame = await self.frame()
            heard.append(frame[2:4].hex().upper())
            if frame[2] != 0x80:
                os.write(self.fd, POSITIVE_FRAME)
        return heard


async def test_a_payment_by_frames_on_a_pty(plug: Plug, tmp_path: Path) -> None:
    await plug(PtyEnd(tmp_path / "port")).start()
    register = SerialRegister(tmp_path / "port")
    os.write(register.fd, REGISTRATION_FRAME)
    assert await register.frame() == POSITIVE_FRAME
    completion = await register.frame()
    assert completion[:5] == bytes.fromhex("1002060F0A")
    os.write(register.fd, POSITIVE_FRAME)
    for byte in AMOUNT_FRAME:
        os.write(register.fd, bytes([byte]))
    heard = await register.dialogue()
    assert heard[0] == "8000"
    assert heard.count("04FF") == 2
    assert heard.count("040F") == 1
    assert heard.count("06D1") > 20
    assert heard[-1] == "060F"
    (line,) = read(tmp_path / "ledger.jsonl")
    assert (line.amount_minor, line.currency) == (11_000, "EUR")
    os.close(register.fd)


async def test_a_garbled_frame_is_refused_and_its_repeat_taken(plug: Plug, tmp_path: Path) -> None:
    await plug(PtyEnd(tmp_path / "port")).start()
    register = SerialRegister(tmp_path / "port")
    os.write(register.fd, b"noise" + ENQUIRY_FRAME[:-1] + b"\x00")
    await register.fill(lambda: bytes(register.buffer) == b"\x15")
    register.buffer.clear()
    os.write(register.fd, ENQUIRY_FRAME)
    assert await register.dialogue() == ["8000", "060F"]
    os.close(register.fd)


async def test_a_repeated_command_is_executed_once(plug: Plug, tmp_path: Path) -> None:
    settings = TerminalSettings(currency="0978", host_s=0.2, step_s=0.05)
    await plug(PtyEnd(tmp_path / "port"), settings=settings).start()
    register = SerialRegister(tmp_path / "port")
    os.write(register.fd, AMOUNT_FRAME)
    os.write(register.fd, AMOUNT_FRAME)
    heard = await register.dialogue()
    assert heard[-1] == "060F"
    assert register.acks >= 2
    assert len(read(tmp_path / "ledger.jsonl")) == 1
    os.close(register.fd)


async def test_the_cable_comes_back_and_the_money_is_told(plug: Plug, tmp_path: Path) -> None:
    path = tmp_path / "port"
    fault = Fault(when="booked", what="cut", command="sale", seconds=0.2)
    await plug(PtyEnd(path), fault).start()
    register = SerialRegister(path)
    os.write(register.fd, AMOUNT_FRAME)
    with pytest.raises(OSError, match=r"port is gone|Input/output error"):
        await register.dialogue()
    os.close(register.fd)
    async with asyncio.timeout(DEADLINE_S):
        while not path.exists():  # noqa: ASYNC110  # the kernel tells of no event that could be awaited
            await asyncio.sleep(0.01)
    assert [line.kind for line in read(tmp_path / "ledger.jsonl")] == ["charge"]


async def _apdu(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readexactly(3), DEADLINE_S)
    length = head[2]
    if length == 0xFF:
        more = await reader.readexactly(2)
        head, length = head + more, int.from_bytes(more, "little")
    return head + await reader.readexactly(length)


async def _dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[str]:
    heard: list[str] = []
    while not heard or heard[-1] not in ("060F", "061E"):
        apdu = await _apdu(reader)
        heard.append(apdu[:2].hex().upper())
        if apdu[0] != 0x80:
            writer.write(POSITIVE)
    return heard


async def _connect(station: Station) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = station.end.address.rsplit(":", 1)
    return await asyncio.open_connection(host, int(port))


@pytest.mark.parametrize("pieces", [1, 4, 100])
async def test_a_payment_on_tcp_however_it_is_cut_to_pieces(plug: Plug, tmp_path: Path, pieces: int) -> None:
    station = plug(TcpEnd("127.0.0.1", 0), Fault(when="before_result", what="split", command="sale"))
    await station.start()
    reader, writer = await _connect(station)
    writer.write(REGISTRATION)
    assert (await _apdu(reader), (await _apdu(reader))[:2]) == (POSITIVE, b"\x06\x0f")
    glued = POSITIVE + AMOUNT
    for at in range(0, len(glued), pieces):
        writer.write(glued[at : at + pieces])
        await writer.drain()
    assert (await _dialogue(reader, writer))[-1] == "060F"
    assert [line.kind for line in read(tmp_path / "ledger.jsonl")] == ["charge"]
    writer.close()


async def test_a_socket_closed_before_the_result_books_nothing(plug: Plug, tmp_path: Path) -> None:
    station = plug(TcpEnd("127.0.0.1", 0), settings=TerminalSettings(currency="0978", host_s=30.0))
    await station.start()
    reader, writer = await _connect(station)
    writer.write(AMOUNT)
    assert await _apdu(reader) == POSITIVE
    writer.close()
    async with asyncio.timeout(DEADLINE_S):
        while station.device.terminal.busy:  # noqa: ASYNC110  # the loop notices the end of a socket by itself
            await asyncio.sleep(0.005)
    assert read(tmp_path / "ledger.jsonl") == ()
