"""Services: what each is, where and by whom it is given, whether a card is asked for to book it online."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.clinic.amounts import read_amount
from simulator.clinic.database import Database, Row
from simulator.clinic.online_settings import OnlineSettings, whole_number

CLASSES = ("professional", "merchant", "uncertain")
_LONGEST_MIN = 8 * 60
_ASSIGNED = {
    "point": ("service_points", "points_of_service"),
    "employee": ("service_employees", "employees"),
}


@dataclass(frozen=True, slots=True)
class Assigned:
    """The points of service where a service is given, and the employees who give it, by their ids."""

    points: frozenset[str]
    employees: frozenset[str]


def all_services(db: Database) -> list[Row]:
    """Every service, by its French name."""
    return db.all("SELECT * FROM services ORDER BY name_fr")


def get(db: Database, service: str) -> Row | None:
    """One of them."""
    return db.one("SELECT * FROM services WHERE id = ?", service)


def assigned(db: Database, service: str) -> Assigned:
    """Where and by whom."""
    points = db.all("SELECT point FROM service_points WHERE service = ?", service)
    employees = db.all("SELECT employee FROM service_employees WHERE service = ?", service)
    return Assigned(
        frozenset(row["point"] for row in points), frozenset(row["employee"] for row in employees)
    )


def asks_for_card(service: Row, settings: OnlineSettings) -> bool:
    """Only where both boxes are on: the clinic's and the service's."""
    return settings.ask_for_card and bool(service["card_required"])


# An appointment's columns for the policy that was announced when it was made, by those of the policy.
ANNOUNCED: Mapping[str, str] = {"fee_minor": "fee_minor", "policy_fr": "text_fr", "policy_en": "text_en"}


def no_show_policy(db: Database, service: Row) -> Row | None:
    """What is announced for a missed appointment; None where the clinic bills none for its class. A merchant
    may not fix such a fee in advance."""
    return db.one(
        "SELECT * FROM no_show_policies WHERE class = ? AND enabled = 1 AND class <> 'merchant'",
        service["class"],
    )


def save(db: Database, service: str, form: Mapping[str, str]) -> frozenset[str]:
    """Take the form of a service. The names of fields that cannot be; nothing is saved then."""
    told = {
        "name_fr": form.get("name_fr", "").strip() or None,
        "name_en": form.get("name_en", "").strip() or None,
        "minutes": whole_number(form.get("minutes", ""), 5, _LONGEST_MIN),
        "price_minor": read_amount(form.get("price", "")),
        "class": form.get("class") if form.get("class") in CLASSES else None,
        "online": int("online" in form),
        "card_required": int("card_required" in form),
    }
    wrong = frozenset(name for name, value in told.items() if value is None)
    if wrong:
        return wrong
    with db.transaction():
        settings = ", ".join(f"{name} = ?" for name in told)
        db.run(f"UPDATE services SET {settings} WHERE id = ?", *told.values(), service)  # noqa: S608  # our own names
        for column in _ASSIGNED:
            _assign(db, service, column, form)
    return wrong


def _assign(db: Database, service: str, column: str, form: Mapping[str, str]) -> None:
    table, known = _ASSIGNED[column]
    db.run(f"DELETE FROM {table} WHERE service = ?", service)  # noqa: S608  # our own names
    for row in db.all(f"SELECT id FROM {known}"):  # noqa: S608  # our own names
        if f"{column}-{row['id']}" in form:
            db.add(table, **{"service": service, column: row["id"]})
