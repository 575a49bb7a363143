"""`terminal-simulator tell`: one request to a device that runs, from another window."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simulator.cli import app
from simulator.control_socket import Answer, ControlSocket, Request
from simulator.declared import SettingError
from simulator.ending import NOT_TO_BE_HAD, WRONG_USE


def refuses(request: Request) -> Answer:
    raise SettingError(f"seconds: is {request['seconds']!r}; allowed: a number")


async def told(folder: Path, request: str) -> Result:
    door = ControlSocket(folder / "door", {"look": lambda _request: {"seen": 3}, "cut": refuses}, "here")
    await door.start()
    try:
        return await asyncio.to_thread(CliRunner().invoke, app, ["tell", str(folder / "door"), request])
    finally:
        door.stop()


@pytest.mark.parametrize(
    ("request_", "code", "said"),
    [
        ('{"do": "look"}', 0, '{"ok": true, "seen": 3}'),
        ('{"do": "cut", "seconds": "x"}', WRONG_USE, "seconds: is 'x'; allowed: a number"),
        ('{"do": "fly"}', WRONG_USE, "do is 'fly'; allowed: look, cut"),
        ("look", WRONG_USE, "'look' is not JSON"),
    ],
)
async def test_the_answer_is_printed(tmp_path: Path, request_: str, code: int, said: str) -> None:
    found = await told(tmp_path, request_)
    assert (found.exit_code, said in found.output) == (code, True), found.output


def test_where_nothing_runs_the_socket_is_named(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["tell", str(tmp_path / "none"), '{"do": "status"}'])
    assert (found.exit_code, str(tmp_path / "none") in found.stderr) == (NOT_TO_BE_HAD, True)
