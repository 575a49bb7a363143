"""The formats of BMPs (PA00P015 ch. 8): how long a value is on the wire, and what it is to us.

A `Format` reads raw bytes into a value and writes it back. Reading masks card numbers and counts them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from protocols.core.errors import DecodingError, LocalError
from protocols.core.scrub import scrub_bcd, scrub_bytes
from protocols.zvt import text

LL, LLL, CONTAINER = -2, -3, -1  # not a fixed length: see `length_at` and `tlv`

_MOST_MINOR = 10**12 - 1
_DIGIT_OF = {0xF0 + digit: digit for digit in range(10)}
_MASKED_BY_TERMINAL = re.compile("[0-9]{0,6}e+[0-9]{0,4}")


@dataclass(slots=True)
class Tally:
    """What a decoding goes along with: the charset in use, and the card numbers masked so far."""

    charset: str = text.DEFAULT
    masked: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """`size` is a number of bytes, or LL, LLL, CONTAINER. `loose` values have several spellings."""

    size: int
    read: Callable[[bytes, Tally], Any]
    write: Callable[[Any, str], bytes]
    loose: bool = False


def length_at(data: bytes, at: int, end: int, size: int) -> tuple[int, int]:
    """An LL or LLL length, one F-digit a byte, that begins at `at`; and where it ends."""
    length, stop = 0, at - size
    if stop > end:
        raise DecodingError("bmp_truncated", "the message ends inside the length of a BMP", at)
    for place in range(at, stop):
        digit = _DIGIT_OF.get(data[place])
        if digit is None:
            raise DecodingError("bad_length_digit", "a length digit of a BMP is not F0 to F9", place)
        length = length * 10 + digit
    return length, stop


def length_of(length: int, size: int) -> bytes:
    """The F-digits of a length; LocalError `too_long` when it does not fit."""
    digits = str(length).zfill(-size)
    if len(digits) > -size:
        raise LocalError("too_long", f"{length} bytes in a BMP; its length field holds {-size} digits")
    return bytes(0xF0 + int(digit) for digit in digits)


def byte() -> Format:
    """One byte, an unsigned number."""
    return Format(1, lambda raw, _: raw[0], lambda value, _: bytes((value,)))


def digits(size: int) -> Format:
    """Packed digits, most significant first, as text of twice as many characters."""

    def write(value: str, _: str) -> bytes:
        raw = bytes.fromhex(value.zfill(2 * size))
        if len(raw) != size:
            raise ValueError(f"more than {2 * size} digits")
        return raw

    return Format(size, lambda raw, _: raw.hex().upper(), write)


def amount() -> Format:
    """Six bytes of packed digits: minor units."""

    def read(raw: bytes, _: Tally) -> int:
        number = raw.hex()
        if not number.isdecimal():
            raise DecodingError("bad_digit", "an amount holds a nibble that is not a digit")
        return int(number)

    def write(value: int, _: str) -> bytes:
        if not 0 <= value <= _MOST_MINOR:
            raise ValueError(f"outside 0 to {_MOST_MINOR} minor units")
        return bytes.fromhex(f"{value:012d}")

    return Format(6, read, write)


def currency() -> Format:
    """ISO 4217 number, three digits behind a leading zero: 0124 is "124"."""
    return Format(
        2, lambda raw, _: raw.hex().removeprefix("0"), lambda value, _: bytes.fromhex(value.zfill(4))
    )


def words(size: int, end: bytes = b"") -> Format:
    """A text, card numbers in it masked. `end` closes it on the wire; many leave it out, or repeat it."""

    def read(raw: bytes, tally: Tally) -> str:
        clean, found = scrub_bytes(raw)
        tally.masked += found
        return text.decode(clean.rstrip(end), tally.charset)

    return Format(size, read, lambda value, charset: text.encode(value, charset) + end, loose=True)


def padded_words(size: int) -> Format:
    """A text of fixed length, filled with blanks."""

    def write(value: str, charset: str) -> bytes:
        return text.encode(value, charset).ljust(size)

    return Format(size, lambda raw, tally: text.decode(raw, tally.charset), write, loose=True)


def approval() -> Format:
    """The authorisation attribute: eight bytes, text filled with zeros; as digits where it is no text."""

    def read(raw: bytes, _: Tally) -> str:
        code = raw.rstrip(b"\0")
        return code.decode("ascii") if all(0x20 <= b < 0x7F for b in code) else raw.hex().upper()

    def write(value: str, _: str) -> bytes:
        return bytes.fromhex(value) if len(value) == 16 else value.encode("ascii").ljust(8, b"\0")

    return Format(8, read, write)


def card_number() -> Format:
    """PAN or EF_ID as digits and stars: nibble E is a hidden digit, D a separator, F fills up.

    A number that the terminal masked well enough stays as it is (first six, last four); of any other the
    last four digits stay, and what follows a separator is dropped.
    """

    def read(raw: bytes, tally: Tally) -> str:
        nibbles = raw.hex().rstrip("f")
        if _MASKED_BY_TERMINAL.fullmatch(nibbles):
            return nibbles.replace("e", "*")
        number = nibbles.partition("d")[0]
        tally.masked += "e" not in number and len(number) >= 8
        tail = number[-4:] if number[-4:].isdecimal() and len(number) >= 8 else ""
        return "*" * (len(number) - len(tail)) + tail

    def write(value: str, _: str) -> bytes:
        nibbles = value.replace("*", "E")
        return bytes.fromhex(nibbles + "F" * (len(nibbles) % 2))

    return Format(LL, read, write)


def track(size: int) -> Format:
    """A track, of which only the length in bytes is kept."""

    def read(raw: bytes, tally: Tally) -> int:
        tally.masked += _shows_digits(raw)
        return len(raw)

    return Format(size, read, lambda value, _: b"\xee" * value)


def hidden(size: int) -> Format:
    """A secret (CVV, PIN data): its bytes become EE."""
    return Format(size, lambda raw, _: b"\xee" * len(raw), lambda value, _: value)


def plain(size: int) -> Format:
    """Bytes, with card numbers in text or packed digits masked."""

    def read(raw: bytes, tally: Tally) -> bytes:
        clean, in_text = scrub_bytes(raw)
        clean, packed = scrub_bcd(clean)
        tally.masked += in_text + packed
        return clean

    return Format(size, read, lambda value, _: value)


def exact(size: int) -> Format:
    """Bytes that cannot be card data (counters, keys, parameters)."""
    return Format(size, lambda raw, _: raw, lambda value, _: value)


def _shows_digits(raw: bytes) -> bool:
    """Whether the part of a track that holds the card number is in clear."""
    return len(raw) >= 6 and "e" not in raw[:8].hex()
