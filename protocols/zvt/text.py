"""Character sets (PA00P015 ch. 2.4 and tag 14): CP437 unless another one was negotiated.

A text never fails a payment: whatever cannot be read in the negotiated set is read as CP437, which knows
every byte.
"""

from __future__ import annotations

DEFAULT = "cp437"

CHARSETS = {
    0xFF: "cp437",
    0xFE: "utf-8",
    **{n: f"iso8859-{n}" for n in range(1, 17) if n != 12},  # ISO 8859-12 was never published
}


def by_number(number: int, otherwise: str = DEFAULT) -> str:
    """The charset that tag 14 names, or `otherwise` for a number that we do not know."""
    return CHARSETS.get(number, otherwise)


def decode(data: bytes, charset: str = DEFAULT) -> str:
    """Bytes to text; never fails."""
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return data.decode(DEFAULT)


def fitting(data: bytes, charset: str) -> str:
    """The charset in which the bytes can be read: the given one, or else CP437."""
    try:
        data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return DEFAULT
    return charset


def encode(text: str, charset: str = DEFAULT) -> bytes:
    """Text to bytes; what the charset cannot say becomes a question mark."""
    try:
        return text.encode(charset, "replace")
    except LookupError:
        return text.encode(DEFAULT, "replace")
