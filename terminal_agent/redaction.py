"""The last line before any way out: card numbers masked in whatever is about to be shown, logged or sent.

Nothing should ever reach it; what it masks is counted, and the count is an alarm. It knows plain types only:
bytes and unknown objects are shown by size or type, never by content.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import Enum
from pathlib import PurePath
from uuid import UUID

from protocols.core.scrub import scrub

LONGEST_TEXT = 4000
DEEPEST = 8
# Numbers by nature: an id, a count or a time whose digits happen to pass Luhn is no card number.
NUMERIC_FIELDS = frozenset(
    {
        "operation_id",
        "target_operation_id",
        "original_operation_id",
        "boot",
        "epoch",
        "pid",
        "port",
        "receipt",
    }
    | {"seq", "stan", "trace", "turnover"}
)
NUMERIC_ENDINGS = ("_ms", "_ns", "_s", "_bytes", "_mib", "_minor")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
# The digits 0-9 are 30-39 in ASCII: how a card number looks in a hex dump.
_ASCII_IN_HEX = re.compile(r"(?:3[0-9][ :-]?){13,}")
# More digits than a card number in one piece: packed digits in a hex dump, with a length or tag before them.
_LONG_RUN = re.compile(r"[0-9]{17,}")
_NUMBERS_WITHIN = (re.compile(r"(?=([2-6][0-9]{15}))"), re.compile(r"(?=(3[47][0-9]{13}))"))
_DIGIT_IN_HEX = re.compile(r"3([0-9])[ :-]?")


def clean(value: object, name: str = "") -> tuple[object, int]:
    """The value in plain types without card numbers, and how many were masked. Never raises.

    `name` is the field it stands in: ids, counts and times are left alone where they have that shape.
    """
    return _clean(value, name, 0)


def clean_text(text: str) -> str:
    """A text without card numbers, at most LONGEST_TEXT characters."""
    return _clean_str(text)[0]


def clean_exception(error: BaseException) -> str:
    """Type and text of an exception, without card numbers; no traceback, no arguments, no cause."""
    return clean_text(f"{type(error).__name__}: {error}")


def _clean(value: object, name: str, depth: int) -> tuple[object, int]:
    if value is None or isinstance(value, bool):
        return value, 0
    if isinstance(value, Enum):
        return _clean(value.value, name, depth)
    if isinstance(value, str):
        return (value, 0) if name in NUMERIC_FIELDS and _ULID.fullmatch(value) else _clean_str(value)
    if isinstance(value, int | float):
        return _clean_number(value, name)
    if isinstance(value, Mapping | list | tuple | set | frozenset | deque):
        return _clean_collection(value, name, depth)
    return _clean_str(_shown(value))


def _clean_number(value: float, name: str) -> tuple[object, int]:
    if name in NUMERIC_FIELDS or name.endswith(NUMERIC_ENDINGS):
        return value, 0
    if not math.isfinite(value):
        return str(value), 0  # JSON has no word for it
    text, found = _clean_str(str(int(value)) if value == int(value) else str(value))
    return (text, found) if found else (value, 0)


def _clean_collection(
    value: Mapping[object, object] | Iterable[object], name: str, depth: int
) -> tuple[object, int]:
    if depth >= DEEPEST:
        return f"<{type(value).__name__} too deep>", 0
    if isinstance(value, Mapping):
        pairs = [(_clean_str(str(key)), _clean(item, str(key), depth + 1)) for key, item in value.items()]
        return {key[0]: item[0] for key, item in pairs}, sum(key[1] + item[1] for key, item in pairs)
    items = [_clean(item, name, depth + 1) for item in value]
    return [item[0] for item in items], sum(item[1] for item in items)


def _clean_str(text: str) -> tuple[str, int]:
    """Cut after masking: a number that the cut would split is masked whole first."""
    text, found = scrub(text[: LONGEST_TEXT + 64])
    for dump in reversed(list(_ASCII_IN_HEX.finditer(text))):
        if scrub(_DIGIT_IN_HEX.sub(r"\1", dump.group()))[1]:
            text, found = _starred(text, dump), found + 1
    for run in reversed(list(_LONG_RUN.finditer(text))):
        if any(scrub(number)[1] for shape in _NUMBERS_WITHIN for number in shape.findall(run.group())):
            text, found = _starred(text, run), found + 1
    return (text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"), found


def _starred(text: str, part: re.Match[str]) -> str:
    return text[: part.start()] + "*" * len(part.group()) + text[part.end() :]


def _shown(value: object) -> str:
    """Types whose text is known to be harmless, in words; of all others only the type."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, PurePath | date | timedelta | UUID):
        return str(value)
    return f"<{type(value).__name__}>"
