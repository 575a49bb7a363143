"""Every kind of endpoint with its other side in the test's hands."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Protocol

from drivers.config import SerialConfig, TcpConfig, TlsConfig
from drivers.memory_port import MemoryPort, NullModem
from drivers.serial_carrier import LoopCarrier, ThreadCarrier
from drivers.serial_port import MakeCarrier, SerialPort
from drivers.tcp_port import TcpPort
from drivers.transport import Endpoint
from tests.contract.drivers.usb_cable import UsbCable
from tests.support.pty import PtyCable
from tests.support.tls_authority import TlsAuthority


class Cable(Protocol):
    """`near` makes endpoints; the other methods are the far side."""

    async def prepare(self) -> None:
        """Make it possible to open `near`."""
        ...

    def near(self) -> Endpoint:
        """A fresh endpoint."""
        ...

    def near_to_nobody(self) -> Endpoint:
        """An endpoint that cannot be opened."""
        ...

    async def write(self, data: bytes) -> None:
        """The far side writes."""
        ...

    async def read(self, size: int) -> bytes:
        """The far side reads exactly so much."""
        ...

    async def hang_up(self) -> None:
        """The far side goes away."""
        ...

    async def discard(self) -> None:
        """Clean up; may follow hang_up."""
        ...


class SerialCable:
    """A pty."""

    def __init__(self, carrier: MakeCarrier) -> None:
        self._carrier = carrier
        self._pty = PtyCable()

    async def prepare(self) -> None: ...

    def near(self) -> Endpoint:
        return SerialPort(SerialConfig(path=self._pty.path), lambda: (), self._carrier)

    def near_to_nobody(self) -> Endpoint:
        return SerialPort(SerialConfig(path=f"{self._pty.path}.none"), lambda: (), self._carrier)

    async def write(self, data: bytes) -> None:
        await self._pty.write(data)

    async def read(self, size: int) -> bytes:
        return await self._pty.read(size)

    async def hang_up(self) -> None:
        self._pty.unplug()

    async def discard(self) -> None:
        self._pty.unplug()


class TcpCable:
    """A listening socket on loopback, with TLS where a context is given."""

    def __init__(self, server_tls: ssl.SSLContext | None = None, client_tls: TlsConfig | None = None) -> None:
        self._server_tls, self._client_tls = server_tls, client_tls
        self._streams: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] | None = None

    async def prepare(self) -> None:
        self._streams = asyncio.get_running_loop().create_future()
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, ssl=self._server_tls)
        self._port: int = self._server.sockets[0].getsockname()[1]

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._streams is not None
        self._streams.set_result((reader, writer))

    def near(self) -> Endpoint:
        return TcpPort(TcpConfig("127.0.0.1", self._port, self._client_tls))

    def near_to_nobody(self) -> Endpoint:
        self._server.close()
        return self.near()

    async def _far(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._streams is not None
        return await self._streams

    async def write(self, data: bytes) -> None:
        writer = (await self._far())[1]
        writer.write(data)
        await writer.drain()

    async def read(self, size: int) -> bytes:
        return await (await self._far())[0].readexactly(size)

    async def hang_up(self) -> None:
        (await self._far())[1].close()

    async def discard(self) -> None:
        self._server.close()
        if self._streams is not None and self._streams.done():
            self._streams.result()[1].transport.abort()
        await asyncio.sleep(0)


class MemoryCable:
    """A null modem; the far side is its other end."""

    def __init__(self) -> None:
        self._modem = NullModem()
        self._far: MemoryPort = self._modem.end("b")
        self._got = b""

    async def prepare(self) -> None:
        await self._far.open(1)

    def near(self) -> Endpoint:
        return self._modem.end("a")

    def near_to_nobody(self) -> Endpoint:
        self._modem.unplug()
        return self.near()

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), 4096):
            await self._far.write(data[at : at + 4096])

    async def read(self, size: int) -> bytes:
        while len(self._got) < size:
            self._got += await self._far.read()
        data, self._got = self._got[:size], self._got[size:]
        return data

    async def hang_up(self) -> None:
        await self._far.aclose()

    async def discard(self) -> None:
        await self._far.aclose()


def tls_cable(folder: Path) -> TcpCable:
    """TLS with a made-up authority; the server is known by its address."""
    authority = TlsAuthority(folder)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*authority.issue("terminal-7", ("127.0.0.1",)))
    return TcpCable(server, TlsConfig(ca_file=authority.ca_file))


def make_cable(kind: str, folder: Path) -> Cable:
    """By the name that a test shows."""
    match kind:
        case "serial":
            return SerialCable(LoopCarrier)
        case "serial by thread":
            return SerialCable(ThreadCarrier)
        case "tcp":
            return TcpCable()
        case "tls":
            return tls_cable(folder)
        case "usb":
            return UsbCable()
        case _:
            return MemoryCable()


KINDS = ("serial", "serial by thread", "tcp", "tls", "usb", "memory")
