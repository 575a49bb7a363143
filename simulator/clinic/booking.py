"""Booking online: a slot is held for one visitor, and becomes an appointment or is free again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.clinic import offers, online_settings, services, slots
from simulator.clinic.database import Database, Row, moment, new_id, stamp
from simulator.clinic.services import ANNOUNCED
from simulator.clinic.slots import Wanted

HELD_FOR = timedelta(minutes=15)
# Time for the vault to answer, whatever is left of the hold when the card is sent.
HELD_FOR_THE_CARD = timedelta(minutes=3)


class NotFree(Exception):  # noqa: N818  # an answer to the visitor, not a failure
    """This slot is not offered, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a visitor asks for; nothing of it is believed. `starts` as in the database."""

    point: str
    service: str
    employee: str
    starts: str


def hold(db: Database, browser: str, choice: Choice, now: datetime, zone: ZoneInfo) -> None:
    """Hold a slot for this browser, which lets go of the last one it held. Raises NotFree."""
    service = offers.one(offers.services(db, choice.point), choice.service)
    employee = offers.one(offers.employees(db, choice.point, choice.service), choice.employee)
    if service is None or employee is None:
        raise NotFree
    wanted = Wanted(service, employee["id"], choice.point, browser)
    with db.transaction():
        db.run("DELETE FROM slot_holds WHERE browser = ? OR expires <= ?", browser, stamp(now))
        found = slots.free(db, wanted, online_settings.read(db), now, zone)
        starts = next((one for one in found if stamp(one) == choice.starts), None)
        if starts is None:
            raise NotFree
        db.add(
            "slot_holds",
            id=new_id(now),
            browser=browser,
            service=service["id"],
            employee=employee["id"],
            point=choice.point,
            starts=choice.starts,
            ends=stamp(starts + timedelta(minutes=service["minutes"])),
            expires=stamp(now + HELD_FOR),
        )


def held(db: Database, browser: str, now: datetime) -> Row | None:
    """What this browser holds, with the names of everything."""
    return db.one(
        "SELECT slot_holds.*, name_fr, name_en, price_minor, minutes, class, card_required,"
        " employees.name AS employee_name, points_of_service.name AS point_name, address"
        " FROM slot_holds JOIN services ON services.id = service JOIN employees ON employees.id = employee"
        " JOIN points_of_service ON points_of_service.id = point"
        " WHERE browser = ? AND slot_holds.expires > ?",
        browser,
        stamp(now),
    )


def hold_on(db: Database, browser: str, now: datetime) -> bool:
    """Hold it while the vault is asked; False where it is not held any more."""
    row = held(db, browser, now)
    if row is not None and moment(row["expires"]) < now + HELD_FOR_THE_CARD:
        db.run("UPDATE slot_holds SET expires = ? WHERE id = ?", stamp(now + HELD_FOR_THE_CARD), row["id"])
    return row is not None


def release(db: Database, browser: str) -> None:
    """Let go of what it holds."""
    db.run("DELETE FROM slot_holds WHERE browser = ?", browser)


def book(db: Database, browser: str, patient: str, *, purpose: str, card: str | None, now: datetime) -> str:
    """Make the appointment of what is held; its id. Raises NotFree where it is held no more, or staff gave
    the time to somebody else meanwhile."""
    accepted = online_settings.read(db).accept_automatically
    with db.transaction():
        row = held(db, browser, now)
        if row is None or is_taken(db, row):
            db.run("DELETE FROM slot_holds WHERE browser = ?", browser)
            taken = True
        else:
            taken = False
            made = new_id(now)
            db.add(
                "appointments",
                id=made,
                patient=patient,
                status="booked" if accepted else "requested",
                online=1,
                purpose=purpose,
                card=card,
                **(_announced(db, row) if card is not None else {}),
                **{name: row[name] for name in ("service", "employee", "point", "starts", "ends")},
            )
            db.run("INSERT OR IGNORE INTO patient_points VALUES (?, ?)", patient, row["point"])
            db.run("DELETE FROM slot_holds WHERE id = ?", row["id"])
    if taken:
        raise NotFree
    return made


def _announced(db: Database, row: Row) -> dict[str, str | int]:
    """The no-show fee, which visitors of whom a card is asked are told: it holds whatever the clinic asks of
    others later."""
    policy = services.no_show_policy(db, row)
    if policy is None:
        return {}
    return {name: policy[of] for name, of in ANNOUNCED.items()}


def is_taken(db: Database, row: Row) -> bool:
    """Whether an appointment of the same employee's meets the time of this one, or of this hold."""
    met = db.one(
        "SELECT 1 FROM appointments WHERE employee = ? AND status <> 'cancelled' AND starts < ? AND ends > ?",
        row["employee"],
        row["ends"],
        row["starts"],
    )
    return met is not None


# --- requests that wait for staff -----------------------------------------------------------------------


def requested(db: Database) -> list[Row]:
    """Requests made online that staff have not answered, soonest first."""
    return db.all(
        "SELECT appointments.*, name_fr, name_en, employees.name AS employee_name, first_name, last_name,"
        " points_of_service.name AS point_name FROM appointments JOIN services ON services.id = service"
        " JOIN employees ON employees.id = employee JOIN patients ON patients.id = patient"
        " JOIN points_of_service ON points_of_service.id = appointments.point"
        " WHERE status = 'requested' ORDER BY starts"
    )


def answer(db: Database, appointment: str, *, accepted: bool) -> bool:
    """Accept a request or turn it down; False where it waits no more."""
    status = "booked" if accepted else "cancelled"
    return bool(
        db.run(
            "UPDATE appointments SET status = ? WHERE id = ? AND status = 'requested'", status, appointment
        )
    )
