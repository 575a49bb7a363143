"""Whatever is about to be shown or logged, in plain types and without card numbers.

Nothing should ever be masked here; what is, is counted, and the count is an alarm. It knows plain types only:
bytes and unknown objects are shown by size or type, never by content.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import Enum
from pathlib import PurePath
from uuid import UUID

from terminal_agent.tripwire.alarm import forms_of
from terminal_agent.tripwire.forms import Form
from terminal_agent.tripwire.masking import mask_text, mask_value

LONGEST_TEXT = 4000
DEEPEST = 8


def clean(value: object, name: str = "") -> tuple[object, tuple[Form, ...]]:
    """The value in plain types without card numbers, and the form of each that was masked. Never raises.

    `name` is the field it stands in: ids, counts and times are left alone where they have that shape.
    """
    return _clean(value, name, 0)


def clean_text(text: str) -> str:
    """A text without card numbers, at most LONGEST_TEXT characters."""
    return _clean_str(text)[0]


def clean_exception(error: BaseException) -> str:
    """Type and text of an exception, without card numbers; no traceback, no arguments, no cause."""
    return clean_text(f"{type(error).__name__}: {error}")


def _clean(value: object, name: str, depth: int) -> tuple[object, tuple[Form, ...]]:
    if value is None or isinstance(value, bool):
        return value, ()
    if isinstance(value, Enum):
        return _clean(value.value, name, depth)
    if isinstance(value, str):
        return _clean_str(value, name)
    if isinstance(value, int | float):
        return _clean_number(value, name)
    if isinstance(value, Mapping | list | tuple | set | frozenset | deque):
        return _clean_collection(value, name, depth)
    return _clean_str(_shown(value))


def _clean_number(value: float, name: str) -> tuple[object, tuple[Form, ...]]:
    if not math.isfinite(value):
        return str(value), ()  # JSON has no word for it
    masked, found = mask_value(value, name)
    return masked, forms_of(found)


def _clean_collection(
    value: Mapping[object, object] | Iterable[object], name: str, depth: int
) -> tuple[object, tuple[Form, ...]]:
    if depth >= DEEPEST:
        return f"<{type(value).__name__} too deep>", ()
    if isinstance(value, Mapping):
        pairs = [(_clean_str(str(key)), _clean(item, str(key), depth + 1)) for key, item in value.items()]
        found = tuple(form for pair in pairs for _, forms in pair for form in forms)
        return {key[0]: item[0] for key, item in pairs}, found
    items = [_clean(item, name, depth + 1) for item in value]
    return [item[0] for item in items], tuple(form for _, forms in items for form in forms)


def _clean_str(text: str, name: str = "") -> tuple[str, tuple[Form, ...]]:
    """Cut after masking: a number that the cut would split is masked whole first."""
    text, found = mask_text(text[: LONGEST_TEXT + 64], name)
    return (text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"), forms_of(found)


def _shown(value: object) -> str:
    """Types whose text is known to be harmless, in words; of all others only the type."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, PurePath | date | timedelta | UUID):
        return str(value)
    return f"<{type(value).__name__}>"
