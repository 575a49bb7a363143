"""The letters of the online booking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.clinic import letters, outbox
from simulator.clinic.clinic import Clinic, make
from simulator.clinic.database import stamp
from simulator.clinic.settings import ClinicPlan, ClinicSettings
from simulator.clinic.wording import Voice

ZONE = ZoneInfo("America/Toronto")
STARTS = datetime(2026, 12, 1, 9, 30, tzinfo=ZONE).astimezone(UTC)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make(ClinicPlan(clinic=ClinicSettings(id="clinic-1"), folder=tmp_path))
    made.db.add(
        "cards", id="card-1", patient="patient-42", token="t", scope="merchant-1", kind="chargeable",
        consent_text="no-show", consent_version="3", consent_language="fr", consent_given="online",
        stored_at=stamp(STARTS), stored_by="online",
    )  # fmt: skip
    made.db.add(
        "appointments", id="a-1", patient="patient-42", service="physio-suivi", employee="nadia",
        point="plateau", starts=stamp(STARTS), ends=stamp(STARTS), card="card-1",
        fee_minor=5000, policy_fr="Un rendez-vous manqué est facturé 50,00 $.",
        policy_en="A missed appointment is billed $50.00.",
    )  # fmt: skip
    yield made
    made.db.close()


def test_the_code_is_in_a_letter_to_its_address(clinic: Clinic) -> None:
    letters.send_code(clinic, Voice("fr", ZONE), "quelquun@exemple.test", "012345")
    (letter,) = outbox.newest(clinic.db)
    assert (letter["recipient"], letter["subject"]) == (
        "quelquun@exemple.test", "Clinique du Parc : votre code",
    )  # fmt: skip
    assert "Votre code : 012345" in letter["body"]


def test_a_booking_is_told_with_when_where_and_the_fee(clinic: Clinic) -> None:
    letters.send_news(clinic, Voice("fr", ZONE), "a-1", "booked")
    (letter,) = outbox.newest(clinic.db)
    assert letter["recipient"] == "sophie.gagnon@exemple.test"
    for part in ("mardi 1er décembre", "9 h 30", "Nadia Fortin", "1234, avenue du Mont-Royal Est", "50,00 $"):
        assert part in letter["body"]


@pytest.mark.parametrize("change", [
    "UPDATE appointments SET card = NULL WHERE id = 'a-1'",
    "UPDATE appointments SET fee_minor = NULL, policy_fr = NULL, policy_en = NULL WHERE id = 'a-1'",
])  # fmt: skip
def test_no_fee_is_told_where_none_was_agreed(clinic: Clinic, change: str) -> None:
    clinic.db.run(change)
    letters.send_news(clinic, Voice("en", ZONE), "a-1", "booked")
    (letter,) = outbox.newest(clinic.db)
    assert "Your appointment is confirmed." in letter["body"]
    assert "$50.00" not in letter["body"]


def test_the_fee_that_is_told_is_the_one_that_was_announced(clinic: Clinic) -> None:
    clinic.db.run("UPDATE no_show_policies SET text_en = 'A missed appointment is billed $80.00.'")
    letters.send_news(clinic, Voice("en", ZONE), "a-1", "booked")
    (letter,) = outbox.newest(clinic.db)
    assert "$50.00" in letter["body"]
    assert "$80.00" not in letter["body"]


def test_a_request_is_received_and_may_be_turned_down(clinic: Clinic) -> None:
    letters.send_news(clinic, Voice("en", ZONE), "a-1", "requested")
    letters.send_news(clinic, Voice("en", ZONE), "a-1", "refused")
    refused, received = outbox.newest(clinic.db)
    assert "We have received your request." in received["body"]
    assert "$50.00" in received["body"]
    assert "We cannot give you this appointment." in refused["body"]
    assert "$50.00" not in refused["body"]
