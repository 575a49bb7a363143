"""What an appointment's status may become, and when."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from simulator.clinic import appointments
from simulator.clinic.asking import Refused
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row, new_id, stamp
from tests.support.clinic_records import NOW, ZONE, later, records
from tests.support.clinic_window import Window


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


def made(clinic: Clinic, hours: int, status: str = "booked") -> str:
    """Nadia's appointment with Sophie that begins in so many hours."""
    name = new_id(clinic.wall())
    starts = clinic.wall() + timedelta(hours=hours)
    clinic.db.add(
        "appointments", id=name, patient="patient-42", service="physio-suivi", employee="nadia",
        point="plateau", starts=stamp(starts), ends=stamp(starts + timedelta(minutes=30)), status=status,
    )  # fmt: skip
    return name


def found(clinic: Clinic, name: str) -> Row:
    row = appointments.get(clinic.db, name)
    assert row is not None
    return row


def change(clinic: Clinic, name: str, status: str, note: str = "") -> None:
    appointments.change(clinic.db, found(clinic, name), status, clinic.wall(), note=note)


def test_the_day_is_the_local_one(clinic: Clinic) -> None:
    clinic.db.run("DELETE FROM appointments")
    late = made(clinic, 11)  # 23:00 at the clinic, the next day in UTC
    days = {
        day: [row["id"] for row in appointments.of_day(clinic.db, "plateau", date(2026, 11, day), ZONE)]
        for day in (22, 23)
    }
    assert days == {22: [late], 23: []}
    assert appointments.of_day(clinic.db, "laval", date(2026, 11, 22), ZONE) == []


def test_nobody_is_absent_before_the_time(clinic: Clinic) -> None:
    name = made(clinic, 1)
    with pytest.raises(Refused) as refused:
        change(clinic, name, "no_show")
    assert refused.value.key == "appointment.not_begun"
    later(clinic, timedelta(hours=1))
    change(clinic, name, "no_show", "appelé deux fois")
    assert (found(clinic, name)["status"], found(clinic, name)["no_show_evidence"]) == (
        "no_show",
        "appelé deux fois",
    )
    change(clinic, name, "arrived")
    assert found(clinic, name)["no_show_evidence"] == ""


@pytest.mark.parametrize(("status", "wanted"), [
    ("booked", "done"), ("done", "cancelled"), ("requested", "booked"), ("arrived", "no_show"),
    ("booked", "nonsense"),
])  # fmt: skip
def test_what_a_status_cannot_become(clinic: Clinic, status: str, wanted: str) -> None:
    name = made(clinic, -1, status)
    with pytest.raises(Refused) as refused:
        change(clinic, name, wanted)
    assert refused.value.key == "appointment.changed_meanwhile"


def test_a_button_pressed_twice_changes_it_once(clinic: Clinic) -> None:
    name = made(clinic, -1)
    change(clinic, name, "no_show", "appelé deux fois")
    change(clinic, name, "no_show")
    assert found(clinic, name)["no_show_evidence"] == "appelé deux fois"


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "0202-11-22", "", "demain"])
async def test_a_day_that_is_none_is_today(clinic: Clinic, day: str) -> None:
    window = Window(clinic)
    await window.log_in("accueil")
    answer = await window.get(f"/appointments?day={day}")
    assert answer.status == 200
    assert "dimanche 22 novembre" in answer.text


def test_a_cancelled_one_comes_back_only_where_its_time_is_free(clinic: Clinic) -> None:
    clinic.db.run("DELETE FROM appointments")
    name = made(clinic, 2)
    change(clinic, name, "cancelled")
    change(clinic, name, "booked")
    change(clinic, name, "cancelled")
    made(clinic, 2)
    with pytest.raises(Refused) as refused:
        change(clinic, name, "booked")
    assert refused.value.key == "appointment.slot_taken"


def test_one_that_was_billed_as_missed_stays_missed(clinic: Clinic) -> None:
    name = made(clinic, -2)
    change(clinic, name, "no_show")
    clinic.db.add(
        "invoices", id="i-1", number=1, patient="patient-42", point="plateau", appointment=name,
        kind="no_show", made_at=stamp(NOW), made_by="staff-17",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        change(clinic, name, "arrived")
    assert refused.value.key == "appointment.billed_as_missed"
