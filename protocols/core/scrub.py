"""Card numbers in free text: found by shape and check digit, masked in place.

The length of the text never changes, so offsets and layouts survive. Only the last four digits stay.
"""

from __future__ import annotations

import re

# Twelve digits or more, each perhaps led by one space or dash.
_RUN = re.compile(r"[0-9](?:[ -]?[0-9]){11,}")
_RUN_BYTES = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
_GROUP = re.compile(r"[0-9]+")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0
