"""The two ways in which a reader writes a body: bytes, or the text that a keyboard would type.

Over HID and serial everything is bytes. A reader that types sends masked tracks as they are and all else as
two upper-case hexadecimal digits per byte; lengths and checks of its frame run over those characters.
"""

from __future__ import annotations

from typing import Literal

from protocols.core.errors import DecodingError

Form = Literal["binary", "text"]

_DIGITS = b"0123456789ABCDEF"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}


class Cursor:
    """Reads a body from its beginning. Raises DecodingError `truncated` or `not_hex`."""

    __slots__ = ("_at", "_text", "_view")

    def __init__(self, view: memoryview, form: Form) -> None:
        self._view = view
        self._at = 0
        self._text = form == "text"

    @property
    def left(self) -> int:
        """How many units are left: bytes, or characters."""
        return len(self._view) - self._at

    def byte(self) -> int:
        """One byte."""
        at = self._take(2 if self._text else 1)
        return unhexed(self._view, at) if self._text else self._view[at]

    def plain(self, size: int) -> memoryview:
        """`size` characters that are themselves in both forms."""
        at = self._take(size)
        return self._view[at : at + size]

    def sealed(self, size: int) -> memoryview:
        """`size` bytes; in text they are put together in a buffer of their own."""
        if not self._text:
            return self.plain(size)
        at = self._take(2 * size)
        put = memoryview(bytearray(size))
        for index in range(size):
            put[index] = unhexed(self._view, at + 2 * index)
        return put

    def rest(self) -> memoryview:
        """All that is left."""
        return self.sealed(self.left // 2 if self._text else self.left)

    def _take(self, size: int) -> int:
        if size > self.left:
            raise DecodingError("truncated", f"{size} are wanted, {self.left} are left", self._at)
        at, self._at = self._at, self._at + size
        return at


class Pen:
    """Writes a body from its beginning; without a view it only measures. `at` is how far it came."""

    __slots__ = ("_text", "_view", "at")

    def __init__(self, form: Form, view: memoryview | None = None) -> None:
        self._view = view
        self._text = form == "text"
        self.at = 0

    def byte(self, value: int) -> None:
        """One byte."""
        if self._text:
            self._put(_DIGITS[value >> 4])
            self._put(_DIGITS[value & 0x0F])
        else:
            self._put(value)

    def plain(self, part: memoryview) -> None:
        """Characters that are themselves in both forms."""
        if self._view is not None:
            self._view[self.at : self.at + len(part)] = part
        self.at += len(part)

    def sealed(self, part: memoryview) -> None:
        """Bytes."""
        if not self._text:
            self.plain(part)
            return
        for value in part:
            self.byte(value)

    def _put(self, value: int) -> None:
        if self._view is not None:
            self._view[self.at] = value
        self.at += 1


def unhexed(view: memoryview, at: int) -> int:
    """The byte that two upper-case hexadecimal digits stand for. Raises DecodingError `not_hex`."""
    high, low = _VALUES.get(view[at]), _VALUES.get(view[at + 1])
    if high is None or low is None:
        raise DecodingError("not_hex", "two upper-case hexadecimal digits are wanted", at)
    return high << 4 | low
