"""What stands on a magnetic stripe, and what a reader shows of it.

Tracks by ISO/IEC 7813, their LRC character by ISO/IEC 7811: all characters from start to end sentinel xored.
ID TECH readers send that character too, masked and encrypted with the rest.
"""

from __future__ import annotations

import re
from typing import Final

from simulator.cards import TestCard

CHIP_CARD: Final = "201"  # service code: international with a chip, normal authorisation, no restrictions
_TRACK1 = re.compile(r"%([A-Z])([0-9 ]+)\^([^^]*)\^(.*)\?(.?)")
_TRACK2 = re.compile(r";([0-9]+)=(.*)\?(.?)")


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


def masked1(track: str) -> str:
    """Track 1 as a reader shows it: four digits, stars, four digits, the name, stars."""
    found = _TRACK1.fullmatch(track)
    if found is None:
        return "*" * len(track)
    number = masked_number(found[2])
    return f"%*{number}^{found[3]}^{'*' * len(found[4])}?{'*' * len(found[5])}"


def masked2(track: str) -> str:
    """Track 2 as a reader shows it."""
    found = _TRACK2.fullmatch(track)
    if found is None:
        return "*" * len(track)
    return f";{masked_number(found[1])}={'*' * len(found[2])}?{'*' * len(found[3])}"


def masked_number(number: str) -> str:
    """Four digits at each end (settings 49 and 4A as delivered)."""
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def _with_lrc(track: str, first: int) -> str:
    return track + lrc_character(track, first)
