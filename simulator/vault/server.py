"""The vault on a real socket, in TLS: carries out the acts of `HttpSide`, one task per connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime

from simulator.vault.desk import VaultDesk
from simulator.vault.entry_page import EntryPage
from simulator.vault.http_side import Act, HangUp, HttpSide, Wait, Write

_LOT = 65_536


class VaultServer:
    """Serves one desk. `wall` tells the time in UTC. Without `tls` it speaks plain HTTP, for tests."""

    def __init__(self, desk: VaultDesk, wall: Callable[[], datetime], tls: ssl.SSLContext | None) -> None:
        self._desk, self._wall, self._tls = desk, wall, tls
        self._page = EntryPage(desk, desk.settings.frame_ancestors)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port that was taken. OSError where it cannot."""
        self._server = await asyncio.start_server(self._accepted, host, port, ssl=self._tls)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="vault connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        side = HttpSide(self._desk, self._page)
        try:
            while True:
                data = await reader.read(_LOT)
                for act in side.receive(data, self._wall()):
                    if await self._done(act, writer):
                        return
                if not data:
                    return
        except OSError:
            pass  # the client is gone; what was booked stays booked
        finally:
            writer.transport.abort()

    @staticmethod
    async def _done(act: Act, writer: asyncio.StreamWriter) -> bool:
        """Carry out one act; True where the connection is over."""
        match act:
            case Wait(seconds=seconds):
                await asyncio.sleep(seconds)
            case Write(data=data):
                writer.write(data)
                await writer.drain()
            case HangUp(rude=rude):
                if not rude:
                    writer.close()
                    await writer.wait_closed()
                return True
        return False
