"""Card numbers in free text: found by their shape and check digit, masked in place.

The length of the text never changes, so layouts and length bytes survive. Only the last four digits stay.
"""

from __future__ import annotations

import re

_SHORTEST, _LONGEST = 12, 19  # ISO/IEC 7812-1 allows 10 to 19; no scheme issues fewer than 12

# Twelve digits or more, each perhaps led by one space or dash; and the same without separators.
_RUN = re.compile(r"[0-9](?:[ -]?[0-9]){11,}")
_RUN_BYTES = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
_GROUP = re.compile(r"[0-9]+")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def scrub(text: str, star: str = "*") -> tuple[str, int]:
    """The text with every card number masked to stars and its last four digits, and how many there were.

    A card number is 12 to 19 digits with a valid check digit, not led by a zero, written in one piece or in
    groups joined by single spaces or dashes. Groups around it that are not part of it stay.
    """
    if _RUN.search(text) is None:
        return text, 0
    found = 0

    def mask(run: re.Match[str]) -> str:
        nonlocal found
        masked, count = _mask_run(run.group(), star)
        found += count
        return masked

    return _RUN.sub(mask, text), found


def scrub_bytes(data: bytes) -> tuple[bytes, int]:
    """The same for text in any charset that keeps ASCII digits where they are."""
    if _RUN_BYTES.search(data) is None:
        return data, 0
    text, found = scrub(data.decode("latin-1"))
    return text.encode("latin-1"), found


def scrub_bcd(data: bytes) -> tuple[bytes, int]:
    """The same for packed digits; hidden digits become the nibble E, as terminals write them."""
    digits, found = scrub(data.hex(), star="e")
    return (bytes.fromhex(digits), found) if found else (data, 0)


def _mask_run(run: str, star: str) -> tuple[str, int]:
    groups = [group.span() for group in _GROUP.finditer(run)]
    pieces, done, found, first = [], 0, 0, 0
    while first < len(groups):
        last = _card_number_from(run, groups, first)
        if last is None:
            first += 1
            continue
        start, end = groups[first][0], groups[last][1]
        pieces += [run[done:start], _starred(run[start:end], star)]
        done, found, first = end, found + 1, last + 1
    return "".join((*pieces, run[done:])), found


def _card_number_from(run: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last of the groups that form a card number beginning with group `first`; the longest wins."""
    digits, found = "", None
    for last in range(first, len(groups)):
        digits += run[slice(*groups[last])]
        if len(digits) > _LONGEST:
            return last if last == first and _leads_with_card_number(digits) else found
        if len(digits) >= _SHORTEST and digits[0] != "0" and luhn_valid(digits):
            found = last
    return found


def _leads_with_card_number(digits: str) -> bool:
    """More digits in one piece than a card number has: perhaps one with its expiry glued to it."""
    return digits[0] in "3456" and (luhn_valid(digits[:16]) or luhn_valid(digits[:15]))


def _starred(number: str, star: str) -> str:
    """Stars for all digits but the last four; separators stay."""
    hidden = sum(character.isdigit() for character in number) - 4
    masked = []
    for character in number:
        if character.isdigit() and hidden > 0:
            masked.append(star)
            hidden -= 1
        else:
            masked.append(character)
    return "".join(masked)
