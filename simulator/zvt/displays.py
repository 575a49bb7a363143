"""Texts of the ECR on the terminal's display: 06 E0, 06 E1 with a key, 06 E2 with a number."""

from __future__ import annotations

from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import DataObjects
from protocols.zvt.text import SEVEN_BIT
from protocols.zvt.text import decode as decode_text
from simulator.cardholder import Act
from simulator.zvt.console import Console
from simulator.zvt.script import AwaitAct, Script

_DURATION, _FIRST_LINE, _LAST_LINE = 0xF0, 0xF1, 0xF8
_TIMED_OUT = 0x6C
_KEYS = {
    "ok": 0x0D, "correct": 0x18, "stop": 0x1B, "info": 0x46, "up": 0x55, "down": 0x44,
    "F1": 0x31, "F2": 0x32, "F3": 0x33, "F4": 0x34,
}  # fmt: skip
_ENDLESS_S = 86_400.0


def show_text(console: Console, request: DataObjects) -> float | None:
    """Put the lines F1 to F8 on the display; how many seconds they stay, None for ever."""
    values = dict(request.others)
    lines = [values[n] for n in range(_FIRST_LINE, _LAST_LINE + 1) if n in values]
    charset = console.state.charset
    console.show(*(decode_text(line, SEVEN_BIT if line.isascii() else charset) for line in lines))
    seconds = values.get(_DURATION, b"\x00")[0]
    return float(seconds) if seconds else None


def show_for_a_while(console: Console, request: DataObjects) -> Script[None]:
    """06 E0: shown at once, answered at once."""
    seconds = show_text(console, request)
    console.accept()
    console.closing = True  # the next command may come at any time
    console.keeps_display = seconds is None
    yield from console.pause(seconds or 0.0)


def ask_key(console: Console, request: DataObjects) -> Script[None]:
    """06 E1: 80 00 01 and the key, or 6C when none was pressed in time."""
    act = yield from _key(console, show_text(console, request))
    code = _KEYS.get(act.value, 0x0D) if act is not None else _TIMED_OUT
    console.answer(zvt.Positive(data=bytes([code])))


def ask_number(console: Console, request: DataObjects) -> Script[None]:
    """06 E2: 80 00 and the digits as typed, or 84 6C."""
    act = yield from _key(console, show_text(console, request))
    if act is None or not act.value.isdecimal():
        console.reject(_TIMED_OUT)
    else:
        console.answer(zvt.Positive(data=act.value.encode("ascii")))


def _key(console: Console, seconds: float | None) -> Script[Act | None]:
    console.cardholder.prompted("key", console.now)
    given = yield AwaitAct(console.now + (seconds or _ENDLESS_S), frozenset({"key"}))
    return given if isinstance(given, Act) else None
