"""What every way to a terminal has in common: an `Endpoint`, and the two ways in which it fails.

An endpoint is one opening: open it once, close it, then make a new one. Every foreign exception (OSError,
ssl, pyserial) becomes one of the two errors below inside the endpoint's own file and goes no further.
"""

from __future__ import annotations

from typing import Protocol

from protocols.core.card import Sealed
from protocols.core.errors import Effect, Fault, LocalError, ProtocolError
from protocols.core.session import Data, Peer, Report

OPEN_LIMIT_S = 5.0  # an Open is answered within this time (session contract)
WRITE_LIMIT_S = (
    2.0  # a peer that takes no byte for this long is gone: every frame of ours fits the OS's buffer
)


class EndpointError(ProtocolError):
    """`why` is "code: message", the form in which a session and the front desk hear of it."""

    fault: Fault = "operator"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.message = message

    @property
    def why(self) -> str:
        """The stable code, a colon, the text."""
        return f"{self.code}: {self.message}"


class EndpointUnavailable(EndpointError):  # noqa: N818  # a state of the cable, by the name of the contract
    """It could not be opened; nothing was sent.

    Codes: port_missing, port_ambiguous, wrong_adapter, port_busy (`holder` is the program), permission,
    not_serial, port_failed, name_unknown, refused, unreachable, timeout, tls_name, tls_untrusted,
    tls_expired, tls_files, tls_failed.
    """

    effect: Effect = "none"

    def __init__(self, code: str, message: str, holder: str | None = None) -> None:
        super().__init__(code, message)
        self.holder = holder


class EndpointClosed(EndpointError):  # noqa: N818  # a state of the cable, by the name of the contract
    """It was open and is no more. Whether a byte had left is the endpoint's `sent_any`.

    Codes: peer_closed, reset, unplugged, unreachable, write_stalled, tls_failed, closed (by ourselves).
    """


class Endpoint(Protocol):
    """One opening of a serial port, a TCP connection, one end of a null modem."""

    @property
    def sent_any(self) -> bool:
        """False only when certainly no byte of any write reached the OS. In doubt it is True."""
        ...

    async def open(self, timeout_s: float) -> Peer:
        """Open within `timeout_s`. Raises EndpointUnavailable."""
        ...

    async def read(self) -> Data:
        """The next bytes, never b"", as soon as there are any. One reader at a time; a cancelled read
        loses nothing. What had arrived before the end is still given, then EndpointClosed is raised."""
        ...

    async def write(self, data: Data) -> None:
        """Return when the OS took all of it. Raises EndpointClosed, also when the peer takes no byte for
        WRITE_LIMIT_S. Writes without waiting whenever the OS has room."""
        ...

    async def aclose(self) -> None:
        """Close promptly; a waiting read ends with EndpointClosed. May be called again, or unopened."""
        ...


def octets(data: Data) -> bytes | memoryview:
    """The bytes to write. A sealed buffer is lent, not copied; a HID report needs a HID endpoint."""
    if isinstance(data, Report):
        raise LocalError("wrong_endpoint", "a HID report was sent to a byte stream; it needs a USB endpoint")
    return data.view() if isinstance(data, Sealed) else data
