"""The brand that the first digits of a card number suggest.

A hint only: ranges overlap, move and are shared by debit cards; the acquirer's own word decides. A range of 8
digits is not told apart.
"""

from __future__ import annotations

from protocols.card_ranges import scheme_of


def brand_of(first_digits: str) -> str | None:
    """The brand, from four digits or more; None where they suggest none."""
    scheme = scheme_of(first_digits)
    return None if scheme is None else scheme.name


def plausible_length(first_digits: str, length: int) -> bool:
    """Whether a number of this brand can have so many digits. True where no brand is suggested."""
    scheme = scheme_of(first_digits)
    return scheme is None or length in scheme.lengths
