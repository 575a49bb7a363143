"""Virtual USB below the real libusb: HidDevices of this process on a bus that one program sees as its own.

umockdev emulates the kernel's side in a process of Debian's Python (`usb_umockdev.py`); it asks here, over a
socket, what the devices answer. Needs the Debian packages umockdev, gir1.2-umockdev-1.0, python3-gi.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.declared import SettingError
from simulator.reader.hid import HidDevice, Stalled
from simulator.wire.usb_function import Setup, UsbFunction

_SERVER = Path(__file__).with_name("usb_umockdev.py")
_SYSTEM_PYTHON = "/usr/bin/python3"
_SETUP_BYTES = 8
_PACKAGES = ("umockdev", "gir1.2-umockdev-1.0", "python3-gi", "libusb-1.0-0")
_TRY = (
    "import ctypes, gi; gi.require_version('UMockdev', '1.0'); from gi.repository import UMockdev;"
    " ctypes.CDLL('libusb-1.0.so.0')"
)


def check_packages() -> None:
    """Raises SettingError with the line that installs what is missing."""
    found = shutil.which("umockdev-wrapper") is not None and Path(_SYSTEM_PYTHON).exists()
    if not found or subprocess.run([_SYSTEM_PYTHON, "-c", _TRY], capture_output=True, check=False).returncode:
        raise SettingError(
            "a virtual USB bus needs umockdev with its Python door, and libusb; install them:"
            f" apt-get install {' '.join(_PACKAGES)}"
        )


class MockedUsb:
    """A bus. Plug devices in before or after `start`; all of it belongs to one event loop."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self._writer: asyncio.StreamWriter | None = None
        self._answering: asyncio.Task[None] | None = None
        self._at_the_start: list[dict[str, Any]] = []
        self._keys = itertools.count(1)
        self._functions: dict[int, UsbFunction] = {}
        self.kernel_driver: dict[int, bool] = {}

    async def start(self, command: Sequence[str], **popen: Any) -> asyncio.subprocess.Process:
        """Run a program on this bus. The process that is returned has its output and its exit code."""
        under, given = self.under()
        process = await asyncio.create_subprocess_exec(*under, *command, pass_fds=given, **popen)
        await self.serve()
        return process

    def under(self) -> tuple[Sequence[str], tuple[int, ...]]:
        """For who starts the program otherwise: what it is to run under, and which descriptors are passed."""
        far = self._far.fileno()
        return ("umockdev-wrapper", _SYSTEM_PYTHON, str(_SERVER), str(far)), (far,)

    async def serve(self) -> None:
        """Answer for the devices, once the program was started."""
        self._far.close()
        reader, self._writer = await asyncio.open_connection(sock=self._near, limit=1 << 20)
        self._writer.write(json.dumps(self._at_the_start).encode() + b"\n")
        self._answering = asyncio.create_task(self._answer(reader))

    async def stop(self) -> None:
        """Take the bus away; the program is told to end."""
        if self._writer is not None and self._answering is not None:
            self._writer.close()
            await self._answering
        else:
            self._near.close()
            self._far.close()

    def plug(self, device: HidDevice, socket_number: int = 1, *, closed: bool = False) -> int:
        """Its key. `closed`: nobody has a right to open its node."""
        key = next(self._keys)
        function = self._functions[key] = UsbFunction(device)
        self._tell(
            {
                "plug": key,
                "socket": socket_number,
                "closed": closed,
                "device": device.descriptors.device.hex(),
                "configuration": device.descriptors.configuration.hex(),
                "packet_bytes": function.packet_bytes,
            }
        )
        loop = asyncio.get_running_loop()

        def heard() -> None:
            loop.call_soon_threadsafe(self._forward, key)

        function.listen(heard)
        return key

    def unplug(self, key: int) -> None:
        """Pull it out."""
        self._functions.pop(key).device.lose_power()
        self._tell({"unplug": key})

    def _tell(self, message: dict[str, Any]) -> None:
        if self._writer is None:
            self._at_the_start.append(message)
        else:
            self._writer.write(json.dumps(message).encode() + b"\n")

    def _forward(self, key: int) -> None:
        """Send on what the device has to say; it waits at the other side until the program reads."""
        function = self._functions.get(key)
        if function is not None:
            packets = [packet.hex() for packet in iter(function.next_packet, None)]
            self._tell({"device": key, "packets": packets})

    async def _answer(self, reader: asyncio.StreamReader) -> None:
        """Until the program has ended."""
        with contextlib.suppress(ConnectionError):  # it may end with something of ours unread
            while line := await reader.readline():
                message = json.loads(line)
                if "driver" in message:
                    self.kernel_driver[message["driver"]] = message["on"]
                else:
                    self._tell({"answer": message["ask"], "data": self._answer_to(message)})

    def _answer_to(self, message: dict[str, Any]) -> str | None:
        """The device's answer in hexadecimal; None where it stalls or is gone."""
        function = self._functions.get(message["device"])
        if function is None:
            return None
        try:
            if "out" in message:
                function.interrupt_out(bytes.fromhex(message["out"]))
                return ""
            request = bytes.fromhex(message["control"])
            return function.control(_setup(request), request[_SETUP_BYTES:]).hex()
        except Stalled:
            return None


def _setup(request: bytes) -> Setup:
    value, index, length = (int.from_bytes(request[at : at + 2], "little") for at in (2, 4, 6))
    return Setup(request[0], request[1], value, index, length)
