"""The frame around a body: 02, length (low byte first), body, LRC, sum, 03 (P/N 80000502-001).

Length, LRC (all xored) and sum (modulo 256) are over the body: over its bytes, or, in a frame that is typed,
over its characters. Undoing the text first makes the checks fail.
"""

from __future__ import annotations

from typing import Final

from protocols.core.card import Sealed
from protocols.core.checksums import lrc
from protocols.core.errors import DecodingError, FramingError
from protocols.idtech.fields import Form, Pen, unhexed

STX, ETX = 0x02, 0x03
HEAD: Final = 3  # 02 and the length, in bytes; twice that in characters
TAIL: Final = 3  # LRC, sum and 03
LARGEST_BODY: Final = 2048  # three whole tracks masked, encrypted and hashed are below 600 bytes


def _unit(form: Form) -> int:
    return 2 if form == "text" else 1


def _byte(frame: memoryview, place: int, form: Form) -> int:
    return unhexed(frame, 2 * place) if form == "text" else frame[place]


def frame_size(frame: memoryview, form: Form) -> int:
    """How long the frame is that begins here, from its own length field. Raises FramingError `bad_start`,
    `truncated` (its head is not whole) or `bad_length` (more than any reader sends)."""
    unit = _unit(form)
    if len(frame) < HEAD * unit:
        raise FramingError("truncated", f"{len(frame)} are fewer than the head of a frame")
    try:
        start, low, high = (_byte(frame, place, form) for place in range(HEAD))
    except DecodingError:
        raise FramingError("bad_start", "the head of a typed frame is not hexadecimal") from None
    if start != STX:
        raise FramingError("bad_start", "a frame begins with 02")
    body = low | high << 8
    if body > LARGEST_BODY:
        raise FramingError("bad_length", f"a body of {body}; allowed: up to {LARGEST_BODY}")
    return body + (HEAD + TAIL) * unit


def body_of(frame: memoryview, form: Form) -> memoryview:
    """The body of one whole frame, a view into it. Raises FramingError `bad_start`, `truncated`,
    `bad_length`, `bad_lrc`, `bad_sum` or `bad_end`."""
    size = frame_size(frame, form)
    if len(frame) != size:
        code = "truncated" if len(frame) < size else "bad_length"
        raise FramingError(code, f"the frame tells a size of {size} and has {len(frame)}")
    unit = _unit(form)
    body, tail = frame[HEAD * unit : size - TAIL * unit], frame[size - TAIL * unit :]
    try:
        found = [_byte(tail, place, form) for place in range(TAIL)]
    except DecodingError:
        raise FramingError("bad_end", "the end of a typed frame is not hexadecimal") from None
    if found[0] != lrc(body):
        raise FramingError("bad_lrc", "the LRC of the body is another one")
    if found[1] != sum(body) & 0xFF:
        raise FramingError("bad_sum", "the sum of the body is another one")
    if found[2] != ETX:
        raise FramingError("bad_end", "a frame ends with 03")
    return body


def room_for(body_size: int, form: Form) -> tuple[Sealed, memoryview]:
    """An empty frame of the exact size, and its body, to be written in place."""
    unit = _unit(form)
    frame = Sealed(bytes(body_size + (HEAD + TAIL) * unit))
    return frame, frame.view()[HEAD * unit : HEAD * unit + body_size]


def close(frame: Sealed, form: Form) -> Sealed:
    """Write head and tail around the body that is in it."""
    view, unit = frame.view(), _unit(form)
    body = view[HEAD * unit : len(view) - TAIL * unit]
    head, tail = Pen(form, view), Pen(form, view[len(view) - TAIL * unit :])
    for value in (STX, len(body) & 0xFF, len(body) >> 8):
        head.byte(value)
    for value in (lrc(body), sum(body) & 0xFF, ETX):
        tail.byte(value)
    return frame
