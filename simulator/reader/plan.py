"""A virtual reader's settings and what its reads will suffer, from one TOML file.

[reader]    keys of ReaderSettings
[[fault]]   keys of ReadFault
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from protocols.idtech.reports import HEAD
from simulator.declared import SettingError, build, read_toml, tables
from simulator.reader.faults import READ_TROUBLES, ReadFault
from simulator.reader.settings import ReaderSettings

_LARGEST = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPlan:
    """A reader's settings and its faults."""

    settings: ReaderSettings = field(default_factory=ReaderSettings)
    faults: tuple[ReadFault, ...] = ()


def load(path: Path) -> ReaderPlan:
    """The plan in a file. SettingError names file, key, value and what is allowed; OSError is left alone."""
    found = read_toml(path.read_text(encoding="utf-8"), ("reader", "fault"), str(path))
    settings = build(ReaderSettings, found.get("reader", {}), f"{path}: reader")
    _check(settings, f"{path}: reader")
    faults = tuple(read_fault(table, where) for table, where in tables(found, "fault", str(path)))
    return ReaderPlan(settings=settings, faults=faults)


def read_fault(table: object, where: str) -> ReadFault:
    """A fault from a table. Raises SettingError."""
    if isinstance(table, dict) and "what" not in table:
        raise SettingError(f"{where}.what: is missing; allowed: {', '.join(READ_TROUBLES)}")
    return build(ReadFault, table, where)


def _check(settings: ReaderSettings, where: str) -> None:
    for name, digits in (("ksn", 20), ("base_key", 32)):
        text = getattr(settings, name)
        if len(text) != digits or not set(text) <= set("0123456789ABCDEFabcdef"):
            raise SettingError(f"{where}.{name}: has {len(text)} characters; allowed: {digits} hex digits")
    for name, least, most in (
        ("vid", 0, _LARGEST), ("pid", 0, _LARGEST), ("report_size", HEAD + 1, _LARGEST),
        ("feature_size", 1, _LARGEST), ("level", 0, 4),
    ):  # fmt: skip
        number = getattr(settings, name)
        if not least <= number <= most:
            raise SettingError(f"{where}.{name}: is {number}; allowed: {least} to {most}")
    for name in ("serial", "usb_serial"):
        if not (getattr(settings, name).isascii() and len(getattr(settings, name)) <= 10):
            raise SettingError(
                f"{where}.{name}: is {getattr(settings, name)!r}; allowed: 10 ASCII characters"
            )
