"""The bytes that arrived on an endpoint and were not read yet: bounded, with one reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.transport import EndpointClosed
from protocols.core.errors import LocalError

FULL_AT_BYTES = 65_536  # the sender is asked to pause here, so that a flood never grows our memory
READ_LIMIT_BYTES = 16_384  # at most this much in one read


def _ignore() -> None:
    """Nobody needs to hear of it."""


class Inlet:
    """Filled by the loop's callbacks, emptied by `read`. Lives on one event loop.

    `pause` is called once when it becomes full, `resume` once when a read made room again.
    """

    def __init__(self, pause: Callable[[], None] = _ignore, resume: Callable[[], None] = _ignore) -> None:
        self._buffer = bytearray()
        self._pause, self._resume = pause, resume
        self._paused = False
        self._ended: EndpointClosed | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def ended(self) -> EndpointClosed | None:
        """Why nothing more will come; None while it may."""
        return self._ended

    @property
    def full(self) -> bool:
        """Whether the sender was asked to pause."""
        return self._paused

    def feed(self, data: bytes) -> None:
        """Take bytes that arrived; those after the end are dropped."""
        if self._ended is not None or not data:
            return
        self._buffer += data
        if len(self._buffer) >= FULL_AT_BYTES and not self._paused:
            self._paused = True
            self._pause()
        self._ring()

    def end(self, why: EndpointClosed) -> None:
        """Nothing more will come. The first reason stays."""
        if self._ended is None:
            self._ended = why
            self._ring()

    def discard(self) -> None:
        """Forget what was not read: the endpoint is closed and nobody will."""
        self._buffer.clear()

    async def read(self) -> bytes:
        """All that is there, up to READ_LIMIT_BYTES. Raises EndpointClosed once it is empty and ended."""
        while not self._buffer:
            if self._ended is not None:
                raise self._ended.with_traceback(None)
            await self._wait()
        data = bytes(self._buffer[:READ_LIMIT_BYTES])
        del self._buffer[:READ_LIMIT_BYTES]
        if self._paused and len(self._buffer) < FULL_AT_BYTES:
            self._paused = False
            self._resume()
        return data

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise LocalError("two_readers", "an endpoint is read by one task at a time")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
