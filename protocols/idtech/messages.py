"""What an ID TECH reader says of one card (P/N 80000502-001, the vendor's common output format).

The parts are views into the frame they were decoded from: nothing is copied, they show nothing of themselves,
and they are zeros once the frame is wiped. Lengths are those of the clear tracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

Part = memoryview


class EncodeType(IntEnum):
    """The first byte of a body. Bit 7 tells the enhanced formats from the original ones."""

    ORIGINAL_ABA = 0x00
    ORIGINAL_AAMVA = 0x01
    ORIGINAL_OTHER = 0x03
    ORIGINAL_RAW = 0x04
    ABA = 0x80
    AAMVA = 0x81
    OTHER = 0x83
    RAW = 0x84
    KEYED = 0x85


@dataclass(frozen=True, slots=True)
class Track:
    """One track: its clear length (0: absent or unreadable), and what was sent of it. `digest` is an unsalted
    SHA-1 or SHA-256 of the clear track, or zeros: as good as the card number to whoever knows its ends."""

    length: int = 0
    masked: Part | None = None
    encrypted: Part | None = None
    digest: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swipe:
    """A swipe in the enhanced format. `status`, `clear_flags` and `sealed_flags` are the fields 4, 8 and 9 as
    they came. `serial` is the ten characters of the reader's own serial number. `options` is field 11; `mac`
    is whatever followed the KSN because of it (fields 24 to 26)."""

    encode_type: int
    status: int
    clear_flags: int
    sealed_flags: int
    tracks: tuple[Track, Track, Track]
    options: Part | None = None
    session_id: Part | None = None
    serial: str | None = None
    ksn: str | None = None
    mac: Part | None = None

    @property
    def fixed_key(self) -> bool:
        """Encrypted under one key for ever, not under DUKPT."""
        return bool(self.clear_flags & 0x08)

    @property
    def aes(self) -> bool:
        """Encrypted with AES in blocks of 16 bytes, not with TDES."""
        return bool(self.clear_flags & 0x10)

    @property
    def chip_on_card(self) -> bool:
        """The reader saw a chip (Augusta)."""
        return bool(self.clear_flags & 0x20)

    def sampled(self, track: int) -> bool:
        """Whether track 1, 2 or 3 had any magnetic data."""
        return bool(self.status >> 2 + track & 1)

    def decoded(self, track: int) -> bool:
        """Whether track 1, 2 or 3 was read without error, or had no data."""
        return bool(self.status >> track - 1 & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalSwipe:
    """A swipe in the original format: track 3 always in clear, the first two too unless the card is a
    payment card and the reader encrypts. `tracks` are as sent; `encrypted` is the first two as one block."""

    encode_type: int
    status: int
    tracks: tuple[Part, Part, Part]
    encrypted: Part | None = None
    digests: tuple[Part, ...] = ()
    ksn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A card keyed on the reader's own keypad, in the original keyed format (SREDKey 2 manual, 9.3).

    `encrypted` holds number, expiry and, where it was asked for, the security code: "PAN=YYMM=CVV" of
    `plain_length` characters. Expiry and address travel in clear.
    """

    status: int
    plain_length: int
    encrypted: Part
    digest: Part
    expiry: Part | None = None
    street_number: Part | None = None
    postal_code: Part | None = None
    ksn: str | None = None


Read = Swipe | OriginalSwipe | Keyed
