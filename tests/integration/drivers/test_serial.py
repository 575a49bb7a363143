"""Serial ports on real ptys and real processes: unplugged, held by another program, replugged elsewhere."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.config import SerialConfig
from drivers.discovery import PortInfo, UsbIdentity
from drivers.port_holder import holders
from drivers.pump import Pump
from drivers.serial_port import SerialPort, list_ports
from drivers.transport import Endpoint, EndpointUnavailable
from protocols.core.session import Cause, Closed, Effect, Greet, Link, Open, Opened, Peer, Received
from tests.support.pty import PtyCable
from tests.support.scripted_session import ScriptedSession

ADAPTER = UsbIdentity(0x0403, 0x6001, "A100")

LOCKS = "import serial, sys\nport = serial.Serial(sys.argv[1], exclusive=True)\n"
OPENS = "import os, sys\nport = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n"
OWNS_BOTH_ENDS = "import os, sys\nends = os.openpty()\nprint(os.ttyname(ends[1]), flush=True)\n"
STAYS = "print('ready', flush=True)\nsys.stdin.read()\n"


@pytest.fixture
async def pty() -> AsyncIterator[PtyCable]:
    cable = PtyCable()
    yield cable
    cable.unplug()


@contextmanager
def program(folder: Path, source: str, *arguments: str) -> Iterator[tuple[int, str]]:
    """Another process, ready; its process number and its first line. It ends when its input does."""
    script = folder / "card_reader_demo.py"
    script.write_text(source + STAYS, encoding="utf-8")
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip()


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A descriptor of this process beside the driver's."""
    device = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        yield device
    finally:
        os.close(device)


async def unavailable(port: Endpoint) -> EndpointUnavailable:
    """Why it does not open."""
    with pytest.raises(EndpointUnavailable) as caught:
        await port.open(5)
    return caught.value


def port_at(path: str) -> SerialPort:
    """A port of this machine that is no adapter."""
    return SerialPort(SerialConfig(path=path), lambda: ())


@pytest.mark.parametrize("source", [LOCKS, OPENS], ids=["locked", "only opened"])
async def test_a_port_held_by_another_program_is_refused_with_its_name(
    pty: PtyCable, tmp_path: Path, source: str
) -> None:
    with program(tmp_path, source, pty.path) as (pid, _line):
        error = await unavailable(port_at(pty.path))
    assert error.code == "port_busy"
    assert error.holder is not None
    assert "card_reader_demo.py" in error.holder
    assert f"(pid {pid})" in error.holder
    assert error.holder in error.why


async def test_a_port_is_free_again_when_the_other_program_ends(pty: PtyCable, tmp_path: Path) -> None:
    with program(tmp_path, LOCKS, pty.path):
        pass
    port = port_at(pty.path)
    assert await port.open(5) == Peer(where=pty.path)
    await port.aclose()


async def test_a_port_that_we_hold_ourselves_says_so(pty: PtyCable) -> None:
    port = port_at(pty.path)
    await port.open(5)
    error = await unavailable(port_at(pty.path))
    await port.aclose()
    assert (error.code, error.holder) == ("port_busy", "this program itself")


async def test_the_other_end_of_a_pty_is_no_competitor(tmp_path: Path) -> None:
    with program(tmp_path, OWNS_BOTH_ENDS) as (_pid, path):
        assert holders(path) == ()
        port = port_at(path)
        await port.open(5)
        await port.aclose()


@pytest.mark.parametrize("what", ["a file", "a folder"])
async def test_what_is_no_serial_port_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "thing"
    path.touch() if what == "a file" else path.mkdir()
    error = await unavailable(port_at(str(path)))
    assert error.code == "not_serial"
    assert str(path) in error.message


