"""A real serial device: the simulated terminal at the end of a real cable (PA00P016: 9600 baud 8N2)."""

from __future__ import annotations

import asyncio

import serial

from simulator.wire.end import Listener
from simulator.wire.outage import Outage

_CHUNK = 65_536


class SerialEnd:
    """A serial port of this computer, opened for ourselves alone."""

    on_tcp = False

    def __init__(self, device: str, baud: int = 9600) -> None:
        self._device = device
        self._baud = baud
        self._port: serial.Serial | None = None
        self._listener: Listener | None = None
        self._outage = Outage(self.restore)

    @property
    def address(self) -> str:
        """The device."""
        return self._device

    async def start(self, listener: Listener) -> None:
        """Open the port. OSError (serial.SerialException) when it is not to be had."""
        self._listener = listener
        self._port = serial.Serial(
            self._device,
            self._baud,
            stopbits=serial.STOPBITS_TWO,
            timeout=0,
            write_timeout=0,
            exclusive=True,
        )
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._readable)

    def write(self, data: bytes) -> None:
        """Send."""
        if self._port is None or self._outage.what is not None:
            return
        try:
            self._port.write(data)
        except OSError:
            return

    def hang_up(self) -> None:
        """A serial line has no connection to close."""

    def cut(self, what: str, seconds: float) -> None:
        """A real cable is cut by hand; here the bytes are lost in either case."""
        self._outage.begin(what, seconds)

    def restore(self, path: str | None = None) -> None:  # noqa: ARG002  # a real device stays where it is
        """Bytes pass again."""
        self._outage.end()

    def close(self) -> None:
        """Give the port back."""
        self._outage.end()
        if self._port is not None:
            asyncio.get_running_loop().remove_reader(self._port.fileno())
            self._port.close()
            self._port = None

    def _readable(self) -> None:
        if self._port is None:
            return
        try:
            data = self._port.read(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self.close()  # the device is gone; a level-triggered loop would spin on it
        elif self._outage.what is None and self._listener is not None:
            self._listener.on_bytes(data)
