"""The code that proves an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator.clinic import email_codes
from simulator.clinic.database import Database
from tests.support.visitors import know

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
EMAIL = "sophie.gagnon@exemple.test"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "clinic.sqlite")
    know(database, *(f"b-{at}" for at in range(21)))
    yield database
    database.close()


def made(db: Database, browser: str = "b-1", email: str = EMAIL, now: datetime = NOW) -> str:
    code = email_codes.make(db, browser, email, now)
    assert code is not None
    return code


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize(("text", "plain"), [
    (" Sophie@Exemple.Test ", "sophie@exemple.test"), ("sophie", None), ("a@b", None), ("a b@c.ca", None),
    ("a@b.ca,d@e.ca", None), ("<a@b.ca>", None),
])  # fmt: skip
def test_an_address(text: str, plain: str | None) -> None:
    assert email_codes.address(text) == plain


def test_the_right_code_proves_the_address(db: Database) -> None:
    code = made(db)
    assert email_codes.proven(db, "b-1") is None
    assert email_codes.try_code(db, "b-1", f" {code[:3]} {code[3:]} ", NOW) == "proven"
    assert email_codes.proven(db, "b-1") == EMAIL


def test_the_code_itself_is_kept_nowhere(db: Database) -> None:
    code = made(db)
    row = email_codes.awaited(db, "b-1")
    assert row is not None
    assert code not in "|".join(str(value) for value in row)


def test_a_code_is_of_one_browser(db: Database) -> None:
    assert email_codes.try_code(db, "b-2", made(db), NOW) == "over"
    assert email_codes.proven(db, "b-2") is None


def test_few_tries_and_then_a_new_code(db: Database) -> None:
    code = made(db)
    said = [email_codes.try_code(db, "b-1", other(code), NOW) for _ in range(email_codes.TRIES)]
    assert said == ["wrong"] * (email_codes.TRIES - 1) + ["over"]
    assert email_codes.try_code(db, "b-1", code, NOW) == "over"
    assert email_codes.try_code(db, "b-1", made(db), NOW) == "proven"


def test_a_code_expires(db: Database) -> None:
    code = made(db)
    late = NOW + email_codes.GOOD_FOR + timedelta(seconds=1)
    assert email_codes.try_code(db, "b-1", code, late) == "over"
    assert email_codes.proven(db, "b-1") is None


def test_a_new_code_replaces_the_old_one(db: Database) -> None:
    old = made(db)
    new = made(db)
    if old != new:
        assert email_codes.try_code(db, "b-1", old, NOW) == "wrong"
    assert email_codes.try_code(db, "b-1", new, NOW) == "proven"


def test_another_address_is_not_proven_by_the_last_one(db: Database) -> None:
    assert email_codes.try_code(db, "b-1", made(db), NOW) == "proven"
    made(db, email="luc.belanger@exemple.test")
    assert email_codes.proven(db, "b-1") is None


def test_only_so_many_codes_in_an_hour_for_an_address_and_for_a_browser(db: Database) -> None:
    for at in range(5):
        made(db, f"b-{at}")
    assert email_codes.make(db, "b-9", EMAIL, NOW) is None
    for at in range(5):
        made(db, "b-20", f"a{at}@exemple.test")
    assert email_codes.make(db, "b-20", "z@exemple.test", NOW) is None
    assert email_codes.make(db, "b-9", EMAIL, NOW + timedelta(hours=1)) is not None
