"""Reads a TOML table into a dataclass by its type hints; errors name file, key, value and what is allowed.

Known kinds of field: str, int, float, bool, Literal[…] and tuple[one of these, ...].
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

_SCALARS: dict[type, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class SettingError(ValueError):
    """A key or value of a scenario is not allowed; the text names file, key, value and what is."""


def read_toml(text: str, allowed: tuple[str, ...], name: str) -> dict[str, object]:
    """The top level of a TOML text, which may hold the allowed keys alone. `name` is the file, for errors."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{name}: is not TOML: {error}") from None
    for key in found:
        if key not in allowed:
            raise SettingError(f"{name}: key {key!r} is unknown; allowed: {', '.join(allowed)}")
    return found


def tables(found: Mapping[str, object], key: str, name: str) -> list[tuple[object, str]]:
    """The tables headed [[key]], each with its place in the file, for errors."""
    under = found.get(key, [])
    if not isinstance(under, list):
        what = "one table" if isinstance(under, dict) else f"{under!r}"
        raise SettingError(f"{name}: {key} is {what}; allowed: tables headed [[{key}]]")
    return [(table, f"{name}: {key}[{number}]") for number, table in enumerate(under, 1)]


def build(kind: type[T], table: object, where: str) -> T:
    """An instance of the dataclass `kind` from a table. `where` is the file and table, for errors."""
    if not isinstance(table, Mapping):
        raise SettingError(f"{where}: is {table!r}; allowed: a table")
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # kind is a dataclass by contract
    for key in table:
        if key not in known:
            raise SettingError(f"{where}: key {key!r} is unknown; allowed: {', '.join(sorted(known))}")
    return kind(**{key: _value(hints[key], value, f"{where}.{key}") for key, value in table.items()})


def _value(hint: Any, value: object, where: str) -> object:
    if get_origin(hint) is Literal:
        return one_of(value, get_args(hint), where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise SettingError(f"{where}: is {value!r}; allowed: a list")
        return tuple(_value(get_args(hint)[0], item, f"{where}[{n}]") for n, item in enumerate(value))
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint or hint is NoneType:
        raise SettingError(f"{where}: is {value!r}; allowed: {_SCALARS[hint]}")
    if hint in (int, float) and not isinstance(value, str) and float(str(value)) < 0:
        raise SettingError(f"{where}: is {value!r}; allowed: zero or more")
    return value


def one_of(value: object, allowed: tuple[object, ...], where: str) -> object:
    """The value, if it is one of those allowed."""
    if value not in allowed:
        raise SettingError(f"{where}: is {value!r}; allowed: {', '.join(map(str, allowed))}")
    return value
