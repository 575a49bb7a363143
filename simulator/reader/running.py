"""A virtual reader plugged into one program: the composition root of `terminal-simulator reader run`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from simulator.control_socket import ControlSocket
from simulator.declared import SettingError
from simulator.reader.device import VirtualReader
from simulator.reader.faults import ReadFaults
from simulator.reader.hands import Hands
from simulator.reader.plan import ReaderPlan
from simulator.reader.prompt import HELP, Prompt, say
from simulator.wire.usb_mocked import MockedUsb, check_packages


async def run(plan: ReaderPlan, command: Sequence[str], control: Path | None) -> int:
    """Run the program with the reader until it ends, or until SIGINT, SIGTERM or the word stop end it; its
    exit code. Raises SettingError where something is missing, OSError."""
    check_packages()
    if shutil.which(command[0]) is None:
        raise SettingError(f"{command[0]}: there is no such program; give one that can be run after --")
    stop, bus = asyncio.Event(), MockedUsb()
    reader = VirtualReader(plan.settings, ReadFaults(plan.faults))
    hands = Hands(bus, reader, stop.set)
    door = ControlSocket(control or Path(), hands.verbs, "simulator.reader.hands")
    prompt = Prompt(door.obey)
    door.obey(b'{"do": "plug"}')
    # A session of its own: Ctrl-C comes to us, and the program hears of it once, from the bus.
    process = await bus.start(command, stdin=subprocess.DEVNULL, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _asked_to_stop, stop, process.pid)
    try:
        if control is not None:
            await door.start()
        prompt.start()
        say(f"{reader.serial or 'a reader without a serial number'} is plugged in; {HELP}")
        await _ended(process, stop)
    finally:
        prompt.stop()
        if control is not None:
            door.stop()
        await bus.stop()
    return await process.wait()


async def _ended(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    """Either."""
    waits = [asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())]
    _done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()


def _asked_to_stop(stop: asyncio.Event, group: int) -> None:
    """The second time nobody waits for the program any more."""
    if stop.is_set():
        os.killpg(group, signal.SIGKILL)
    stop.set()
