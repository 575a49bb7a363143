"""Card numbers masked in place, in texts and in JSON; everything else stays as it is.

Typed fields are exempt: a reference number, a key serial number or an operation id whose digits pass for a
card number is left alone, in its own field and in its own shape only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from protocols.card_ranges import is_known_card_number
from terminal_agent.tripwire.forms import Find, find_card_numbers, suspicious

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("operation_id", "target_operation_id", "original_operation_id", "epoch"), _ULID),
    **dict.fromkeys(("id", "original_id"), _ULID),
    "reference": re.compile(r"[0-9]{18}"),  # the gateway's ReferenceNum
    "ksn": re.compile(r"[0-9A-F]{16}|[0-9A-F]{20}|[0-9A-F]{24}"),
    "hash": re.compile(r"[0-9a-f]{64}"),
}
# What others made and nobody may change: only a value that is a card number and nothing else is masked there.
_OPAQUE = frozenset({"value", "token", "data_key", "issuer_id", "network_transaction_id"})
_NUMBERS = frozenset({"boot", "pid", "port", "receipt", "seq", "stan", "trace", "turnover"})
_NUMBER_ENDINGS = ("_ms", "_ns", "_s", "_bytes", "_mib", "_minor")


def mask_text(text: str, name: str = "") -> tuple[str, tuple[Find, ...]]:
    """The text with every card number starred, and what was found. `name` is the field that it stands in."""
    if not suspicious(text) or _is_exempt(text, name):
        return text, ()
    found = tuple(find_card_numbers(text))
    for find in reversed(found):
        text = text[: find.start] + _starred(text[find.start : find.end], find) + text[find.end :]
    return text, found


def mask_json_text(text: str, name: str = "") -> tuple[str, tuple[Find, ...]]:
    """The same for JSON: it stays JSON. What is none is taken as plain text. Never raises."""
    if not suspicious(text):
        return text, ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return mask_text(text, name)
    masked, found = mask_value(value, name)
    return (json.dumps(masked, ensure_ascii=False, separators=(",", ":")), found) if found else (text, ())


def mask_value(value: Any, name: str = "") -> tuple[Any, tuple[Find, ...]]:
    """The same for a value of JSON; a number that is a card number becomes a text."""
    if isinstance(value, str):
        return mask_text(value, name)
    if isinstance(value, bool) or value is None:
        return value, ()
    if isinstance(value, int | float):
        return _mask_number(value, name)
    if isinstance(value, dict):
        keys = [mask_text(key) for key in value]
        items = [mask_value(item, key) for key, item in value.items()]
        found = tuple(find for _, finds in (*keys, *items) for find in finds)
        return {key: item for (key, _), (item, _) in zip(keys, items, strict=True)}, found
    items = [mask_value(item, name) for item in value]
    return [item for item, _ in items], tuple(find for _, finds in items for find in finds)


def _mask_number(value: float, name: str) -> tuple[Any, tuple[Find, ...]]:
    """Counts, times and amounts are numbers by nature."""
    if name in _NUMBERS or name.endswith(_NUMBER_ENDINGS) or abs(value) < 10**12 or abs(value) >= 10**40:
        return value, ()
    text, found = mask_text(str(int(value)) if value == int(value) else str(value))
    return (text, found) if found else (value, ())


def _is_exempt(text: str, name: str) -> bool:
    shape = _SHAPES.get(name)
    if shape is not None:
        return shape.fullmatch(text) is not None
    return name in _OPAQUE and not is_known_card_number(re.sub(r"[ -]", "", text))


def _starred(number: str, find: Find) -> str:
    """Stars for every digit but the last four where digits can be read; else stars for all of it."""
    if find.form != "digits" or "\0" in number:
        return "*" * len(number)
    hidden = sum(character.isdecimal() for character in number) - 4
    shown = []
    for character in number:
        hide = character.isdecimal() and hidden > 0
        hidden -= hide
        shown.append("*" if hide else character)
    return "".join(shown)
