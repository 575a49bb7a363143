"""A pseudo-terminal as a serial cable: the test holds one end, the driver opens the other by its path."""

from __future__ import annotations

import asyncio
import os
import tty


class PtyCable:
    """`path` is what a driver opens. Our end is raw and does not block."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)

    async def write(self, data: bytes) -> None:
        """As the terminal; waits for room."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._master, rest) :]
            except BlockingIOError:
                await asyncio.sleep(0.001)

    async def read(self, size: int, within_s: float = 5.0) -> bytes:
        """Exactly so many bytes. Polls: a master whose other end is closed reads as EIO, which may pass."""
        got = b""
        async with asyncio.timeout(within_s):
            while len(got) < size:
                try:
                    got += os.read(self._master, size - len(got))
                except (BlockingIOError, OSError):
                    await asyncio.sleep(0.001)
        return got

    def unplug(self) -> None:
        """Hang up: the driver's end gets an end of file or EIO. May be called again."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
