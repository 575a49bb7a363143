"""How long a HID device's reports are, from its report descriptor (HID 1.11, ch. 6.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["input", "output", "feature"]

_MAIN: dict[int, Direction] = {0x80: "input", 0x90: "output", 0xB0: "feature"}
_LONG_ITEM = 0xFE


@dataclass(slots=True)
class ReportSizes:
    """Bytes of each report by direction and report id, the id's own byte left out. `numbered`: on the wire
    each report begins with its id; otherwise there is one of a kind, known here as 0."""

    numbered: bool = False
    bits: dict[tuple[Direction, int], int] = field(default_factory=dict)

    def of(self, direction: Direction, report_id: int) -> int | None:
        """The declared size in bytes; None for a report that the device does not declare."""
        bits = self.bits.get((direction, report_id))
        return None if bits is None else (bits + 7) // 8

    @property
    def longest_input(self) -> int:
        """Bytes on the wire of the longest input report, its id included; 0 without any."""
        sizes = [(bits + 7) // 8 for (direction, _), bits in self.bits.items() if direction == "input"]
        return max(sizes) + self.numbered if sizes else 0


@dataclass(frozen=True, slots=True)
class _Globals:
    """The item state that Push saves and Pop restores, as far as sizes depend on it."""

    size: int = 0
    count: int = 0
    report_id: int = 0


def report_sizes(descriptor: bytes) -> ReportSizes:
    """Add up the fields of each report. What is cut short or unbalanced counts as far as it goes."""
    sizes, now, saved = ReportSizes(), _Globals(), list[_Globals]()
    for tag, value in _items(descriptor):
        match tag:
            case 0x74:  # Report Size
                now = _Globals(value, now.count, now.report_id)
            case 0x94:  # Report Count
                now = _Globals(now.size, value, now.report_id)
            case 0x84:  # Report ID
                now = _Globals(now.size, now.count, value)
                sizes.numbered = True
            case 0xA4:  # Push
                saved.append(now)
            case 0xB4 if saved:  # Pop
                now = saved.pop()
            case _ if tag in _MAIN:
                key = (_MAIN[tag], now.report_id)
                sizes.bits[key] = sizes.bits.get(key, 0) + now.size * now.count
    return sizes


def _items(descriptor: bytes) -> Iterator[tuple[int, int]]:
    """Tag and type in the place of the prefix byte, and the unsigned value; long items (ch. 6.2.2.3) pass."""
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == _LONG_ITEM:
            at += 3 + descriptor[at + 1] if at + 1 < len(descriptor) else 3
            continue
        size = (0, 1, 2, 4)[prefix & 0x03]
        yield prefix & 0xFC, int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        at += 1 + size
