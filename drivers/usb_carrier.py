"""How HID reports get in and out of a claimed USB interface: one thread per open port reads, writes take
their turn in the loop's executor, and the reading thread closes the interface when it ends.

A blocking read cannot be cancelled from outside, so it comes back now and then to look whether it is over.
"""

from __future__ import annotations

import asyncio
import errno
import threading
from array import array
from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol

from drivers.hid_descriptor import ReportSizes
from drivers.inlet import ReportInlet, wipe
from drivers.transport import WRITE_LIMIT_S, EndpointClosed
from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.core.session import Report

READ_SLICE_S = 0.1  # a close waits at most this long for the thread
UNDECLARED_BYTES = 1024  # asked of a feature report whose size the device does not declare
_GONE = frozenset({errno.ENODEV, errno.EIO, errno.ENXIO, errno.ENOENT, errno.ESHUTDOWN, errno.EPROTO})


class ClaimedInterface(Protocol):
    """A HID interface that is ours. All calls block and raise OSError: ETIMEDOUT, EPIPE (a stall), ENODEV."""

    @property
    def sizes(self) -> ReportSizes: ...

    @property
    def packet_bytes(self) -> int: ...

    def read_into(self, buffer: array[int], timeout_s: float) -> int: ...

    def clear_stall(self) -> None: ...

    def set_report(self, kind: Literal["output", "feature"], report_id: int, data: array[int]) -> None: ...

    def get_feature(self, report_id: int, size: int) -> bytes: ...

    def close(self) -> None: ...


class ReportCarrier:
    """Fills an inlet from the moment it is made; `sent_any` as in Endpoint."""

    def __init__(self, hid: ClaimedInterface, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.sent_any = False
        self._may_read = threading.Event()
        self._may_read.set()
        self.inlet = ReportInlet(pause=self._may_read.clear, resume=self._may_read.set)
        self._hid = hid
        self._name = name
        self._loop = loop
        self._stopping = False
        self._transfers = threading.Lock()  # no interface is closed under a transfer
        self._closed = False
        self._thread = threading.Thread(target=self._read_on, name=f"usb {name}", daemon=True)
        self._thread.start()

    async def write(self, report: Report) -> None:
        """See Endpoint. The answer to get_feature, or to any report the word that it stalled, is read."""
        if self.inlet.ended is not None:
            raise self.inlet.ended.with_traceback(None)
        self.sent_any = True  # how much of a failing transfer left is not told
        try:
            answer = await self._loop.run_in_executor(None, self._transfer, report)
        except OSError as error:
            raise lost(self._name, error) from None
        if answer is not None:
            self.inlet.feed(answer)

    async def stop(self) -> None:
        """Returns when the thread has ended and the interface is closed; both happen also if nobody waits."""
        self._stopping = True
        self._may_read.set()
        await self._loop.run_in_executor(None, self._thread.join)

    # --- in the executor ----------------------------------------------------------------------------

    def _transfer(self, report: Report) -> Report | None:
        with self._transfers:
            if self._closed:
                raise OSError(errno.ENODEV, "closed meanwhile")
            try:
                return self._do(report)
            except OSError as error:
                if error.errno == errno.EPIPE:
                    return Report("stalled", report.id, b"")
                raise

    def _do(self, report: Report) -> Report | None:
        match report.kind:
            case "get_feature":
                size = self._hid.sizes.of("feature", report.id) or UNDECLARED_BYTES
                return Report("feature", report.id, self._hid.get_feature(report.id, size))
            case "output" | "feature":
                payload = self._padded(report.kind, report)
                try:
                    self._hid.set_report(report.kind, report.id, payload)
                finally:
                    _zero(payload)
                return None
            case _:
                raise LocalError("wrong_report", f"a report of kind {report.kind!r} is never sent by us")

    def _padded(self, kind: Literal["output", "feature"], report: Report) -> array[int]:
        """A report has the size that the device declares (HID 1.11 ch. 8.1); what is not said is zero."""
        data = report.data.view() if isinstance(report.data, Sealed) else report.data
        head = [report.id] if self._hid.sizes.numbered else []
        missing = (self._hid.sizes.of(kind, report.id) or 0) - len(data)
        return array("B", [*head, *data, *bytes(max(missing, 0))])

    # --- in the reading thread ----------------------------------------------------------------------

    def _read_on(self) -> None:
        reader = _Reader(self._hid)
        why: OSError | None = None
        try:
            while not self._stopping:
                self._may_read.wait()
                if (report := reader.next()) is not None:
                    self._tell(partial(self.inlet.feed, report), report)
        except OSError as error:
            why = error
        finally:
            reader.wipe()
            self._tell(partial(self.inlet.end, lost(self._name, why)))
            with self._transfers:
                self._closed = True
                self._hid.close()

    def _tell(self, what: Callable[[], None], report: Report | None = None) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self._stopping = True
            if report is not None:
                wipe(report)


class _Reader:
    """Puts input reports together. One transfer holds one report: it ends with a short packet or when the
    longest report is complete (HID 1.11 ch. 8.4). One that times out may have brought whole packets."""

    def __init__(self, hid: ClaimedInterface) -> None:
        self._hid = hid
        packets = -(-max(hid.sizes.longest_input, 1) // hid.packet_bytes)
        self._bytes = packets * hid.packet_bytes
        self._report = bytearray(self._bytes)
        self._filled = 0

    def next(self) -> Report | None:
        """A report; None when none was complete within READ_SLICE_S."""
        buffer = array("B", bytes(self._bytes - self._filled))
        try:
            count = self._hid.read_into(buffer, READ_SLICE_S)
            self._report[self._filled : self._filled + count] = memoryview(buffer)[:count]
        except OSError as error:
            return self._unread(error)
        finally:
            _zero(buffer)
        self._filled += count
        longest = self._filled >= max(self._hid.sizes.longest_input, 1)
        if longest or (self._filled and (not count or count % self._hid.packet_bytes)):
            return self._taken()
        return None

    def wipe(self) -> None:
        """Nothing is kept of a report that was half in."""
        self._report[:] = bytes(self._bytes)
        self._filled = 0

    def _taken(self) -> Report:
        numbered = self._hid.sizes.numbered
        with memoryview(self._report) as view:
            report = Report("input", view[0] if numbered else 0, Sealed(view[int(numbered) : self._filled]))
        self.wipe()
        return report

    def _unread(self, error: OSError) -> Report | None:
        if error.errno == errno.ETIMEDOUT:
            return None
        if error.errno == errno.EPIPE:
            self.wipe()
            self._hid.clear_stall()
            return Report("stalled", 0, b"")
        raise error


def lost(name: str, error: OSError | None) -> EndpointClosed:
    """Why a port that was open is no more. A device that is pulled out shows as ENODEV or as EIO."""
    if error is None:
        return EndpointClosed("closed", f"{name} was closed on our side")
    if error.errno == errno.ETIMEDOUT:
        return EndpointClosed(
            "write_stalled",
            f"{name} has taken no report for {WRITE_LIMIT_S} s; unplug it and plug it in again",
        )
    reason = error.strerror or type(error).__name__
    if error.errno in _GONE:
        return EndpointClosed("unplugged", f"{name} is gone ({reason}); plug it in again")
    return EndpointClosed("reset", f"{name} failed ({reason}); unplug it and plug it in again")


def _zero(buffer: array[int]) -> None:
    memoryview(buffer)[:] = bytes(len(buffer))
