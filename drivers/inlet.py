"""What arrived on an endpoint and was not read yet: bounded, with one reader. Bytes, or HID reports."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from drivers.transport import EndpointClosed
from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.core.session import Report

FULL_AT_BYTES = 65_536  # the sender is asked to pause here, so that a flood never grows our memory
FULL_AT_REPORTS = 32  # the same, of HID reports
READ_LIMIT_BYTES = 16_384  # at most this much in one read


def _ignore() -> None:
    """Nobody needs to hear of it."""


class _Waiting:
    """The one reader, the end, and the pause. `pause` is called once when it becomes full, `resume` once when
    a read made room again. Lives on one event loop."""

    def __init__(self, pause: Callable[[], None] = _ignore, resume: Callable[[], None] = _ignore) -> None:
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

    def end(self, why: EndpointClosed) -> None:
        """Nothing more will come. The first reason stays."""
        if self._ended is None:
            self._ended = why
            self._ring()

    async def _wait(self) -> None:
        """Until more has come. Raises EndpointClosed if nothing will."""
        if self._ended is not None:
            raise self._ended.with_traceback(None)
        if self._waiter is not None:
            raise LocalError("two_readers", "an endpoint is read by one task at a time")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _came(self, full: bool) -> None:
        if full and not self._paused:
            self._paused = True
            self._pause()
        self._ring()

    def _went(self, full: bool) -> None:
        if self._paused and not full:
            self._paused = False
            self._resume()

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Inlet(_Waiting):
    """Bytes: filled by the loop's callbacks, emptied by `read`."""

    def __init__(self, pause: Callable[[], None] = _ignore, resume: Callable[[], None] = _ignore) -> None:
        super().__init__(pause, resume)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes that arrived; those after the end are dropped."""
        if self._ended is not None or not data:
            return
        self._buffer += data
        self._came(full=len(self._buffer) >= FULL_AT_BYTES)

    def discard(self) -> None:
        """Forget what was not read: the endpoint is closed and nobody will."""
        self._buffer.clear()

    async def read(self) -> bytes:
        """All that is there, up to READ_LIMIT_BYTES. Raises EndpointClosed once it is empty and ended."""
        while not self._buffer:
            await self._wait()
        data = bytes(self._buffer[:READ_LIMIT_BYTES])
        del self._buffer[:READ_LIMIT_BYTES]
        self._went(full=len(self._buffer) >= FULL_AT_BYTES)
        return data


class ReportInlet(_Waiting):
    """HID reports, one a read. What nobody will read is wiped."""

    def __init__(self, pause: Callable[[], None] = _ignore, resume: Callable[[], None] = _ignore) -> None:
        super().__init__(pause, resume)
        self._reports: deque[Report] = deque()

    def feed(self, report: Report) -> None:
        """Take one that arrived; those after the end are wiped."""
        if self._ended is not None:
            wipe(report)
            return
        self._reports.append(report)
        self._came(full=len(self._reports) >= FULL_AT_REPORTS)

    def discard(self) -> None:
        """Wipe what was not read: the endpoint is closed and nobody will."""
        for report in self._reports:
            wipe(report)
        self._reports.clear()

    async def read(self) -> Report:
        """The oldest. Raises EndpointClosed once there is none and none will come."""
        while not self._reports:
            await self._wait()
        report = self._reports.popleft()
        self._went(full=len(self._reports) >= FULL_AT_REPORTS)
        return report


def wipe(report: Report) -> None:
    """Zero what it seals."""
    if isinstance(report.data, Sealed):
        report.data.wipe()
