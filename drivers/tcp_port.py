"""TCP, plain or in TLS, as an endpoint: bytes leave at once (TCP_NODELAY), keep-alive notices a dead peer.

A peer that closes its half (FIN) ends our reading; until we close, writing is left to the OS, so that an
answer under way is not cut off.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from typing import cast

from drivers.config import TcpConfig, TlsConfig
from drivers.inlet import Inlet
from drivers.tls import check_pinned, client_context, common_name, refused
from drivers.transport import WRITE_LIMIT_S, EndpointClosed, EndpointUnavailable, octets
from protocols.core.session import Data, Peer

DEVICE_CLASSES = ()  # opens no device

# A peer that vanished is noticed after 15 s of silence and 3 probes 5 s apart, or with bytes under way 20 s.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)


class TcpPort:
    """One connection."""

    def __init__(self, config: TcpConfig) -> None:
        self._config = config
        self._where = f"{config.host}:{config.port}"
        self._wire: _Wire | None = None

    @property
    def sent_any(self) -> bool:
        """See Endpoint. The bytes of a TLS handshake do not count; once TLS took some of ours, they do."""
        return self._wire is not None and self._wire.sent_any

    async def open(self, timeout_s: float) -> Peer:
        """Connect, shake hands, compare names."""
        try:
            async with asyncio.timeout(timeout_s):
                self._wire = await self._connect()
        except TimeoutError:
            text = (
                f"{self._where} did not answer within {timeout_s:g} s; is it switched on and on this network?"
            )
            raise EndpointUnavailable("timeout", text) from None
        tls, name = self._config.tls, self._wire.common_name()
        if tls is not None:
            try:
                check_pinned(tls, self._where, name)
            except EndpointUnavailable:
                await self.aclose()
                raise
        return Peer(where=self._where, certificate_cn=name)

    async def read(self) -> bytes:
        """See Endpoint."""
        return await self._opened().inlet.read()

    async def write(self, data: Data) -> None:
        """See Endpoint."""
        await self._opened().write(octets(data))

    async def aclose(self) -> None:
        """See Endpoint."""
        if self._wire is not None:
            await self._wire.close()

    def _opened(self) -> _Wire:
        if self._wire is None:
            raise EndpointClosed("closed", f"{self._where} is not open")
        return self._wire

    async def _connect(self) -> _Wire:
        tls = self._config.tls
        # Reading the authorities of a whole system takes 20 ms: off the loop, which has other terminals, too.
        context = None if tls is None else await asyncio.to_thread(client_context, tls)
        try:
            _transport, wire = await asyncio.get_running_loop().create_connection(
                lambda: _Wire(self._where),
                self._config.host,
                self._config.port,
                ssl=context,
                server_hostname=None if tls is None else tls.server_name or self._config.host,
            )
        except (OSError, ssl.SSLError) as error:
            raise _unavailable(self._where, tls, error) from None
        return wire


class _Wire(asyncio.Protocol):
    """The connection's callbacks."""

    def __init__(self, where: str) -> None:
        self.sent_any = False
        self.inlet = Inlet(pause=self._pause, resume=self._resume)
        self._where = where
        self._drained = asyncio.Event()
        self._drained.set()
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A write that the OS does not take at once is reported, whatever its size. asyncio's TLS pauses at
        `high` and not above it: with 0 each write would wait until the peer says something."""
        self._transport = cast(asyncio.Transport, transport)
        encrypted = transport.get_extra_info("ssl_object") is not None
        self._transport.set_write_buffer_limits(high=1 if encrypted else 0, low=0)
        _tune(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """Into the inlet."""
        self.inlet.feed(data)

    def eof_received(self) -> bool:
        """The peer's half is closed; ours stays open where the wire can (TLS cannot)."""
        self.inlet.end(EndpointClosed("peer_closed", f"{self._where} closed the connection"))
        return self._transport.get_extra_info("ssl_object") is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, with the OS's or TLS's reason."""
        self.inlet.end(_closed(self._where, exc))
        self._gone.set()
        self._drained.set()

    def pause_writing(self) -> None:
        """The OS did not take all."""
        self._drained.clear()

    def resume_writing(self) -> None:
        """Now it has."""
        self._drained.set()

    def common_name(self) -> str | None:
        """Of the peer's certificate; None without TLS."""
        tls = self._transport.get_extra_info("ssl_object")
        return None if tls is None else common_name(tls)

    async def write(self, data: bytes | memoryview) -> None:
        """See Endpoint. A transport that starts closing while it takes our bytes has sent none of them."""
        self._raise_if_gone()
        self._transport.write(data)
        self.sent_any = self.sent_any or not self._transport.is_closing()
        if not self._drained.is_set():
            await self._drain()
        self._raise_if_gone()

    async def close(self) -> None:
        """Say goodbye without waiting for an answer, and drop what nobody takes."""
        self.inlet.end(EndpointClosed("closed", f"{self._where} was closed on our side"))
        self.inlet.discard()
        self._transport.close()
        self._transport.abort()
        await self._gone.wait()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(WRITE_LIMIT_S):
                await self._drained.wait()
        except TimeoutError:
            text = f"{self._where} has taken no byte for {WRITE_LIMIT_S:g} s; check the network and its end"
            raise EndpointClosed("write_stalled", text) from None

    def _raise_if_gone(self) -> None:
        if self._transport.is_closing():
            raise self.inlet.ended or EndpointClosed("reset", f"{self._where} broke the connection")

    def _pause(self) -> None:
        self._transport.pause_reading()

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


def _tune(sock: socket.socket) -> None:
    """Options that a system does not have are left alone."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _unavailable(where: str, tls: TlsConfig | None, error: OSError) -> EndpointUnavailable:
    if isinstance(error, ssl.SSLError) and tls is not None:
        return refused(where, tls, error)
    if isinstance(error, ConnectionResetError | ConnectionAbortedError) and tls is not None:
        return EndpointUnavailable("tls_failed", f"{where} broke off the TLS handshake; is it TLS there?")
    if isinstance(error, socket.gaierror):
        return EndpointUnavailable(
            "name_unknown", f"the host of {where} has no address; correct it or check the DNS"
        )
    if isinstance(error, TimeoutError):
        return EndpointUnavailable(
            "timeout", f"{where} did not answer; is it switched on and on this network?"
        )
    if error.errno in _UNREACHABLE:
        return EndpointUnavailable(
            "unreachable", f"there is no way to {where}; check cable, network and address"
        )
    return EndpointUnavailable("refused", f"{where} refuses the connection; is it ready, is the port right?")


def _closed(where: str, error: Exception | None) -> EndpointClosed:
    if error is None:
        return EndpointClosed("peer_closed", f"{where} closed the connection")
    if isinstance(error, ssl.SSLError):
        return EndpointClosed(
            "tls_failed", f"{where} ended TLS ({error.reason}); does it want a certificate of ours?"
        )
    if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno in _UNREACHABLE):
        return EndpointClosed("unreachable", f"{where} no longer answers; check cable and network")
    return EndpointClosed("reset", f"{where} broke the connection")
