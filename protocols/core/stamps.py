"""Moments as terminals stamp them: MMDDhhmmss, without a year. They are read in a leap year."""

from __future__ import annotations

from datetime import datetime, timedelta

_YEAR = timedelta(days=366)


def moment_of(stamp: str | None) -> datetime | None:
    """The moment; None for anything that is none."""
    try:
        return datetime.strptime(f"2000{stamp}+0000", "%Y%m%d%H%M%S%z") if stamp else None
    except ValueError:
        return None


def stamp_of(moment: datetime) -> str:
    """MMDDhhmmss."""
    return moment.strftime("%m%d%H%M%S")


def passed_s(before: str | None, after: str | None) -> float | None:
    """Seconds from one to the other, over the new year where that is nearer; None where one is no moment."""
    first, second = moment_of(before), moment_of(after)
    if first is None or second is None:
        return None
    return ((second - first + _YEAR / 2) % _YEAR - _YEAR / 2).total_seconds()
