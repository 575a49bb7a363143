"""Where card numbers of known ranges stand in a text, in whatever form: the one scanner of all ways out.

Forms: digits (in one piece, grouped, with NULs between as UTF-16 has them), escaped (percent, \\x, \\u00),
hexadecimal of ASCII or UTF-16 text, packed digits (raw, or in hexadecimal), base64 at any offset. One form
within another, a compressed or an encrypted one is not seen.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from protocols.card_ranges import is_known_card_number
from protocols.core.scrub import card_spans

Form = Literal["digits", "escaped", "hex", "packed", "base64"]
SHORTEST = 13

# A base64 letter for each place of three bytes that are digits, spaces or dashes. Three such quartets in a
# row are twelve letters that come by chance once in 10**10.
_QUARTET = "[MNOIL][CDSTijyz][AEIMQUYcgk0][w-z0-5gt]"
_CONTROL = r"\x00-\x08\x10-\x19\x80-\x99"
_ESCAPES = re.compile(r"(?:\\x|\\u00|%)[0-9]")
_GROUPED = re.compile(r"[0-9](?:[ .\-\u00a0\x00]?[0-9]){12,}")
_DUMPED = re.compile(r"(?<![0-9])[0-9]{2}(?::[0-9]{2}){5,}(?::[0-9][0-9a-fA-F])")
_LONG = re.compile(r"[0-9]{14,}")
_HEX = re.compile(r"[0-9a-fA-F]{14,}")
_HEX_ASCII = re.compile(r"(?:3[0-9][ :-]?(?:(?:00|20|2[dD])[ :-]?)*){13,}")
_HEX_DIGIT = re.compile(r"3([0-9])[ :-]?(?:(?:00|20|2[dD])[ :-]?)*")
_ESCAPED = re.compile(r"(?:\\x|\\u00|%)([0-9a-fA-F]{2})|\\(?P<mark>[\"'\\])|.", re.DOTALL)
_BASE64 = re.compile(rf"(?:{_QUARTET}){{3,}}")
_BASE64_LETTERS = re.compile(r"[A-Za-z0-9+/_-]")
# Bytes of two decimal digits each, as the characters of latin-1. Most letters are such bytes ("approved" is
# 16 digits), so a stretch counts only where it holds what no text has.
_PACKED = re.compile(rf"[{_CONTROL}\t -)0-9@-IP-Y`-ip-y]{{7,}}.?", re.DOTALL)
_CONTROLS = re.compile(f"[{_CONTROL}]")
_ULID = re.compile(r"\b01(?=[0-9A-Z]*[A-Z])[0-9A-HJKMNP-TV-Z]{24}\b")
_UUID = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}\b"
)
# What runs over every message: translations of its bytes cost a microsecond a kilobyte, expressions fifty.
_SEPARATORS = b" .-\xc2\xa0\x00"
_ONLY_DIGITS = bytes(byte if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_AS_ZEROS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_ONLY_QUARTETS = bytes(
    byte if re.match("[MNOILCDSTijyzAEQUYcgkw-x0-5t]", chr(byte)) else 0x20 for byte in range(256)
)
_QUARTETS = re.compile(rf"(?:{_QUARTET}){{3}}".encode())
_BARE = bytes((*range(9), *range(0x10, 0x1A), 0xC2))  # C2 begins the controls above 80
# How long a number within a longer run of digits may be: with its expiry behind it, or a tag before it.
_WITHIN = (16, 15, 14, 19)


@dataclass(frozen=True, slots=True)
class Find:
    """A card number from `start` to `end` of the text, in some form."""

    start: int
    end: int
    form: Form


def suspicious(text: str) -> bool:
    """Whether a text needs to be searched at all: cheap, and true for every text that holds a number."""
    data = text.encode("utf-8", "surrogatepass")
    runs = data.translate(_ONLY_DIGITS, _SEPARATORS).split()
    return (
        # no scheme begins with 0, 1, 7 or 9
        (
            max(map(len, runs), default=0) >= SHORTEST
            and max(len(run.lstrip(b"0179")) for run in runs) >= SHORTEST
        )
        or b"00:00:00:00:00:00" in data.translate(_AS_ZEROS)
        or any(len(run) >= 12 and _QUARTETS.search(run) for run in data.translate(_ONLY_QUARTETS).split())
        or (len(data.translate(None, _BARE)) < len(data) and _CONTROLS.search(text) is not None)
        or ((b"%" in data or b"\\" in data) and _ESCAPES.search(text) is not None)
    )


def find_card_numbers(text: str) -> list[Find]:
    """Every card number of a known range, in order, without overlaps. ULIDs and UUIDs are left alone."""
    if not suspicious(text):
        return []
    taken = [known.span() for shape in (_ULID, _UUID) for known in shape.finditer(text)]
    found: list[Find] = []
    for one in _all(text):  # the plainest form first: it says best where the number begins
        if all(one.end <= start or end <= one.start for start, end in taken):
            taken.append((one.start, one.end))
            found.append(one)
    return sorted(found, key=lambda find: find.start)


def _all(text: str) -> Iterator[Find]:
    yield from _plain(text)
    yield from _in_hex_text(text)
    yield from _in_long_runs(text)
    yield from _in_base64(text)
    if _CONTROLS.search(text):
        yield from _packed(text, _with_control(text))
    if "\\" in text or "%" in text:
        yield from _in_escapes(text)


def _plain(text: str) -> Iterator[Find]:
    for run in _GROUPED.finditer(text):
        for start, end in card_spans(run.group(), is_known_card_number):
            yield Find(run.start() + start, run.start() + end, "digits")
    for run in _DUMPED.finditer(text):
        for start, end in card_spans(run.group(), is_known_card_number):
            yield Find(run.start() + start, run.start() + end, "packed")


def _in_long_runs(text: str) -> Iterator[Find]:
    """Numbers with something glued to them, which is how packed digits look in a hex dump: at whole bytes."""
    for token in _HEX.finditer(text):
        whole = len(token.group())
        for run in _LONG.finditer(token.group()):
            if whole < 17 and len(run.group()) == whole:
                continue  # digits alone: either a card number or none
            skip = run.start() % 2 if whole % 2 == 0 else 0
            for start, end in _windows(run.group()[skip:], 2 - whole % 2):
                first = token.start() + run.start() + skip
                yield Find(first + start, first + end, "packed")


def _windows(digits: str, step: int = 1) -> Iterator[tuple[int, int]]:
    """Known numbers within a longer run, looked for at every `step`th place; they may overlap."""
    for place in range(0, len(digits) - 13, step):
        for size in _WITHIN:
            if place + size <= len(digits) and is_known_card_number(digits[place : place + size]):
                yield place, place + size


def _in_hex_text(text: str) -> Iterator[Find]:
    for dump in _HEX_ASCII.finditer(text):
        pairs = list(_HEX_DIGIT.finditer(dump.group()))
        digits = "".join(pair.group(1) for pair in pairs)
        spans = [(0, len(digits))] if is_known_card_number(digits) else _windows(digits)
        for start, end in spans:
            yield Find(dump.start() + pairs[start].start(), dump.start() + pairs[end - 1].end(), "hex")


def _in_base64(text: str) -> Iterator[Find]:
    """The quartets that gave it away say where threes of bytes begin; letters around them belong to it."""
    for core in _BASE64.finditer(text):
        start, end = core.start(), core.end()
        while start >= 4 and core.start() - start < 32 and _letters(text[start - 4 : start]):
            start -= 4
        while end - core.end() < 32 and _letters(text[end : end + 4]):
            end += 4
        rest = re.match(r"[A-Za-z0-9+/_-]{0,3}", text[end:])
        tail = rest.group() if rest and len(rest.group()) > 1 else ""
        coded = text[start:end] + tail
        plain = base64.b64decode(coded.replace("-", "+").replace("_", "/") + "=" * (-len(coded) % 4)).decode(
            "latin-1"
        )
        for find in _plain(plain):
            yield Find(
                start + find.start * 4 // 3, min(start + -(-find.end * 4 // 3), start + len(coded)), "base64"
            )


def _letters(four: str) -> bool:
    return len(four) == 4 and all(_BASE64_LETTERS.match(one) for one in four)


def _packed(text: str, were_bytes: Callable[[int, int], bool]) -> Iterator[Find]:
    for run in _PACKED.finditer(text):
        nibbles = "".join(f"{min(ord(one), 255):02x}" for one in run.group())
        for piece in _LONG.finditer(nibbles):
            skip = piece.start() % 2
            for start, end in _windows(piece.group()[skip:], 2):
                first = run.start() + (piece.start() + skip + start) // 2
                last = run.start() + -(-(piece.start() + skip + end) // 2)
                if were_bytes(first, last):
                    yield Find(first, last, "packed")


def _in_escapes(text: str) -> Iterator[Find]:
    """The text is searched again with its escapes resolved; each character knows where it came from."""
    plain, came_from = [], []
    for one in _ESCAPED.finditer(text):
        plain.append(chr(int(one.group(1), 16)) if one.group(1) else one.group("mark") or one.group())
        came_from.append(one.span())
    if len(plain) == len(text):
        return
    decoded = "".join(plain)

    def all_escaped(start: int, end: int) -> bool:
        return all(last - first > 1 for first, last in came_from[start:end])

    finds = (*_plain(decoded), *_packed(decoded, all_escaped), *_packed(decoded, _with_control(decoded)))
    for find in finds:
        yield Find(came_from[find.start][0], came_from[find.end - 1][1], "escaped")


def _with_control(text: str) -> Callable[[int, int], bool]:
    """Whether a stretch holds what no text has."""
    return lambda start, end: _CONTROLS.search(text, start, end) is not None
