"""What a masked track shows, and whether it hides what it must.

A mask keeps up to six digits of the number at its beginning and four at its end (settings 49 and 4A), with at
least one star between. Expiry and service code are stars unless the reader was set to show them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Track 1 may have blanks in its number (ANSI X4.16, American Express), which the mask may have covered too.
_TRACK1 = re.compile(
    rb"%[*B]([0-9 ]{0,7})(\*[* ]*)([0-9 ]{0,5})\^(?P<name>[^^]*)"
    rb"\^(?:\^|(?P<expiry>[0-9*]{4}))?(?:\^|(?P<service>[0-9*]{3}))?(?P<rest>[^^]*)",
    re.DOTALL,
)
_TRACK2 = re.compile(
    rb";([0-9]{0,6})(\*+)([0-9]{0,4})(?P<name>)"
    rb"=(?:=|(?P<expiry>[0-9*]{4}))?(?:=|(?P<service>[0-9*]{3}))?(?P<rest>[0-9*=]*\?.?)",
    re.DOTALL,
)
# Of any other track and of what follows a number: no run of digits from which a number could be put together.
_LONG_RUN = re.compile(rb"[0-9]{7,}")
_NUMBER = re.compile(rb"[0-9]{11,}")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a mask shows: the first digits of the number, its last four where all are shown, its length;
    expiry (YYMM) and service code where they are shown whole."""

    first_digits: str
    last_four: str | None
    number_length: int
    expiry_yymm: str | None = None
    service_code: str | None = None

    @property
    def chip(self) -> bool | None:
        """Whether the service code says that the card has a chip (ISO/IEC 7813: 2 or 6); None if hidden."""
        return self.service_code[0] in "26" if self.service_code else None

    def agrees(self, other: Shown) -> bool:
        """Whether this mask of track 1 and that of track 2 can be of the same card."""
        extra = self.number_length - other.number_length
        return (
            self.first_digits == other.first_digits and self.last_four == other.last_four and 0 <= extra <= 2
        )


def track1(masked: memoryview) -> Shown | None:
    """What track 1 shows; None where it is not masked as it should be."""
    return _shown(_TRACK1.fullmatch(masked))


def track2(masked: memoryview) -> Shown | None:
    """What track 2 shows; None where it is not masked as it should be."""
    return _shown(_TRACK2.fullmatch(masked))


def hides(masked: memoryview) -> bool:
    """Whether a track of no known layout shows no run of digits that could be a card number."""
    return _LONG_RUN.search(masked) is None


def bears_number(part: memoryview) -> bool:
    """Whether eleven digits in a row stand there, in clear. In ciphertext that is next to impossible."""
    return _NUMBER.search(part) is not None


def expiry(digits: bytes) -> str | None:
    """YYMM, where it is four digits with a month that exists."""
    text = digits.decode("ascii", "replace")
    return text if len(text) == 4 and text.isdecimal() and 1 <= int(text[2:]) <= 12 else None


def _shown(found: re.Match[bytes] | None) -> Shown | None:
    if found is None or any(map(_LONG_RUN.search, found.group("name", "rest"))):
        return None
    if _NUMBER.search(found[0], found.end(3)):  # date, code and what follows them, taken together
        return None
    first, stars, last = (part.replace(b" ", b"") for part in found.group(1, 2, 3))
    if len(first) > 6 or len(last) > 4:
        return None
    service = found["service"]
    return Shown(
        first_digits=first.decode("ascii"),
        last_four=last.decode("ascii") if len(last) == 4 else None,
        number_length=len(first) + len(stars) + len(last),
        expiry_yymm=expiry(found["expiry"] or b""),
        service_code=service.decode("ascii") if service and service.isdigit() else None,
    )
