"""`terminal-simulator reader run`: programs that see the reader as their own hardware."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from tests.support.waiting import eventually_asked

pytestmark = pytest.mark.mocked_usb
ROOT = Path(__file__).resolve().parents[3]
SIMULATOR = (sys.executable, "-m", "simulator.cli", "reader")
# Says how many readers there are, each time it changes; ends when there have been three changes.
WATCHER = """
from time import sleep
from drivers.usb_port import list_readers
seen = []
while len(seen) < 3:
    places = [reader.location for reader in list_readers()]
    if seen[-1:] != [places]:
        seen.append(places)
        print(*places, "are here", flush=True)
    sleep(0.05)
raise SystemExit(7)
"""
LIMIT_S = 30.0


async def started(*words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *SIMULATOR, *words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


async def heard(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        return (await process.stdout.readline()).decode().strip()


async def ended(process: Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_agent_lists_it_with_its_settings() -> None:
    agent = (sys.executable, "-m", "terminal_agent", "devices", "--json")
    code, out, _err = await ended(await started("run", "--", *agent))
    assert code == 0
    found = [json.loads(line) for line in out.splitlines()]
    (reader,) = [one for one in found if one["kind"] == "reader"]
    assert (reader["serial_number"], reader["location"]) == ("T134000064", "1-1")
    assert reader["settings"].splitlines()[0] == "[terminals.usb]"


async def test_it_is_unplugged_and_plugged_in_elsewhere_by_words() -> None:
    process = await started("run", "--", sys.executable, "-c", WATCHER)
    assert process.stdin is not None
    assert await heard(process) == "1-1 are here"
    process.stdin.write(b"unplug\nswipe visa\n")
    assert await heard(process) == "are here"
    process.stdin.write(b"plug 4\n")
    assert await heard(process) == "1-4 are here"
    code, _out, err = await ended(process)
    assert code == 7
    assert "reader: the reader is not plugged in and has no power; plug it in first" in err


async def test_it_is_told_by_its_socket_and_stopped(tmp_path: Path) -> None:
    control = str(tmp_path / "reader.sock")
    process = await started("run", "--control", control, "--", "sleep", "60")

    async def told() -> tuple[int | None, str, str] | None:
        answer = await ended(await started("tell", control, "swipe", "visa"))
        return answer if answer[0] == 0 else None

    assert await eventually_asked(told, "the reader listens") == (0, "done\n", "")
    code, _out, err = await ended(await started("tell", control, "plug"))
    assert (code, err) == (2, "the reader is plugged in already; unplug it first\n")
    assert (await ended(await started("tell", control, "stop")))[:2] == (0, "done\n")
    assert (await ended(process))[0] == 128 + signal.SIGTERM
    assert (await ended(await started("tell", control, "status")))[0] == 3  # nobody listens any more


async def test_ctrl_c_ends_the_program_first() -> None:
    said = (
        "import signal, time; signal.signal(15, lambda *_: exit(9)); print('up', flush=True); time.sleep(60)"
    )
    process = await started("run", "--", sys.executable, "-c", said)
    assert await heard(process) == "up"
    process.send_signal(signal.SIGINT)
    assert (await ended(process))[0] == 9


async def test_a_program_that_is_not_there_is_named() -> None:
    code, _out, err = await ended(await started("run", "--", "no-such-program"))
    assert (code, err) == (
        2, "no-such-program: there is no such program; give one that can be run after --\n",
    )  # fmt: skip
