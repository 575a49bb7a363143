"""A program of the agent's with a virtual reader in libusb's place, as the demo starts it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from simulator.control_socket import tell
from simulator.reader.settings import ReaderSettings
from tests.support.programs import ROOT
from tests.support.waiting import eventually

# A program that stays, and holds a reader as the agent does.
_HOLDS = """
import asyncio, sys
from drivers.config import UsbConfig
from drivers.usb_port import UsbPort

async def main():
    port = UsbPort(UsbConfig(vid=0x0ACD))
    await port.open(10)
    report = await port.read()
    print("read", len(report.data.view()), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def plugged(control: Path, *program: str) -> list[str]:
    return [sys.executable, "-m", "simulator.demo.plugged", str(control), *program]


def test_the_agent_finds_the_reader_as_it_would_find_a_real_one(tmp_path: Path) -> None:
    command = plugged(tmp_path / "reader", "terminal_agent", "devices")
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert ReaderSettings().serial in found.stdout
    assert "[terminals.usb]" in found.stdout


async def test_hands_reach_the_reader_that_a_program_has_open(tmp_path: Path) -> None:
    control = tmp_path / "reader"
    (tmp_path / "holds_a_reader.py").write_text(_HOLDS, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *plugged(control, "holds_a_reader"),
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await eventually(control.is_socket, "the reader listens")

        def opened() -> bool:
            return bool(tell(control, {"do": "status"})["opened"])

        await eventually(opened, "the program has it")
        assert tell(control, {"do": "swipe", "card": "visa"}) == {"ok": True}
        assert process.stdout is not None
        assert (await process.stdout.readline()).startswith(b"read ")
        assert tell(control, {"do": "unplug"}) == {"ok": True}
        assert tell(control, {"do": "swipe", "card": "visa"})["ok"] is False
        assert tell(control, {"do": "plug"}) == {"ok": True}
        assert tell(control, {"do": "stop"}) == {"ok": True}
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_it_says_how_it_is_used() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "simulator.demo.plugged", "one"], capture_output=True, text=True, cwd=ROOT,
        timeout=60, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stderr.startswith("use: ")) == (2, True)
