"""Free slots: an employee's hours at a point of service, less appointments and slots that others hold.

Hours are told on the wall's clock of the clinic; slots are moments. On the two days of the year when the
clock is changed a morning begins at its hour all the same, and a slot lasts as long as on any other day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.clinic.database import Database, Row, moment, stamp
from simulator.clinic.online_settings import OnlineSettings

STEP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment to a later one, which is not part of it."""

    starts: datetime
    ends: datetime

    def meets(self, other: Span) -> bool:
        """Whether they have a moment in common."""
        return self.starts < other.ends and other.starts < self.ends


def opening(day: date, opens: int, closes: int, zone: ZoneInfo) -> Span:
    """Hours of one day, told in minutes from midnight on the wall's clock, as moments in UTC."""
    midnight = datetime.combine(day, time(), zone)
    return Span(
        (midnight + timedelta(minutes=opens)).astimezone(UTC),
        (midnight + timedelta(minutes=closes)).astimezone(UTC),
    )


def within(hours: Span, length: timedelta, taken: Iterable[Span]) -> Iterator[datetime]:
    """When something of this length can begin, each `STEP` from the opening."""
    taken, starts = tuple(taken), hours.starts
    while starts + length <= hours.ends:
        if not any(one.meets(Span(starts, starts + length)) for one in taken):
            yield starts
        starts += STEP


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose slots are looked for. `browser` is the one that looks: what it holds itself is free to it."""

    service: Row
    employee: str
    point: str
    browser: str


def free(
    db: Database, wanted: Wanted, settings: OnlineSettings, now: datetime, zone: ZoneInfo
) -> list[datetime]:
    """Every slot that can be booked online now, soonest first, in UTC."""
    length = timedelta(minutes=wanted.service["minutes"])
    today = now.astimezone(zone).date()
    soonest = now + timedelta(hours=settings.minimum_notice_h)
    taken = tuple(_taken(db, wanted, now))
    hours = db.all(
        "SELECT * FROM employee_hours WHERE employee = ? AND point = ?", wanted.employee, wanted.point
    )
    found: set[datetime] = set()
    for ahead in range(settings.bookable_days + 1):
        day = today + timedelta(days=ahead)
        for row in hours:
            if row["weekday"] == day.weekday():
                found.update(within(opening(day, row["opens"], row["closes"], zone), length, taken))
    return sorted(starts for starts in found if starts >= soonest)


def _taken(db: Database, wanted: Wanted, now: datetime) -> Iterator[Span]:
    """Nobody is at two points of service at once: an employee's whole day counts."""
    rows = db.all(
        "SELECT starts, ends FROM appointments WHERE employee = ? AND status <> 'cancelled' AND ends > ?",
        wanted.employee,
        stamp(now),
    )
    rows += db.all(
        "SELECT starts, ends FROM slot_holds WHERE employee = ? AND browser <> ? AND expires > ?",
        wanted.employee,
        wanted.browser,
        stamp(now),
    )
    return (Span(moment(row["starts"]), moment(row["ends"])) for row in rows)
