"""A fictional clinic for a new database: `seed.toml` beside this file, with days relative to today."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulator.clinic.database import Database, new_id, stamp
from simulator.clinic.settings import TerminalRecord
from simulator.clinic.staff import hashed
from simulator.declared import one_of

_FILE = Path(__file__).with_name("seed.toml")
_TABLES = (
    "points_of_service", "patients", "patient_points", "employees", "employee_hours", "services",
    "service_points", "service_employees", "no_show_policies", "consent_texts",
)  # fmt: skip


def fill(db: Database, now: datetime) -> None:
    """Write the clinic. `now` in the clinic's own zone: appointments are told in days from today."""
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    with db.transaction():
        for name, value in told["settings"].items():
            db.add("settings", name=name, value=str(value))
        for person in told["staff"]:
            db.add("staff", **{**person, "password": hashed(person["password"])})
        for table in _TABLES:
            for row in told.get(table, []):
                db.add(table, **{key: _value(value) for key, value in row.items()})
        for row in told["appointments"]:
            _appointment(db, dict(row), now)


def name_terminals(db: Database, records: Iterable[TerminalRecord]) -> None:
    """Give terminals without a record their names and points of service. Raises SettingError for a point of
    service that the clinic does not have."""
    points = tuple(row["id"] for row in db.all("SELECT id FROM points_of_service ORDER BY id"))
    with db.transaction():
        for one in records:
            one_of(one.point, points, f"terminals: the point of {one.agent}/{one.terminal}")
            db.run(
                "INSERT OR IGNORE INTO terminals (agent, terminal, name, point) VALUES (?, ?, ?, ?)",
                one.agent,
                one.terminal,
                one.name,
                one.point,
            )


def _appointment(db: Database, row: dict[str, Any], now: datetime) -> None:
    service = db.one("SELECT minutes FROM services WHERE id = ?", row["service"])
    if service is None:
        raise ValueError(f"seed.toml: an appointment names service {row['service']!r}, which is none")
    hour, minute = (int(part) for part in row.pop("at").split(":"))
    day = now + timedelta(days=row.pop("days"))
    starts = day.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)
    ends = starts + timedelta(minutes=service["minutes"])
    db.add("appointments", id=new_id(now), starts=stamp(starts), ends=stamp(ends), **row)


def _value(value: object) -> Any:
    return int(value) if isinstance(value, bool) else value
