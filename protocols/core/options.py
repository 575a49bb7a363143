"""A settings table as a protocol's options: a frozen dataclass of plain values, checked key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_type_hints

from protocols.core.values import CURRENCY_NUMBERS

Scalar = str | int | float | bool
T = TypeVar("T")
NEVER_IN_CLEAR = frozenset({"store_id", "api_token"})  # no settings file may hold them
_SECRET = NEVER_IN_CLEAR | {"password"}  # never shown, not even where they are wrong


class OptionError(ValueError):
    """A key of a terminal's options is unknown or holds something that is not allowed."""


def read_options(kind: type[T], protocol: str, options: Mapping[str, Scalar]) -> T:
    """Build the dataclass `kind` from a table. Raises OptionError for an unknown key or a wrong type."""
    made: Any = kind
    known = _kinds_of(made)
    for name, value in options.items():
        if name not in known:
            raise OptionError(f"{name} is not an option of {protocol}; known: {', '.join(sorted(known))}")
        _check_kind(name, value, known[name], _SECRET)
    result: T = made(**options)  # each value was just held against its annotation
    return result


def check_currency(currency: str) -> None:
    """Raises OptionError for a currency whose number on the wires we do not know."""
    if currency not in CURRENCY_NUMBERS:
        raise OptionError(f"currency is {currency!r}; allowed: {', '.join(sorted(CURRENCY_NUMBERS))}")


def check_seconds(options: object, *names: str) -> None:
    """Raises OptionError for one of these attributes that is no time to wait: 0 or less."""
    for name in names:
        if getattr(options, name) <= 0:
            raise OptionError(f"{name} is {getattr(options, name)}; allowed: more than 0 seconds")


@cache
def _kinds_of(options: type[Any]) -> Mapping[str, object]:
    hints = get_type_hints(options)
    return {field.name: hints[field.name] for field in fields(options)}


def _check_kind(name: str, value: Scalar, kind: object, secret: frozenset[str]) -> None:
    allowed = tuple(choice for choice in getattr(kind, "__args__", ()) if choice is not NoneType)
    if len(allowed) == 1:
        kind = allowed[0]  # an option that may be absent; TOML has no word for "nothing"
    if kind is bool:
        fits, wanted = isinstance(value, bool), "true or false"
    elif kind is float:
        fits, wanted = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    elif kind is int:
        fits, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif allowed and all(isinstance(choice, str) for choice in allowed):
        fits, wanted = value in allowed, " or ".join(map(repr, allowed))
    else:
        fits, wanted = isinstance(value, str), "a text"
    if not fits:
        shown = "a value that is not shown" if name in secret else repr(value)
        raise OptionError(f"{name} is {shown}; allowed: {wanted}")
