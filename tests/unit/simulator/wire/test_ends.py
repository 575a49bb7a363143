"""Wire ends on the real things: a pty with its path, a listening socket. Waiting is bounded, never slept."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from simulator.wire.pty_end import PtyEnd, is_real_device
from simulator.wire.tcp_end import TcpEnd

DEADLINE_S = 5.0


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.data = b""
        self.connects = self.disconnects = 0

    def on_bytes(self, data: bytes) -> None:
        self.data += data

    def on_connect(self) -> None:
        self.connects += 1

    def on_disconnect(self) -> None:
        self.disconnects += 1


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a fact, not for a time."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():  # noqa: ASYNC110  # the kernel tells of no event that could be awaited
            await asyncio.sleep(0.005)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def _ends_with(heard: Heard, byte: bytes) -> bool:
    return heard.data.endswith(byte)


def _read(fd: int) -> bytes:
    with contextlib.suppress(BlockingIOError):
        return os.read(fd, 1000)
    return b""


async def test_a_pty_carries_every_byte_unchanged_both_ways(tmp_path: Path) -> None:
    heard, end = Heard(), PtyEnd(tmp_path / "port")
    await end.start(heard)
    fd = _open(tmp_path / "port")
    every = bytes(range(256))
    os.write(fd, every)
    await until(lambda: heard.data == every)
    end.write(every)
    got = bytearray()

    def complete() -> bool:
        got.extend(_read(fd))
        return len(got) >= 256

    await until(complete)
    assert got == every
    os.close(fd)
    end.close()
    assert not (tmp_path / "port").is_symlink()


async def test_the_ecr_may_close_and_open_again(tmp_path: Path) -> None:
    heard, end = Heard(), PtyEnd(tmp_path / "port")
    await end.start(heard)
    for byte in (b"a", b"b"):
        fd = _open(tmp_path / "port")
        os.write(fd, byte)
        await until(partial(_ends_with, heard, byte))
        os.close(fd)
    assert heard.data == b"ab"
    end.close()


async def test_a_cut_takes_the_port_away_and_restore_brings_it_back(tmp_path: Path) -> None:
    path, heard = tmp_path / "port", Heard()
    end = PtyEnd(path)
    await end.start(heard)
    fd = _open(path)
    end.cut("cut", 0.0)
    assert not path.exists()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(fd, b"x")
    os.close(fd)
    end.write(b"into the void")
    end.restore()
    fd = _open(path)
    os.write(fd, b"y")
    await until(lambda: heard.data == b"y")
    os.close(fd)
    end.close()


async def test_mute_loses_bytes_and_nobody_is_told(tmp_path: Path) -> None:
    heard, end = Heard(), PtyEnd(tmp_path / "port")
    await end.start(heard)
    fd = _open(tmp_path / "port")
    end.cut("mute", 0.0)
    os.write(fd, b"lost")
    end.write(b"lost")
    await until(lambda: end.lost_bytes == 4)
    end.restore()
    os.write(fd, b"heard")
    await until(lambda: heard.data == b"heard")
    assert _read(fd) == b""
    os.close(fd)
    end.close()


async def test_an_adapter_may_come_back_on_another_port(tmp_path: Path) -> None:
    heard, end = Heard(), PtyEnd(tmp_path / "port")
    await end.start(heard)
    end.cut("cut", 0.0)
    end.restore(str(tmp_path / "other"))
    assert end.address == str(tmp_path / "other")
    assert not (tmp_path / "port").exists()
    fd = _open(tmp_path / "other")
    os.write(fd, b"z")
    await until(lambda: heard.data == b"z")
    os.close(fd)
    end.close()


async def test_an_outage_ends_by_itself(tmp_path: Path) -> None:
    end = PtyEnd(tmp_path / "port")
    await end.start(Heard())
    end.cut("cut", 0.05)
    assert not (tmp_path / "port").exists()
    await until((tmp_path / "port").exists)
    end.close()


async def test_nobody_listening_is_no_reason_to_hang(tmp_path: Path) -> None:
    end = PtyEnd(tmp_path / "port")
    await end.start(Heard())
    for _ in range(100):
        end.write(b"x" * 1000)
    end.close()
    assert not (tmp_path / "port").exists()


async def test_a_path_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(FileExistsError, match="choose another path"):
        await PtyEnd(path).start(Heard())
    assert path.read_text() == "data"
    assert not is_real_device(path)
    assert is_real_device(Path("/dev/null"))


async def _connect(end: TcpEnd) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = end.address.rsplit(":", 1)
    return await asyncio.open_connection(host, int(port))


async def test_a_socket_carries_bytes_and_tells_of_its_ends() -> None:
    heard, end = Heard(), TcpEnd("127.0.0.1", 0)
    await end.start(heard)
    reader, writer = await _connect(end)
    writer.write(b"\x05\x01\x00")
    await until(lambda: heard.data == b"\x05\x01\x00")
    end.write(b"\x80\x00\x00")
    assert await reader.readexactly(3) == b"\x80\x00\x00"
    writer.close()
    await until(lambda: heard.disconnects == 1)
    assert heard.connects == 1
    end.close()


async def test_a_second_ecr_is_refused_and_the_first_not_disturbed() -> None:
    heard, end = Heard(), TcpEnd("127.0.0.1", 0)
    await end.start(heard)
    reader, writer = await _connect(end)
    await until(lambda: heard.connects == 1)
    other, other_writer = await _connect(end)
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(other.read(), DEADLINE_S) == b""
    end.write(b"still here")
    assert await reader.readexactly(10) == b"still here"
    assert heard.connects == 1
    for one in (writer, other_writer):
        one.close()
    end.close()


async def test_an_ecr_that_hangs_up_and_calls_again_at_once_is_let_in_and_all_it_says_is_heard() -> None:
    heard, end = Heard(), TcpEnd("127.0.0.1", 0)
    await end.start(heard)
    _, first = await _connect(end)
    await until(lambda: heard.connects == 1)
    _, second = await _connect(end)
    second.write(b"said early")
    first.close()
    await until(lambda: heard.data == b"said early")
    assert (heard.connects, heard.disconnects) == (2, 1)
    second.close()
    end.close()


async def test_a_cut_closes_and_refuses_until_restored() -> None:
    heard, end = Heard(), TcpEnd("127.0.0.1", 0)
    await end.start(heard)
    reader, writer = await _connect(end)
    await until(lambda: heard.connects == 1)
    end.cut("cut", 0.0)
    assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b""
    writer.close()
    refused, refused_writer = await _connect(end)
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(refused.read(), DEADLINE_S) == b""
    refused_writer.close()
    end.restore()
    _, writer = await _connect(end)
    await until(lambda: heard.connects == 2)
    writer.close()
    end.close()


async def test_an_idle_socket_is_closed_if_so_set() -> None:
    end = TcpEnd("127.0.0.1", 0, idle_close_s=0.05)
    await end.start(Heard())
    reader, writer = await _connect(end)
    assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b""
    writer.close()
    end.close()
