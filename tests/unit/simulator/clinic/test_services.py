"""Services, the settings of the online booking, and when both together ask for a card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.clinic import offers, online_settings, services
from simulator.clinic.database import Database, Row
from simulator.clinic.online_settings import OnlineSettings
from simulator.clinic.seed import fill

NOW = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("America/Toronto"))
GOOD = {
    "name_fr": "Suivi",
    "name_en": "Follow-up",
    "minutes": "45",
    "price": "99,50 $",
    "class": "professional",
    "point-laval": "on",
    "employee-samuel": "on",
}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "clinic.sqlite")
    fill(database, NOW)
    yield database
    database.close()


def service(db: Database, name: str = "physio-suivi") -> Row:
    row = services.get(db, name)
    assert row is not None
    return row


def test_a_form_is_taken_whole(db: Database) -> None:
    assert services.save(db, "physio-suivi", {**GOOD, "card_required": "on"}) == frozenset()
    row = service(db)
    assert (row["name_en"], row["minutes"], row["price_minor"]) == ("Follow-up", 45, 9950)
    assert (row["online"], row["card_required"]) == (0, 1)
    assert services.assigned(db, "physio-suivi") == services.Assigned(
        frozenset({"laval"}), frozenset({"samuel"})
    )


def test_a_wrong_form_changes_nothing(db: Database) -> None:
    before = tuple(service(db))
    wrong = services.save(db, "physio-suivi", {**GOOD, "minutes": "3", "price": "cher", "class": "other"})
    assert wrong == {"minutes", "price_minor", "class"}
    assert tuple(service(db)) == before


def test_the_settings_of_the_seed(db: Database) -> None:
    assert online_settings.read(db) == OnlineSettings(ask_for_card=True)


def test_settings_are_saved_and_read_again(db: Database) -> None:
    form = {"purpose_required": "on", "minimum_notice_h": "0", "bookable_days": "7"}
    assert online_settings.save(db, form) == frozenset()
    assert online_settings.read(db) == OnlineSettings(
        purpose_required=True,
        price_shown=False,
        accept_automatically=False,
        minimum_notice_h=0,
        bookable_days=7,
    )


def test_numbers_out_of_bounds_are_not_saved(db: Database) -> None:
    before = online_settings.read(db)
    form = {"minimum_notice_h": "-1", "bookable_days": "400"}
    assert online_settings.save(db, form) == {"minimum_notice_h", "bookable_days"}
    assert online_settings.read(db) == before


@pytest.mark.parametrize("clinic", [False, True])
@pytest.mark.parametrize(("name", "box"), [("physio-suivi", True), ("physio-eval", False)])
def test_a_card_is_asked_for_only_where_both_boxes_are_on(
    db: Database, name: str, box: bool, clinic: bool
) -> None:
    settings = replace(online_settings.read(db), ask_for_card=clinic)
    assert services.asks_for_card(service(db, name), settings) == (clinic and box)


def test_a_no_show_fee_is_announced_only_where_the_clinic_bills_one(db: Database) -> None:
    policy = services.no_show_policy(db, service(db))
    assert policy is not None
    assert policy["fee_minor"] == 5000
    assert services.no_show_policy(db, service(db, "massage")) is None
    db.run("UPDATE no_show_policies SET enabled = 1")
    db.run("UPDATE services SET class = 'merchant' WHERE id = 'massage'")
    assert services.no_show_policy(db, service(db, "massage")) is None


def ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]


def test_what_is_offered(db: Database) -> None:
    assert ids(offers.points(db)) == ["laval", "plateau"]
    assert set(ids(offers.services(db, "laval"))) == {"physio-suivi", "physio-eval"}
    assert ids(offers.employees(db, "laval", "physio-suivi")) == ["nadia", "samuel"]


def test_who_has_no_hours_at_a_point_of_service_is_not_offered_there(db: Database) -> None:
    assert ids(offers.employees(db, "plateau", "physio-suivi")) == ["nadia"]


@pytest.mark.parametrize("change", [
    "UPDATE services SET online = 0 WHERE id = 'physio-suivi'",
    "DELETE FROM service_points WHERE service = 'physio-suivi' AND point = 'plateau'",
    "DELETE FROM service_employees WHERE service = 'physio-suivi' AND employee = 'nadia'",
    "DELETE FROM employee_hours WHERE employee = 'nadia' AND point = 'plateau'",
])  # fmt: skip
def test_a_service_not_given_there_is_not_offered(db: Database, change: str) -> None:
    db.run(change)
    assert "physio-suivi" not in ids(offers.services(db, "plateau"))
    assert offers.employees(db, "plateau", "physio-suivi") == []
