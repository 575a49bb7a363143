"""The input report of a MagneSafe V5 reader (MagTek 99875475, USB HID usages)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Part = memoryview
ENCRYPTING: Final = 0x0004  # of the encryption status
_KEY_LOADED, _USED_UP = 0x0002, 0x0101  # keys exhausted, or counter expired


@dataclass(frozen=True, slots=True)
class Track:
    """One track. `length` is that of its clear text; `encrypted` and `masked` are cut to their lengths. In a
    mask the digits between are made up so that the number passes its check digit: none of them is real."""

    failed: bool
    length: int
    encrypted: Part
    masked: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class SwipeReport:
    """One swipe. Parts are views into the report; they are zeros once it is wiped.

    `encode_type`: 0 ISO/ABA, 1 AAMVA, 3 blank, 4 other, 5 undetermined. `encryption`: bit 0 keys exhausted,
    1 key loaded, 2 encrypting, 3 authentication required, 8 counter expired.
    """

    encode_type: int
    tracks: tuple[Track, Track, Track]
    card_status: int
    magneprint_status: Part
    magneprint_length: int  # of its clear data
    magneprint: Part
    serial: str
    encryption: int
    ksn: str
    session_id: Part

    @property
    def encrypting(self) -> bool:
        """Whether the reader says that it encrypts, with a key that is not used up."""
        return self.encryption & (ENCRYPTING | _KEY_LOADED | _USED_UP) == ENCRYPTING | _KEY_LOADED
