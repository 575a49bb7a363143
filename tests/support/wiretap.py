"""A man in the middle of a ZVT line over TCP: sees every APDU, and may keep one back.

async with tapped(station.port) as tap: …tap.port…; tap.watch = lambda apdu, from_terminal: True to pass it on
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

Watch = Callable[[bytes, bool], bool]
_EXTENDED = 0xFF  # then the length stands in the next two bytes, low byte first (PA00P015 ch. 1.4)


class Tap:
    """Every connection to `port` is passed on to the terminal's. `seen`: APDUs, True for the terminal's."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.seen: list[tuple[bytes, bool]] = []
        self.watch: Watch = lambda _apdu, _from_terminal: True
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join the agent with the terminal."""
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        for source, sink, theirs in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.create_task(self._pass(source, sink, from_terminal=theirs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, from_terminal: bool
    ) -> None:
        rest = b""
        try:
            while data := await source.read(65_536):
                rest += data
                for apdu in _whole(rest):
                    rest = rest[len(apdu) :]
                    self.seen.append((apdu, from_terminal))
                    if self.watch(apdu, from_terminal):
                        sink.write(apdu)
        except ConnectionError:
            pass
        finally:
            sink.close()


def _whole(data: bytes) -> Iterator[bytes]:
    """The APDUs that are there whole."""
    at = 0
    while len(data) >= at + 3:
        head, length = 3, data[at + 2]
        if length == _EXTENDED:
            if len(data) < at + 5:
                return
            head, length = 5, int.from_bytes(data[at + 3 : at + 5], "little")
        if len(data) < at + head + length:
            return
        yield data[at : at + head + length]
        at += head + length


@asynccontextmanager
async def tapped(target: int) -> AsyncIterator[Tap]:
    """A tap in front of a terminal's port of loopback."""
    tap = Tap(target)
    server = await asyncio.start_server(tap.accept, "127.0.0.1", 0)
    tap.port = server.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        server.close()
        tap.cut()
