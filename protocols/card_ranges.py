"""What makes digits a card number: the check digit, and the ranges and lengths of the known schemes.

Stands beside core and contract because both need it and the contract's readers load nothing of core. Prefixes
and lengths as the networks publish them; ranges overlap and move, so a scheme's name is a hint.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


@dataclass(frozen=True, slots=True)
class Scheme:
    """`prefixes` are first and last of a range, of the same number of digits; `lengths` what it can issue."""

    name: str
    prefixes: tuple[tuple[int, int], ...]
    lengths: Collection[int]

    def begins(self, digits: str) -> bool:
        """Whether a number that begins with these digits is this scheme's."""
        for first, last in self.prefixes:
            size = len(str(first))
            if len(digits) >= size and first <= int(digits[:size]) <= last:
                return True
        return False


SCHEMES: Final = (
    Scheme("American Express", ((34, 34), (37, 37)), range(15, 16)),
    Scheme("Visa", ((4, 4),), range(13, 20)),
    Scheme("Mastercard", ((51, 55), (2221, 2720)), range(16, 17)),
    Scheme("Diners Club", ((300, 305), (3095, 3095), (36, 36), (38, 39)), range(14, 20)),
    Scheme("JCB", ((3528, 3589),), range(16, 20)),
    Scheme("Discover", ((6011, 6011), (644, 649), (65, 65)), range(16, 20)),
    Scheme("UnionPay", ((62, 62), (81, 81)), range(16, 20)),
    Scheme("Maestro", ((50, 50), (56, 58), (60, 69)), range(12, 20)),
)


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def scheme_of(first_digits: str) -> Scheme | None:
    """The scheme, from four digits or more; None where they suggest none."""
    return next((scheme for scheme in SCHEMES if scheme.begins(first_digits)), None)


def is_known_card_number(digits: str) -> bool:
    """Whether some scheme could have issued just this number: its range, its length, the check digit."""
    if not (digits.isascii() and digits.isdecimal()):
        return False
    scheme = scheme_of(digits[:4])
    return scheme is not None and len(digits) in scheme.lengths and luhn_valid(digits)
