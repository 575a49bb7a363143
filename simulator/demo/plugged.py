"""A program with a virtual card reader plugged in: `python -m simulator.demo.plugged CONTROL PROGRAM …`.

The demo wants nothing but Python, so there is no emulated kernel under a real libusb here, as in the tests
(simulator.wire.usb_mocked). pyusb, in the program's own process, gets simulator.wire.usb_backend in libusb's
place: all above pyusb is the program's own, all below it is ours. The reader lives and dies with the program;
hands reach it at the socket CONTROL (simulator.reader.hands).
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from simulator.control_socket import ControlSocket
from simulator.reader.device import VirtualReader
from simulator.reader.hands import Hands
from simulator.reader.hid import HidDevice
from simulator.wire.usb_backend import Plugged, VirtualUsb, put_in_libusbs_place

_WRONG_USE = 2


class Sockets:
    """A bus as hands take it (simulator.reader.hands.Bus): what is plugged in has a key."""

    def __init__(self, usb: VirtualUsb) -> None:
        self._usb = usb
        self._plugged: dict[int, Plugged] = {}

    @property
    def kernel_driver(self) -> Mapping[int, bool]:
        """Whether the kernel's driver has it, by key: no program does then."""
        return {key: one.kernel_driver for key, one in self._plugged.items()}

    def plug(self, device: HidDevice, socket_number: int = 1) -> int:
        """Plug it in; its key."""
        plugged = self._usb.plug(device, socket_number)
        self._plugged[plugged.address] = plugged
        return plugged.address

    def unplug(self, key: int) -> None:
        """Pull it out."""
        self._usb.unplug(self._plugged.pop(key).function.device)


def plug_in(control: Path) -> None:
    """Put a bus with a reader into libusb's place, and serve hands from a thread of its own."""
    usb = VirtualUsb()
    put_in_libusbs_place(usb)
    hands = Hands(Sockets(usb), VirtualReader(), _end_program)
    door = ControlSocket(control, hands.verbs, "simulator.reader.hands")
    door.obey(b'{"do": "plug"}')
    threading.Thread(target=asyncio.run, args=(_serve(door),), name="hands", daemon=True).start()


def _end_program() -> None:
    """Once the answer has left: a program that does not catch the signal is gone at once."""
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)


async def _serve(door: ControlSocket) -> None:
    await door.start()
    await asyncio.Event().wait()


def main(arguments: list[str]) -> int:
    """Become the program, which ends the process."""
    if len(arguments) < 2:
        print("use: python -m simulator.demo.plugged CONTROL PROGRAM ARGUMENTS…", file=sys.stderr)
        return _WRONG_USE
    plug_in(Path(arguments[0]))
    sys.argv = arguments[1:]
    runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
