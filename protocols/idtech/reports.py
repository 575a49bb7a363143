"""The HID report that a reader wraps around its frames (SecureHead manual 80096505-001, 4.1.1, "ID TECH HID
reader data structure").

    0-2  decode status of the tracks   3-5  their lengths   6  card encode type
    7,8  total output length           9-   the output, filled up with zeros

The manuals give the output 500 bytes (MiniMag II, offsets 9 to 508) or 512; the report's size is an option.
One report per swipe is documented. That the total is low byte first, and that a longer output goes on at the
beginning of the next report, without another head, is not; neither is more than one frame in a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from protocols.core.card import Sealed
from protocols.core.errors import FramingError
from protocols.idtech.framing import HEAD as FRAME_HEAD
from protocols.idtech.framing import frame_size

HEAD: Final = 9
REPORT_SIZE: Final = HEAD + 500
_LARGEST_OUTPUT: Final = 2048
_FrameFault = Literal["bad_start", "bad_length", "truncated"]


@dataclass(frozen=True, slots=True)
class ReportHead:
    """What precedes the output."""

    decode_status: tuple[int, int, int]
    lengths: tuple[int, int, int]
    encode_type: int
    total: int


@dataclass(frozen=True, slots=True)
class Output:
    """One frame, whole by its own length; nothing else of it is checked yet. Whoever takes it wipes it."""

    frame: Sealed


@dataclass(frozen=True, slots=True)
class NothingRead:
    """A report without output: the reader saw a card and could not read it."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """What came is no frame: bad_start, bad_length, truncated, too_long, gap, or padding that is none."""

    why: _FrameFault | Literal["too_long", "gap", "padding"]


Found = Output | NothingRead | Spoilt


def wrap(head: ReportHead, output: memoryview, size: int = REPORT_SIZE) -> tuple[bytes, ...]:
    """The reports, each of `size` bytes, in which a reader sends this output."""
    low_first = head.total.to_bytes(2, "little")
    whole = bytes([*head.decode_status, *head.lengths, head.encode_type]) + low_first + bytes(output)
    return tuple(whole[at : at + size].ljust(size, b"\0") for at in range(0, len(whole), size))


class Reassembly:
    """Reports in; out come frames. A frame is told as soon as its last byte is there.

    `report_size` 0: what is fed is one report each time, whatever its size, as a USB endpoint gives them.
    Otherwise reports of this size may come in any split.
    """

    def __init__(self, report_size: int = 0) -> None:
        self._size = report_size
        self._head = bytearray(HEAD)
        self._output = Sealed(bytes(_LARGEST_OUTPUT))
        self._at = 0  # within the report
        self._total: int | None = None  # of the output; None until the head is whole
        self._filled = 0
        self._dropped = False
        self._padding_told = False

    @property
    def midreport(self) -> bool:
        """Whether more bytes of a report must come, if only its padding."""
        return self._at > 0 or self._total is not None

    def feed(self, data: memoryview) -> tuple[Found, ...]:
        """Take bytes of reports; tell what is complete now."""
        found: list[Found] = []
        size = self._size or len(data)
        if not self._size and self._total is not None and _begins_anew(data):
            found.append(Spoilt("truncated"))
            self._rest()
        while data:
            taken = self._step(data[: size - self._at], found)
            self._at = (self._at + taken) % size
            if self._at == 0:
                self._end_report(found)
            data = data[taken:]
        return tuple(found)

    def drop(self) -> bool:
        """Forget the read that is coming in; what is still to come of it is passed over. Whether one was."""
        held = self.midreport and not self._done()
        self._dropped = self._dropped or held
        self._output.wipe()
        return held

    def gap(self) -> tuple[Found, ...]:
        """The rest did not come: the next byte begins a report."""
        lost = self.midreport and not self._done() and not self._dropped
        self._rest()
        return (Spoilt("gap"),) if lost else ()

    def _end_report(self, found: list[Found]) -> None:
        if self._total is None:
            found.append(Spoilt("truncated"))  # it had not even a head
        if self._total is None or self._done():
            self._rest()

    def _done(self) -> bool:
        return self._total is not None and self._filled >= self._total

    def _rest(self) -> None:
        self._at = self._filled = 0
        self._total = None
        self._dropped = self._padding_told = False
        self._output.wipe()

    def _step(self, data: memoryview, found: list[Found]) -> int:
        """Take some of what belongs to this report; how much."""
        if self._total is None:
            return self._take_head(data, found)
        if self._done():
            if any(data) and not self._padding_told:
                self._padding_told = True
                found.append(Spoilt("padding"))
            return len(data)
        taken = min(len(data), self._total - self._filled)
        self._output.view()[self._filled : self._filled + taken] = data[:taken]
        self._filled += taken
        if self._done():
            if not self._dropped:
                found.extend(self._frames(self._total))
            self._output.wipe()
        elif self._filled >= FRAME_HEAD and (why := self._impossible(self._total)):
            found.append(Spoilt(why))  # and not a byte of the next report is taken for its continuation
            self._pass_over()
        return taken

    def _take_head(self, data: memoryview, found: list[Found]) -> int:
        taken = min(len(data), HEAD - self._at)
        self._head[self._at : self._at + taken] = data[:taken]
        if self._at + taken == HEAD:
            self._total = int.from_bytes(self._head[7:9], "little")
            if self._total == 0:
                found.append(NothingRead())
            elif self._total > _LARGEST_OUTPUT:
                found.append(Spoilt("too_long"))
                self._pass_over()
        return taken

    def _impossible(self, total: int) -> _FrameFault | None:
        """Why the output, of which the beginning is there, cannot be what its head says."""
        try:
            size = frame_size(self._output.view()[: self._filled], "binary")
        except FramingError as error:
            return _fault(error)
        return "truncated" if size > total else None

    def _pass_over(self) -> None:
        """The rest of this report is worth nothing."""
        self._total, self._filled, self._padding_told = 0, 0, True
        self._output.wipe()

    def _frames(self, total: int) -> Iterator[Found]:
        """Each frame of a whole output, in a buffer of its own."""
        output, at = self._output.view()[:total], 0
        while at < total:
            try:
                size = frame_size(output[at:], "binary")
            except FramingError as error:
                yield Spoilt(_fault(error))
                return
            if size > total - at:
                yield Spoilt("truncated")
                return
            yield Output(Sealed(output[at : at + size]))
            at += size


def _begins_anew(report: memoryview) -> bool:
    """Whether a whole report has a head and a frame that agree: it continues none before it."""
    if any(status > 1 for status in report[:3]):
        return False
    try:
        return frame_size(report[HEAD:], "binary") <= int.from_bytes(report[7:HEAD], "little")
    except FramingError:
        return False


def _fault(error: FramingError) -> _FrameFault:
    faults: tuple[_FrameFault, ...] = ("bad_start", "bad_length")
    return next((fault for fault in faults if fault == error.code), "truncated")
