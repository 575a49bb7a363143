"""Appointments: a point of service's day, and what their status may become."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.clinic import booking
from simulator.clinic.asking import Refused
from simulator.clinic.database import Database, Row, moment, stamp

# What staff may make of each status. What was marked by mistake can be taken back.
CHANGES: Mapping[str, tuple[str, ...]] = {
    "requested": (),  # answered among the online requests, where the patient is told
    "booked": ("arrived", "no_show", "cancelled"),
    "arrived": ("done", "booked"),
    "done": ("arrived",),
    "no_show": ("booked", "arrived"),
    "cancelled": ("booked",),
}
_WHOLE = (
    "SELECT appointments.*, services.name_fr, services.name_en, services.price_minor, services.class,"
    " employees.name AS employee_name, profession_fr, profession_en, points_of_service.name AS point_name,"
    " patients.first_name, patients.last_name FROM appointments"
    " JOIN services ON services.id = appointments.service JOIN employees ON employees.id = employee"
    " JOIN points_of_service ON points_of_service.id = appointments.point"
    " JOIN patients ON patients.id = appointments.patient"
)


def get(db: Database, appointment: str) -> Row | None:
    """One appointment with the names of its service, employee, point of service and patient."""
    return db.one(f"{_WHOLE} WHERE appointments.id = ?", appointment)


def of_day(db: Database, point: str, day: date, zone: ZoneInfo) -> list[Row]:
    """Those of a point of service that begin on a local day, in order."""
    begins = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    return db.all(
        f"{_WHOLE} WHERE appointments.point = ? AND starts >= ? AND starts < ? ORDER BY starts",
        point,
        stamp(begins),
        stamp(ends),
    )


def invoices_of(db: Database, appointment: str) -> list[Row]:
    """Its invoices, oldest first."""
    return db.all("SELECT * FROM invoices WHERE appointment = ? ORDER BY number", appointment)


def local_day(appointment: Row, zone: ZoneInfo) -> date:
    """The day on which it begins."""
    return moment(appointment["starts"]).astimezone(zone).date()


def has_begun(appointment: Row, now: datetime) -> bool:
    """Whether its time has come."""
    return str(appointment["starts"]) <= stamp(now)


def choices(db: Database, appointment: Row, now: datetime) -> dict[str, str]:
    """The statuses that it may get, each with why it may not yet: a key of the clinic's words, or ""."""
    return {status: _why_not(db, appointment, status, now) for status in CHANGES[appointment["status"]]}


def _why_not(db: Database, appointment: Row, status: str, now: datetime) -> str:
    if status == "no_show" and not has_begun(appointment, now):
        return "appointment.not_begun"
    billed = any(invoice["kind"] == "no_show" for invoice in invoices_of(db, appointment["id"]))
    return "appointment.billed_as_missed" if appointment["status"] == "no_show" and billed else ""


def change(db: Database, appointment: Row, status: str, now: datetime, *, note: str = "") -> None:
    """Give it another status. `note`, of one that was missed, is what staff saw. One that has this status
    already, as after a double click, is left as it is. Raises Refused."""
    if appointment["status"] == status:
        return
    allowed = choices(db, appointment, now)
    if status not in allowed:
        raise Refused("appointment.changed_meanwhile")
    if allowed[status]:
        raise Refused(allowed[status])
    if appointment["status"] == "cancelled" and booking.is_taken(db, appointment):
        raise Refused("appointment.slot_taken")
    db.run(
        "UPDATE appointments SET status = ?, no_show_evidence = ? WHERE id = ?",
        status,
        note if status == "no_show" else "",
        appointment["id"],
    )
