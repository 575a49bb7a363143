"""The clinic's own sentences, in `words/*.toml`, French and English; money and times in the local form.

What agents say comes with its text in both languages and is shown as it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency

from protocols.contract.fields import Locale
from simulator.clinic.database import moment

_FOLDER = Path(__file__).with_name("words")
_LOCALES: Mapping[str, str] = {"fr": "fr_CA", "en": "en_CA"}
_TIMES: Mapping[str, str] = {"fr": "H 'h' mm", "en": "h:mm a"}
# {day} is the day of the month: the first is "1er" in French.
_DAYS: Mapping[str, str] = {"fr": "{day} MMMM y", "en": "MMMM {day}, y"}
_SHORT_DAYS: Mapping[str, str] = {"fr": "{day} MMM y", "en": "MMM {day}, y"}
_WEEKDAYS: Mapping[str, str] = {"fr": "EEEE {day} MMMM", "en": "EEEE, MMMM {day}"}


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Every sentence by its dotted key: {"fr": …, "en": …}."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(_FOLDER.glob("*.toml")):
        for key, sentence in _leaves(tomllib.loads(file.read_text(encoding="utf-8")), ()):
            if key in found:
                raise ValueError(f"{file.name}: {key} stands in two files")
            found[key] = sentence
    return found


def _leaves(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if set(table) == {"fr", "en"}:
        yield ".".join(path), table
        return
    for name, below in table.items():
        if not isinstance(below, dict):
            raise TypeError(f"{'.'.join((*path, name))}: a sentence is a table with fr and en, and no more")
        yield from _leaves(below, (*path, name))


@dataclass(frozen=True, slots=True)
class Voice:
    """One language at one place."""

    language: Locale
    zone: ZoneInfo

    def say(self, key: str, **values: object) -> str:
        """A sentence by its key. KeyError for one that nobody wrote."""
        return words()[key][self.language].format(**values)

    def money(self, amount_minor: int) -> str:
        """Cents as people here write dollars."""
        return format_currency(Decimal(amount_minor).scaleb(-2), "CAD", locale=_LOCALES[self.language])

    def day(self, instant: datetime | date | str) -> str:
        """The day of a moment, or a day."""
        return self._date(_DAYS, instant)

    def weekday(self, instant: datetime | date | str) -> str:
        """The day with its name, without the year."""
        return self._date(_WEEKDAYS, instant)

    def time(self, instant: datetime | str) -> str:
        """The time of day."""
        return format_time(self._local(instant), _TIMES[self.language], locale=_LOCALES[self.language])

    def when(self, instant: datetime | str) -> str:
        """Day and time."""
        return f"{self._date(_SHORT_DAYS, instant)}, {self.time(instant)}"

    def expiry(self, yymm: str | None) -> str:
        """A card's expiry as it stands on the card, MM/YY."""
        return f"{yymm[2:]}/{yymm[:2]}" if yymm else "—"

    def _date(self, patterns: Mapping[str, str], instant: datetime | date | str) -> str:
        local = self._local(instant)
        first = self.language == "fr" and local.day == 1
        pattern = patterns[self.language].format(day="d'er'" if first else "d")
        return format_date(local, pattern, locale=_LOCALES[self.language])

    def _local(self, instant: datetime | date | str) -> Any:
        if isinstance(instant, str):
            instant = date.fromisoformat(instant) if len(instant) == 10 else moment(instant)
        return instant.astimezone(self.zone) if isinstance(instant, datetime) else instant
