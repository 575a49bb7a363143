"""Find what could be a card number in data that must not hold one.

A candidate is 13 to 19 digits (ISO/IEC 7812-1), grouped by single spaces, dashes, dots or nothing, whose Luhn
sum is right. In a longer run every window that begins like a card of a known scheme counts. Times, UUIDs and
ULIDs are digits by nature and are skipped where they have exactly that shape.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from protocols.card_ranges import luhn_valid

_RUN = re.compile(r"\d(?:[ \u00a0.\-]?\d){12,}")
_KNOWN_SHAPES = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}\b"
    r"|\b(?=[0-9A-Z]*[A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}\b"
    r"|\b\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_SHORTEST = 13
# No honest field has a longer run of digits; searching one would cost a second of CPU per message.
_LONGEST = 64
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
# First digits of the schemes met in Canada and Europe: Visa, Mastercard, Amex, Diners, JCB, Discover,
# UnionPay, Maestro and Interac issuers.
_SCHEME = re.compile(r"4|5[0-9]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[0-9]|6[0-9]")


def holds_card_number(text: str) -> bool:
    """Whether a text holds what could be a card number."""
    if len(text) < _SHORTEST:
        return False
    for run in _RUN.finditer(_KNOWN_SHAPES.sub("|", text)):
        digits = "".join(str(int(mark)) for mark in run.group() if mark.isdecimal())
        if len(digits) > _LONGEST:
            return True
        if len(digits) <= 19:
            if luhn_valid(digits):
                return True
        elif any(_SCHEME.match(window) and luhn_valid(window) for window in _windows(digits)):
            return True
    return False


def _windows(digits: str) -> Iterator[str]:
    """Every stretch of 13 to 19 digits."""
    for start in range(len(digits) - 12):
        for length in range(13, min(19, len(digits) - start) + 1):
            yield digits[start : start + length]


def card_number_path(value: object, exempt: Collection[str] = ()) -> tuple[str | int, ...] | None:
    """The path of the first card number in a JSON value (keys included), or None.

    `exempt` names the fields whose value may be a ULID of digits alone.
    """
    if isinstance(value, dict):
        return _in_object(value, exempt)
    if isinstance(value, list):
        for index, item in enumerate(value):
            if (found := card_number_path(item, exempt)) is not None:
                return index, *found
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int) and not isinstance(value, bool) and holds_card_number(str(value)):
        return ()
    return None


def _in_object(value: dict[str, object], exempt: Collection[str]) -> tuple[str | int, ...] | None:
    """The same for an object: its keys, then its values."""
    for key, item in value.items():
        if holds_card_number(key):
            return ("*",)
        if key in exempt and isinstance(item, str) and _ULID.fullmatch(item):
            continue
        if (found := card_number_path(item, exempt)) is not None:
            return key, *found
    return None
