"""A cable between a client and a server on TCP, which can be cut or go silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """Passes bytes both ways; bytes are swallowed while `silent`, and only the client's while `unheard`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.silent = False
        self.unheard = False
        self._unplugged = False
        self.port = 0
        self.connections = 0
        self.carried_up = 0  # bytes of the clients that were passed on

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a client with a fresh connection to the server."""
        self.connections += 1
        if self._unplugged:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        for source, sink, up in ((reader, far_writer, True), (far_reader, writer, False)):
            task = asyncio.create_task(self._pass(source, sink, up=up))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Drop every connection at once, without a word of MQTT."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def unplug(self) -> None:
        """Drop every connection and refuse new ones: nobody can come back before the server has noticed."""
        self._unplugged = True
        self.cut()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool) -> None:
        try:
            while data := await source.read(65_536):
                if not (self.silent or (up and self.unheard)):
                    sink.write(data)
                    self.carried_up += len(data) if up else 0
        except ConnectionError:
            pass
        finally:
            if not self.silent:
                sink.close()


@asynccontextmanager
async def relayed(host: str, port: int) -> AsyncIterator[Relay]:
    """A relay to a server, on a free port of loopback."""
    relay = Relay(host, port)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.cut()
