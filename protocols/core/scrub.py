"""Card numbers in free text: found by their shape and check digit, masked in place.

The length of the text never changes, so layouts and length bytes survive. Only the last four digits stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from protocols.card_ranges import luhn_valid

_SHORTEST, _LONGEST = 12, 19  # ISO/IEC 7812-1 allows 10 to 19; no scheme issues fewer than 12

# Twelve digits or more, each perhaps led by one space or dash; and the same without separators.
_RUN = re.compile(r"[0-9](?:[ -]?[0-9]){11,}")
_RUN_BYTES = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
_GROUP = re.compile(r"[0-9]+")


def _plausible(digits: str) -> bool:
    """Loose on purpose: no list of schemes is complete, and a terminal's wire has nothing else that long."""
    return digits[0] != "0" and luhn_valid(digits)


def scrub(text: str, star: str = "*", is_card: Callable[[str], bool] = _plausible) -> tuple[str, int]:
    """The text with every card number masked to stars and its last four digits, and how many there were.

    A card number is 12 to 19 digits for which `is_card` holds, in one piece or in groups joined by single
    spaces or dashes. Groups around it that are not part of it stay.
    """
    if _RUN.search(text) is None:
        return text, 0
    found = 0

    def mask(run: re.Match[str]) -> str:
        nonlocal found
        masked, count = _mask_run(run.group(), star, is_card)
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


def _mask_run(run: str, star: str, is_card: Callable[[str], bool]) -> tuple[str, int]:
    pieces, done, found = [], 0, 0
    for start, end in card_spans(run, is_card):
        pieces += [run[done:start], _starred(run[start:end], star)]
        done, found = end, found + 1
    return "".join((*pieces, run[done:])), found


def card_spans(run: str, is_card: Callable[[str], bool] = _plausible) -> Iterator[tuple[int, int]]:
    """Where card numbers stand in one run of grouped digits; neither begins or ends within a group."""
    groups = [group.span() for group in _GROUP.finditer(run)]
    first = 0
    while first < len(groups):
        last = _card_number_from(run, groups, first, is_card)
        if last is None:
            first += 1
            continue
        yield groups[first][0], groups[last][1]
        first = last + 1


def _card_number_from(
    run: str, groups: list[tuple[int, int]], first: int, is_card: Callable[[str], bool]
) -> int | None:
    """The last of the groups that form a card number beginning with group `first`; the longest wins."""
    digits, found = "", None
    for last in range(first, len(groups)):
        digits += run[slice(*groups[last])]
        if len(digits) > _LONGEST:
            return last if last == first and _leads_with_card_number(digits) else found
        if len(digits) >= _SHORTEST and is_card(digits):
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
