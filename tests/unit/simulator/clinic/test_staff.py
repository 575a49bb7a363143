"""Staff: their names for the ids by which agents know them, and their passwords."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.clinic import staff
from simulator.clinic.database import Database
from simulator.clinic.seed import fill
from simulator.clinic.staff import hashed


def test_ids_become_names_and_nothing_else_changes(tmp_path: Path) -> None:
    db = Database(tmp_path / "clinic.sqlite")
    fill(db, datetime(2026, 11, 23, tzinfo=UTC))
    said = "occupé par staff-17, puis staff-1 ; staff-170 et staff-1-2 restent."
    assert staff.named(db, said) == (
        "occupé par Maude Tremblay, puis Karine Bouchard ; staff-170 et staff-1-2 restent."
    )
    db.close()


@pytest.mark.parametrize("login", ["accueil", "nobody"])
def test_a_wrong_password_costs_as_much_whoever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    db = Database(tmp_path / "clinic.sqlite")
    fill(db, datetime(2026, 11, 23, tzinfo=UTC))
    made: list[str] = []

    def counted(password: str, salt: bytes | None = None) -> str:
        made.append(password)
        return hashed(password, salt)

    monkeypatch.setattr(staff, "hashed", counted)
    assert staff.checked(db, login, "wrong") is None
    assert made == ["wrong"]
    db.close()
