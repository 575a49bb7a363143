"""A listening socket: the terminal on a network (PA00P016, port 20007). One ECR at a time."""

from __future__ import annotations

import asyncio
import socket
import ssl

from simulator.wire.end import Listener
from simulator.wire.outage import Outage

DEFAULT_PORT = 20007
_PATIENCE_S = 0.5
"""How long a new ECR waits for the one before it to leave: one that hangs up and calls again at once is
heard again before its hanging up is. As long it would stand in a real terminal's backlog."""


class TcpEnd:
    """`idle_close_s` above 0: the socket is closed after so much silence, as some terminals do."""

    on_tcp = True

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        tls: ssl.SSLContext | None = None,
        idle_close_s: float = 0.0,
    ) -> None:
        self._host, self._port = host, port
        self._tls = tls
        self._idle_close_s = idle_close_s
        self._server: asyncio.Server | None = None
        self._listener: Listener | None = None
        self._outage = Outage(self.restore)
        self.peer: _Connection | None = None
        self._next: _Connection | None = None

    @property
    def address(self) -> str:
        """Host and port, the port as it really is when 0 was asked for."""
        return f"{self._host}:{self._port}"

    async def start(self, listener: Listener) -> None:
        """Listen. OSError when the port is taken."""
        self._listener = listener
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), self._host, self._port, ssl=self._tls, reuse_address=True
        )
        self._port = self._server.sockets[0].getsockname()[1]

    def write(self, data: bytes) -> None:
        """Send to the ECR that is connected."""
        if self.peer is not None and self._outage.what is None:
            self.peer.write(data)

    def hang_up(self) -> None:
        """Close the socket."""
        if self.peer is not None:
            self.peer.drop()

    def cut(self, what: str, seconds: float) -> None:
        """cut: the socket is reset and new ones are refused; mute: bytes are lost, the socket stays."""
        self._outage.begin(what, seconds)
        if what == "cut":
            self.hang_up()

    def restore(self, path: str | None = None) -> None:  # noqa: ARG002  # a socket has no path
        """The cable is in again."""
        self._outage.end()

    def close(self) -> None:
        """Stop listening."""
        self._outage.end()
        self.hang_up()
        if self._server is not None:
            self._server.close()

    # --- from the connections -------------------------------------------------------------------------

    def knock(self, connection: _Connection) -> None:
        """An ECR is at the door: let it in, let it wait a moment for the one before it, or turn it away."""
        if self._outage.what == "cut" or self._next is not None:
            connection.refuse()
        elif self.peer is None:
            self._admit(connection)
        else:
            self._next = connection
            connection.wait()
            asyncio.get_running_loop().call_later(_PATIENCE_S, self._out_of_patience, connection)

    def _admit(self, connection: _Connection) -> None:
        self.peer = connection
        if self._listener is not None:
            self._listener.on_connect()
        connection.come_in()

    def _out_of_patience(self, connection: _Connection) -> None:
        if self._next is connection:
            self._next = None
            connection.refuse()

    def heard(self, data: bytes) -> None:
        """Bytes of the ECR."""
        if self._outage.what is None and self._listener is not None:
            self._listener.on_bytes(data)

    def left(self, connection: _Connection) -> None:
        """A connection is closed."""
        if connection is self._next:
            self._next = None
        if connection is self.peer and self._listener is not None:
            self.peer = None
            self._listener.on_disconnect()
            waiting, self._next = self._next, None
            if waiting is not None:
                self.knock(waiting)

    @property
    def idle_close_s(self) -> float:
        """After how much silence the socket is closed; 0: never."""
        return self._idle_close_s


class _Connection(asyncio.Protocol):
    """One ECR's socket."""

    def __init__(self, end: TcpEnd) -> None:
        self._end = end
        self._transport: asyncio.Transport | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._end.knock(self)

    def wait(self) -> None:
        """Somebody else is still there: what is said meanwhile stays in the socket."""
        if self._transport is not None:
            self._transport.pause_reading()

    def come_in(self) -> None:
        """Be heard from now on."""
        if self._transport is not None:
            self._transport.resume_reading()
        self._rest()

    def refuse(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes."""
        if self._end.peer is self:
            self._rest()
            self._end.heard(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # why it closed does not matter
        """It is gone."""
        if self._idle is not None:
            self._idle.cancel()
        self._end.left(self)

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None and not self._transport.is_closing():
            self._rest()
            self._transport.write(data)

    def drop(self) -> None:
        """Close after what was written has left."""
        if self._transport is not None:
            self._transport.close()

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._end.idle_close_s > 0:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._end.idle_close_s, self.drop)
