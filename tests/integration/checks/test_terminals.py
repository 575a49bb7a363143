"""Terminals reached by the real drivers: a ZVT terminal behind TCP, ports that are not there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from terminal_agent.checks.terminals import check_terminal
from tests.support.broker import free_port
from tests.support.pty import PtyCable
from tests.support.zvt_script import OK, READY, REGISTERED
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read


class TinyTerminal:
    """Registers whoever asks and says that it is ready; remembers every command."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while header := await reader.read(3):
            self.commands.append(header[:2])
            await reader.readexactly(header[2])
            answer = {b"\x06\x00": OK + REGISTERED, b"\x05\x01": OK + READY}.get(header[:2], "")
            writer.write(bytes.fromhex(answer))
        writer.close()


@pytest.fixture
async def terminal() -> AsyncIterator[tuple[TinyTerminal, int]]:
    """A terminal and its port."""
    tiny = TinyTerminal()
    server = await asyncio.start_server(tiny.serve, "127.0.0.1", 0)
    yield tiny, server.sockets[0].getsockname()[1]
    server.close()


async def test_a_terminal_is_identified_and_no_money_command_reaches_it(
    tmp_path: Path, terminal: tuple[TinyTerminal, int]
) -> None:
    tiny, port = terminal
    endpoint = f'tcp = {{host = "127.0.0.1", port = {port}}}'
    finding = await check_terminal(
        read(tmp_path, minimal() + one_terminal(endpoint=endpoint)).terminals[0], 0
    )
    assert finding.level == "ok", finding.text
    assert finding.facts["terminal_id"] == "52500295"
    assert 'identity = "52500295"' in finding.text
    assert set(tiny.commands) <= {b"\x06\x00", b"\x05\x01", b"\x80\x00"}


async def test_a_foreign_terminal_is_named(tmp_path: Path, terminal: tuple[TinyTerminal, int]) -> None:
    endpoint = f'tcp = {{host = "127.0.0.1", port = {terminal[1]}}}'
    text = minimal() + one_terminal('identity = "11111111"', endpoint)
    finding = await check_terminal(read(tmp_path, text).terminals[0], 0)
    assert (finding.level, finding.code) == ("failed", "wrong_device")
    assert "terminal 52500295 answers, 11111111 is expected; plug the right one in" in finding.text
    assert finding.facts["terminal_id"] == "52500295"


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ('serial = {path = "/dev/not-there"}', "port_missing"),
        ('serial = {vid = "ffff", pid = "fffe", serial_number = "none"}', "port_missing"),
    ],
)
async def test_a_port_that_cannot_be_opened_is_named(tmp_path: Path, endpoint: str, code: str) -> None:
    finding = await check_terminal(
        read(tmp_path, minimal() + one_terminal(endpoint=endpoint)).terminals[0], 0
    )
    assert (finding.level, finding.code) == ("failed", code)


async def test_an_address_where_nobody_listens(tmp_path: Path) -> None:
    endpoint = f'tcp = {{host = "127.0.0.1", port = {free_port()}}}'
    finding = await check_terminal(
        read(tmp_path, minimal() + one_terminal(endpoint=endpoint)).terminals[0], 0
    )
    assert (finding.level, finding.code) == ("failed", "refused")


async def test_a_port_that_another_program_holds(tmp_path: Path) -> None:
    cable = PtyCable()
    code = (
        "import serial, sys\n"
        f"port = serial.Serial({cable.path!r}, exclusive=True)\nprint('held', flush=True)\nsys.stdin.read()"
    )
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert await asyncio.wait_for(holder.stdout.readline(), 20) == b"held\n"
    try:
        line = f'serial = {{path = "{cable.path}"}}'
        finding = await check_terminal(
            read(tmp_path, minimal() + one_terminal(endpoint=line)).terminals[0], 0
        )
        assert (finding.level, finding.code) == ("failed", "port_busy")
        assert str(holder.pid) in finding.text
    finally:
        holder.stdin.close()
        await holder.wait()
