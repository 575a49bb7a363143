"""What goes wrong with a virtual reader's reads, as plain data. A fault strikes the next read and is used up.

bad_lrc, bad_sum, bad_length  a check of the frame is wrong
truncated       the frame ends before its end, and the report says so
cut_report      the report breaks off in its middle; the rest never comes
two_in_one      the report holds this frame and that of a second swipe
decode_error    track 2 could not be decoded
nothing_read    a report without any output
repeat_ksn      the KSN of the read before; ksn_back: one before that
no_ksn          the frame names no KSN
original_format as a reader that was never set up: track 3 in clear
clear_tracks    as a reader without a key: everything in clear
track_in_clear  the enhanced format, track 1 shown whole and not encrypted
licence         the card is a driver's licence (AAMVA)
raw             the raw format: nothing shown, no track marked
other_serial    the frame carries another reader's serial number
wrong_mask      the masks of tracks 1 and 2 are of two cards
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

ReadTrouble = Literal[
    "bad_lrc", "bad_sum", "bad_length", "truncated", "cut_report", "two_in_one", "decode_error",
    "nothing_read", "repeat_ksn", "ksn_back", "no_ksn", "original_format", "clear_tracks", "track_in_clear",
    "licence", "raw", "other_serial", "wrong_mask",
]  # fmt: skip
READ_TROUBLES: tuple[ReadTrouble, ...] = get_args(ReadTrouble)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFault:
    """One planned trouble. `times` 0 is for ever; `nth` 0 is the next read, 3 the third of the run."""

    what: ReadTrouble
    times: int = 1
    nth: int = 0


class ReadFaults:
    """What is still to go wrong."""

    def __init__(self, planned: Iterable[ReadFault] = ()) -> None:
        self._open = [(fault, fault.times) for fault in planned]
        self._reads = 0

    def add(self, fault: ReadFault) -> None:
        """Plan one more; its `nth` counts from the beginning of the run."""
        self._open.append((fault, fault.times))

    def take(self) -> frozenset[ReadTrouble]:
        """A card is read now: what strikes it. Each fault that does loses one of its times."""
        self._reads += 1
        struck = [fault.nth in (0, self._reads) for fault, _ in self._open]
        troubles = frozenset(fault.what for (fault, _), hit in zip(self._open, struck, strict=True) if hit)
        left = [(f, n - 1 if n and hit else n) for (f, n), hit in zip(self._open, struck, strict=True)]
        self._open = [(fault, times) for fault, times in left if times or not fault.times]
        return troubles
