"""The brand that the first digits of a card number suggest.

A hint only: ranges overlap, move and are shared by debit cards; the acquirer's own word decides. Prefixes and
lengths as the networks publish them (field table "BIN -> brand"); a range of 8 digits is not told apart.
"""

from __future__ import annotations

from typing import Final

_Prefixes = tuple[tuple[int, int], ...]  # first and last of a range, of the same number of digits
_BRANDS: Final[tuple[tuple[str, _Prefixes, range], ...]] = (
    ("American Express", ((34, 34), (37, 37)), range(15, 16)),
    ("Visa", ((4, 4),), range(13, 20)),
    ("Mastercard", ((51, 55), (2221, 2720)), range(16, 17)),
    ("Diners Club", ((300, 305), (3095, 3095), (36, 36), (38, 39)), range(14, 20)),
    ("JCB", ((3528, 3589),), range(16, 20)),
    ("Discover", ((6011, 6011), (644, 649), (65, 65)), range(16, 20)),
    ("UnionPay", ((62, 62), (81, 81)), range(16, 20)),
    ("Maestro", ((50, 50), (56, 58), (60, 69)), range(12, 20)),
)


def brand_of(first_digits: str) -> str | None:
    """The brand, from four digits or more; None where they suggest none."""
    return next((name for name, prefixes, _ in _BRANDS if _among(first_digits, prefixes)), None)


def plausible_length(first_digits: str, length: int) -> bool:
    """Whether a number of this brand can have so many digits. True where no brand is suggested."""
    for _, prefixes, lengths in _BRANDS:
        if _among(first_digits, prefixes):
            return length in lengths
    return True


def _among(digits: str, prefixes: _Prefixes) -> bool:
    for first, last in prefixes:
        size = len(str(first))
        if len(digits) >= size and first <= int(digits[:size]) <= last:
            return True
    return False
