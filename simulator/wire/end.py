"""What a wire end is to the station behind it: bytes, a peer that comes and goes, a cable to be cut."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Who sits behind a wire end. Called on the event loop, never from another thread."""

    def on_bytes(self, data: bytes) -> None:
        """The ECR wrote this."""
        ...

    def on_connect(self) -> None:
        """An ECR is there (TCP only: a serial line does not tell)."""
        ...

    def on_disconnect(self) -> None:
        """The ECR is gone (TCP only)."""
        ...


class WireEnd(Protocol):
    """One end of a cable. All errors of the peer are swallowed: a terminal only ever sees silence."""

    on_tcp: bool

    async def start(self, listener: Listener) -> None:
        """Begin to listen. OSError when the port, path or device is not to be had."""
        ...

    def write(self, data: bytes) -> None:
        """Send; lost without a word while nobody listens or the cable is out."""
        ...

    def hang_up(self) -> None:
        """Close the connection, if it is one."""
        ...

    def cut(self, what: str, seconds: float) -> None:
        """cut: the link goes; mute: bytes are lost both ways. Back after `seconds`, 0: by `restore`."""
        ...

    def restore(self, path: str | None = None) -> None:
        """The cable is in again; a pty may come back under another path, as an adapter on another port."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...

    @property
    def address(self) -> str:
        """Where an ECR finds it."""
        ...
