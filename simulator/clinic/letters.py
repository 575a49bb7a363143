"""The letters that the clinic writes by e-mail, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from simulator.clinic import outbox
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row
from simulator.clinic.email_codes import GOOD_FOR
from simulator.clinic.wording import Voice

News = Literal["booked", "requested", "refused"]
_SUBJECTS: Mapping[News, str] = {
    "booked": "mail.booked_subject",
    "requested": "mail.requested_subject",
    "refused": "mail.refused_subject",
}
_BODIES: Mapping[News, str] = {
    "booked": "mail.booked",
    "requested": "mail.requested",
    "refused": "mail.refused",
}


def send_code(clinic: Clinic, voice: Voice, email: str, code: str) -> None:
    """The code that proves an address: the same letter for everybody."""
    minutes = int(GOOD_FOR.total_seconds() // 60)
    body = voice.say("mail.code", code=code, minutes=minutes, clinic=clinic.name)
    outbox.send(clinic.db, email, voice.say("mail.code_subject", clinic=clinic.name), body, clinic.wall())


def send_news(clinic: Clinic, voice: Voice, appointment: str, news: News) -> None:
    """What became of a booking, with all that its reader needs: when, where, whom to call."""
    row = whole(clinic, appointment)
    told = {
        "when": f"{voice.weekday(row['starts'])}, {voice.time(row['starts'])}",
        "service": row[f"name_{voice.language}"],
        "employee": row["employee_name"],
        "point": row["point_name"],
        "address": row["address"],
        "phone": row["phone"],
    }
    parts = [voice.say(_BODIES[news]), voice.say("mail.appointment", **told)]
    announced = row[f"policy_{voice.language}"]
    if announced and row["card"] and news != "refused":
        parts.append(announced)
    parts.append(voice.say("mail.signed", clinic=clinic.name, phone=row["phone"]))
    subject = voice.say(_SUBJECTS[news], clinic=clinic.name)
    outbox.send(clinic.db, row["email"], subject, "\n\n".join(parts), clinic.wall())


def whole(clinic: Clinic, appointment: str) -> Row:
    """An appointment with its service, employee, point of service and patient."""
    row = clinic.db.one(
        "SELECT appointments.*, name_fr, name_en, employees.name AS employee_name,"
        " points_of_service.name AS point_name, points_of_service.address, points_of_service.phone,"
        " patients.email, patients.language FROM appointments JOIN services ON services.id = service"
        " JOIN employees ON employees.id = employee JOIN patients ON patients.id = patient"
        " JOIN points_of_service ON points_of_service.id = point WHERE appointments.id = ?",
        appointment,
    )
    if row is None:
        raise LookupError(f"no appointment {appointment!r}")
    return row
