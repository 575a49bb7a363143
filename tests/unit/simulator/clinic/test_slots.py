"""Free slots, on ordinary days and on the two on which the clock is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.clinic import services, slots
from simulator.clinic.database import Database, new_id, stamp
from simulator.clinic.online_settings import OnlineSettings
from simulator.clinic.seed import fill
from simulator.clinic.slots import Span, Wanted
from tests.support.visitors import know

ZONE = ZoneInfo("America/Toronto")
HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=ZONE)
NOW = datetime(2026, 11, 22, 12, tzinfo=ZONE)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "clinic.sqlite")
    fill(database, NOW)
    database.run("DELETE FROM appointments")
    know(database, "browser-1", "browser-2")
    yield database
    database.close()


def local(instants: list[datetime]) -> list[str]:
    return [f"{one.astimezone(ZONE):%a %H:%M}" for one in instants]


def free(db: Database, now: datetime = NOW, **settings: int) -> list[datetime]:
    row = services.get(db, "physio-eval")
    assert row is not None
    wanted = Wanted(row, "nadia", "plateau", "browser-1")
    return slots.free(db, wanted, OnlineSettings(**{"bookable_days": 1, **settings}), now, ZONE)  # type: ignore[arg-type]  # by name


def appointment(db: Database, starts: datetime, *, status: str = "booked", point: str = "plateau") -> None:
    db.add(
        "appointments", id=new_id(NOW), patient="patient-42", service="physio-eval", employee="nadia",
        point=point, starts=stamp(starts), ends=stamp(starts + HOUR), status=status,
    )  # fmt: skip


def hold(db: Database, browser: str, starts: datetime, expires: datetime) -> None:
    db.add(
        "slot_holds", id=new_id(NOW), browser=browser, service="physio-eval", employee="nadia",
        point="plateau", starts=stamp(starts), ends=stamp(starts + HOUR), expires=stamp(expires),
    )  # fmt: skip


def test_a_day_from_its_opening_to_the_last_that_ends_in_time(db: Database) -> None:
    found = local(free(db))
    assert (found[0], found[1], found[-1], len(found)) == ("Mon 09:00", "Mon 09:30", "Mon 16:00", 15)


def test_an_appointment_takes_every_slot_that_it_meets(db: Database) -> None:
    appointment(db, MONDAY + HOUR, point="laval")
    assert local(free(db))[:3] == ["Mon 09:00", "Mon 11:00", "Mon 11:30"]


def test_a_cancelled_appointment_takes_none(db: Database) -> None:
    appointment(db, MONDAY, status="cancelled")
    assert local(free(db))[0] == "Mon 09:00"


def test_what_somebody_else_holds_is_not_free_until_that_expires(db: Database) -> None:
    hold(db, "browser-2", MONDAY, NOW + HALF)
    assert local(free(db))[0] == "Mon 10:00"
    assert local(free(db, NOW + HALF))[0] == "Mon 09:00"


def test_what_one_holds_oneself_is_free(db: Database) -> None:
    hold(db, "browser-1", MONDAY, NOW + HALF)
    assert local(free(db))[0] == "Mon 09:00"


def test_the_minimum_notice(db: Database) -> None:
    assert local(free(db, minimum_notice_h=24))[0] == "Mon 12:00"
    assert local(free(db, MONDAY - HOUR, minimum_notice_h=2, bookable_days=0))[0] == "Mon 10:00"


def test_no_further_ahead_than_the_settings_say(db: Database) -> None:
    days = {one[:3] for one in local(free(db, bookable_days=2))}
    assert days == {"Mon", "Tue"}


@pytest.mark.parametrize(("day", "opens"), [
    (date(2026, 3, 7), 14), (date(2026, 3, 8), 13), (date(2026, 10, 31), 13), (date(2026, 11, 1), 14),
])  # fmt: skip
def test_a_morning_begins_at_its_hour_on_both_sides_of_a_change(day: date, opens: int) -> None:
    span = slots.opening(day, 9 * 60, 17 * 60, ZONE)
    assert (span.starts.hour, span.starts.tzinfo, span.ends - span.starts) == (opens, UTC, 8 * HOUR)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 3), (date(2026, 11, 1), 5)])
def test_a_night_of_a_change_has_an_hour_less_or_more(day: date, hours: int) -> None:
    span = slots.opening(day, 0, 4 * 60, ZONE)
    begun = list(slots.within(span, HOUR, ()))
    assert span.ends - span.starts == hours * HOUR
    assert len(set(begun)) == len(begun) == 2 * hours - 1
    shown = [f"{one.astimezone(ZONE):%H:%M}" for one in begun]
    assert "02:30" not in shown or hours == 5
    assert shown.count("01:30") == (2 if hours == 5 else 1)


def test_a_slot_that_lasts_over_the_change_is_as_long_as_any() -> None:
    span = slots.opening(date(2026, 11, 1), 60, 150, ZONE)
    taken = Span(span.starts + HALF, span.starts + HOUR)
    assert list(slots.within(span, HOUR, [taken])) == [span.starts + HOUR, span.starts + HOUR + HALF]


def test_a_day_that_ends_at_midnight() -> None:
    span = slots.opening(date(2026, 11, 23), 22 * 60, 24 * 60, ZONE)
    assert span.ends - span.starts == 2 * HOUR
