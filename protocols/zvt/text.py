"""Character sets (PA00P015 ch. 2.4 and tag 14): CP437 unless another one was negotiated.

A text never fails a payment: whatever cannot be read in the negotiated set is read as CP437, which knows
every byte.
"""

from __future__ import annotations

import re

DEFAULT = "cp437"
SEVEN_BIT = "zvt-7bit"  # an ECR's texts for the display (BMPs F1 to F8): ASCII with German letters
_FROM_SEVEN_BIT = str.maketrans("[\\]{|}~", "ÄÖÜäöüß")
_TO_SEVEN_BIT = str.maketrans("ÄÖÜäöüß", "[\\]{|}~")

CHARSETS = {
    0xFF: "cp437",
    0xFE: "utf-8",
    **{n: f"iso8859-{n}" for n in range(1, 17) if n != 12},  # ISO 8859-12 was never published
}

_LATIN_1 = "iso8859-1"
# How accented letters of French and German in Latin-1 look when they are read as CP437: the capitals as
# pieces of frames, the small ones as Greek and mathematics. A receipt may well draw a frame, so such a piece
# counts only where it stands in a word.
_CAPITALS = "".join(re.escape(letter.encode(_LATIN_1).decode(DEFAULT)) for letter in "ÀÂÄÇÈÉÊËÎÏÔÖÙÛÜß")
_SMALL = "".join(re.escape(letter.encode(_LATIN_1).decode(DEFAULT)) for letter in "àâäçèéêëîïôöùûü")
_FRAME = "\u2500-\u259f"
_MISREAD = re.compile(
    rf"[{_SMALL}]|(?<=[A-Za-z])[{_CAPITALS}](?![{_FRAME}])|(?<![{_FRAME}])[{_CAPITALS}](?=[A-Za-z])"
)
_SAID = re.compile(r"[\x00-\x7f\u00a0-\u00ffŒœ€‘’“”–—…]*")
_READ_WELL = re.compile("[" + bytes((*range(0x80, 0x9B), *range(0xA0, 0xA6))).decode(DEFAULT) + "]")


def by_number(number: int, otherwise: str = DEFAULT) -> str:
    """The charset that tag 14 names, or `otherwise` for a number that we do not know."""
    return CHARSETS.get(number, otherwise)


def decode(data: bytes, charset: str = DEFAULT) -> str:
    """Bytes to text; never fails."""
    if charset == SEVEN_BIT:
        return data.decode(DEFAULT).translate(_FROM_SEVEN_BIT)
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return data.decode(DEFAULT)


def fitting(data: bytes, charset: str) -> str:
    """The charset in which the bytes can be read: the given one, or else CP437."""
    if charset == SEVEN_BIT and data.isascii():
        return charset
    try:
        data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return DEFAULT
    return charset


def as_meant(told: str) -> str:
    """A text as people should read it. Terminals send UTF-8 or Latin-1 without having negotiated it: what was
    read as CP437 and makes words only in one of them is read as that. For showing, never for sending back."""
    try:
        raw = told.encode(DEFAULT)
    except UnicodeEncodeError:  # it was not read as CP437
        return told
    meant = _in_utf_8(raw)
    if meant is None:
        latin = _MISREAD.search(told) and not _READ_WELL.search(told)
        meant = raw.decode(_LATIN_1) if latin else told
    return meant


def _in_utf_8(raw: bytes) -> str | None:
    """The text, if it is well-formed UTF-8 and has nothing in it that a terminal would not say."""
    try:
        meant = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return meant if _SAID.fullmatch(meant) else None


def encode(text: str, charset: str = DEFAULT) -> bytes:
    """Text to bytes; what the charset cannot say becomes a question mark."""
    if charset == SEVEN_BIT:
        return text.translate(_TO_SEVEN_BIT).encode("ascii", "replace")
    try:
        return text.encode(charset, "replace")
    except LookupError:
        return text.encode(DEFAULT, "replace")
