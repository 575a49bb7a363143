"""People's names for the ids by which agents know them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from simulator.clinic import staff
from simulator.clinic.database import Database
from simulator.clinic.seed import fill


def test_ids_become_names_and_nothing_else_changes(tmp_path: Path) -> None:
    db = Database(tmp_path / "clinic.sqlite")
    fill(db, datetime(2026, 11, 23, tzinfo=UTC))
    said = "occupé par staff-17, puis staff-1 ; staff-170 et staff-1-2 restent."
    assert staff.named(db, said) == (
        "occupé par Maude Tremblay, puis Karine Bouchard ; staff-170 et staff-1-2 restent."
    )
    db.close()