async def test_a_replugged_adapter_is_found_at_the_next_opening(pty: PtyCable) -> None:
    elsewhere = PtyCable()
    plugged = [PortInfo(pty.path, 0x0403, 0x6001, "A100")]

    def make() -> SerialPort:
        return SerialPort(SerialConfig(identity=ADAPTER), lambda: plugged)

    first, second = make(), make()
    assert await first.open(5) == Peer(where=pty.path, serial="A100")
    pty.unplug()
    plugged.clear()
    assert (await unavailable(make())).code == "port_missing"
    plugged.append(PortInfo(elsewhere.path, 0x0403, 0x6001, "A100"))
    assert await second.open(5) == Peer(where=elsewhere.path, serial="A100")
    await elsewhere.write(b"hello")
    assert await second.read() == b"hello"
    for port in (first, second):
        await port.aclose()
    elsewhere.unplug()


@pytest.mark.parametrize(
    ("config", "flags"),
    [
        (SerialConfig("x"), (termios.B9600, termios.CSTOPB)),
        (SerialConfig("x", baud=115_200, stopbits=1), (termios.B115200, 0)),
        (SerialConfig("x", baud=19_200, bytesize=7, parity="E", stopbits=1), (termios.B19200, 0)),
    ],
    ids=["9600 8N2", "115200 8N1", "19200 7E1"],
)
async def test_the_line_is_set_up_raw_with_speed_and_stop_bits(
    pty: PtyCable, config: SerialConfig, flags: tuple[int, int]
) -> None:
    settings = SerialConfig(pty.path, None, config.baud, config.bytesize, config.parity, config.stopbits)
    port = SerialPort(settings, lambda: ())
    await port.open(5)
    with opened(pty.path) as device:
        _iflag, _oflag, cflag, lflag, _ispeed, ospeed, _cc = termios.tcgetattr(device)
    await port.aclose()
    assert (ospeed, cflag & termios.CSTOPB) == flags
    assert not lflag & (termios.ICANON | termios.ECHO)


async def test_what_was_sent_before_the_opening_is_not_heard(pty: PtyCable) -> None:
    with opened(pty.path):
        await pty.write(b"stale")
        port = port_at(pty.path)
        await port.open(5)
    await pty.write(b"fresh")
    assert await port.read() == b"fresh"
    await port.aclose()


async def test_an_opening_that_is_given_up_leaves_the_port_free(pty: PtyCable) -> None:
    opening = asyncio.create_task(port_at(pty.path).open(5))
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])
    port = port_at(pty.path)
    codes: set[str] = set()
    async with asyncio.timeout(5):
        while True:
            try:
                await port.open(5)
                break
            except EndpointUnavailable as busy:
                codes.add(busy.code)
    await port.aclose()
    assert opening.cancelled()
    assert codes <= {"port_busy"}


async def test_the_pump_tells_of_an_unplugged_cable(pty: PtyCable) -> None:
    t1, opened_up, over = Link("terminal", 1), asyncio.Event(), asyncio.Event()

    def script(cause: Cause) -> tuple[Effect, ...]:
        if isinstance(cause, Opened):
            opened_up.set()
        if isinstance(cause, Received):
            pty.unplug()
        if isinstance(cause, Closed):
            over.set()
        return (Open(t1),) if isinstance(cause, Greet) else ()

    async def no_fact(_fact: object) -> None:
        raise AssertionError("nothing is booked here")

    session = ScriptedSession(script)
    pump = Pump(session, {"terminal": lambda: port_at(pty.path)}, no_fact, lambda _notice: None)
    task = asyncio.create_task(pump.run())
    pump.post(Greet())
    async with asyncio.timeout(5):
        await opened_up.wait()
        await pty.write(b"\x06")
        await over.wait()
    task.cancel()
    await asyncio.wait([task])
    assert session.causes[1:3] == [Opened(t1, Peer(where=pty.path)), Received(t1, b"\x06")]
    closed = session.causes[3]
    assert isinstance(closed, Closed)
    assert (closed.link, closed.sent) == (t1, False)
    assert closed.why.startswith(f"unplugged: {pty.path} is gone")


def test_the_ports_of_this_machine_are_listed_by_path() -> None:
    paths = [port.path for port in list_ports()]
    assert paths == sorted(set(paths))
