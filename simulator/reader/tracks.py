"""What stands on a magnetic stripe, and what a reader shows of it.

Tracks by ISO/IEC 7813, their LRC character by ISO/IEC 7811: all characters from start to end sentinel xored.
ID TECH readers send that character too, masked and encrypted with the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from simulator.cards import TestCard

CHIP_CARD: Final = "201"  # service code: international with a chip, normal authorisation, no restrictions
_TRACK1 = re.compile(r"%([A-Z])([0-9 ]+)\^([^^]*)\^([^?]*)\?(.?)")
_TRACK2 = re.compile(r";([0-9]+)=([^?]*)\?(.?)")


@dataclass(frozen=True, slots=True)
class Look:
    """How a reader was set to show tracks: digits of the number before and after the stars (settings 49 and
    4A), what stands for a star (4B), whether the expiry is seen (50) and the LRC character sent (6F)."""

    before: int = 4
    after: int = 4
    star: str = "*"
    expiry: bool = False
    lrc: bool = True

    def sent(self, track: str) -> str:
        """A track with or without its LRC character."""
        return track if self.lrc else track[:-1]


AS_DELIVERED: Final = Look()


def track1(card: TestCard, service_code: str = CHIP_CARD) -> str:
    """Track 1 of a card, with its LRC character."""
    name = f"{card.name.replace('_', ' ').upper()}/TEST"
    return _with_lrc(f"%B{card.number}^{name}^{card.expiry_yymm}{service_code}0000000000000?", 0x20)


def track2(card: TestCard, service_code: str = CHIP_CARD) -> str:
    """Track 2 of a card, with its LRC character."""
    return _with_lrc(f";{card.number}={card.expiry_yymm}{service_code}00000000?", 0x30)


def licence() -> tuple[str, str]:
    """Tracks 1 and 2 of a driver's licence (AAMVA): no payment card, and nobody's."""
    return (
        _with_lrc("%QCMONTREAL^TREMBLAY$MARIE^123 RUE FICTIVE^?", 0x20),
        _with_lrc(";6040190000000000=301219850101?", 0x30),
    )


def lrc_character(track: str, first: int) -> str:
    """The LRC character of a track from sentinel to sentinel; `first` is its alphabet's first character."""
    value = 0
    for character in track:
        value ^= ord(character) - first
    return chr(first + value)


def masked1(track: str, look: Look = AS_DELIVERED) -> str:
    """Track 1 as a reader shows it: digits, stars, digits, the name, stars. The format code is a star."""
    found = _TRACK1.fullmatch(track)
    if found is None:
        return look.star * len(track)
    return f"%{look.star}{_number(found[2], look)}^{found[3]}^{_ending(found[4], found[5], look)}"


def masked2(track: str, look: Look = AS_DELIVERED) -> str:
    """Track 2 as a reader shows it."""
    found = _TRACK2.fullmatch(track)
    if found is None:
        return look.star * len(track)
    return f";{_number(found[1], look)}={_ending(found[2], found[3], look)}"


def _number(number: str, look: Look) -> str:
    hidden = max(len(number) - look.before - look.after, 0)
    return number[: look.before] + look.star * hidden + number[look.before + hidden :]


def _ending(rest: str, lrc: str, look: Look) -> str:
    shown = rest[:4] if look.expiry else ""
    return shown + look.star * (len(rest) - len(shown)) + "?" + look.star * len(lrc)


def _with_lrc(track: str, first: int) -> str:
    return track + lrc_character(track, first)
