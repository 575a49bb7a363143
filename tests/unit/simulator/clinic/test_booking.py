"""Holding a slot, booking it, and whose appointment it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.clinic import booking, email_codes, visitors
from simulator.clinic.booking import Choice, NotFree
from simulator.clinic.database import Database, new_id, stamp
from simulator.clinic.seed import fill
from simulator.clinic.visitors import Person
from tests.support.visitors import know

ZONE = ZoneInfo("America/Toronto")
NOW = datetime(2026, 11, 22, 12, tzinfo=ZONE)
MONDAY = stamp(datetime(2026, 11, 23, 9, tzinfo=ZONE).astimezone(UTC))
CHOICE = Choice(point="plateau", service="physio-suivi", employee="nadia", starts=MONDAY)
ALICE = Person(
    first_name="Alice", last_name="Lavoie", born="1991-05-17", phone="514 555-0177", postal_code="H2J1X1"
)
A, B = "browser-a", "browser-b"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "clinic.sqlite")
    fill(database, NOW)
    database.run("DELETE FROM appointments")
    know(database, A, B, "browser-c")
    yield database
    database.close()


def hold(db: Database, browser: str = A, now: datetime = NOW, **other: str) -> None:
    fields = {name: getattr(CHOICE, name) for name in ("point", "service", "employee", "starts")}
    booking.hold(db, browser, Choice(**{**fields, **other}), now, ZONE)


def a_card(db: Database) -> str:
    """A card of the patient's; its id."""
    db.add(
        "cards", id="card-1", patient="patient-42", token="token-1", scope="merchant-1", kind="chargeable",
        consent_text="no-show", consent_version="3", consent_language="fr", consent_given="online",
        stored_at="2026-10-22T17:00:00.000Z", stored_by="staff-17",
    )  # fmt: skip
    return "card-1"


def book(db: Database, browser: str = A, now: datetime = NOW, card: str | None = None) -> str:
    return booking.book(db, browser, "patient-42", purpose="genou", card=card, now=now)


def prove(db: Database, email: str, browser: str = A) -> None:
    code = email_codes.make(db, browser, email, NOW)
    assert code is not None
    assert email_codes.try_code(db, browser, code, NOW) == "proven"


def test_a_slot_has_one_holder(db: Database) -> None:
    hold(db)
    with pytest.raises(NotFree):
        hold(db, B)
    hold(db, A)
    assert len(db.all("SELECT * FROM slot_holds")) == 1


def test_a_longer_service_cannot_be_held_over_it(db: Database) -> None:
    hold(db)
    later = stamp(datetime(2026, 11, 23, 9, 30, tzinfo=ZONE).astimezone(UTC))
    hold(db, B, service="physio-eval", starts=later)
    with pytest.raises(NotFree):
        hold(db, "browser-c", starts=later)


def test_another_choice_lets_go_of_the_first(db: Database) -> None:
    hold(db)
    hold(db, starts=stamp(datetime(2026, 11, 23, 10, tzinfo=ZONE).astimezone(UTC)))
    hold(db, B)


def test_a_hold_is_over_after_its_time_and_once_released(db: Database) -> None:
    hold(db)
    assert booking.held(db, A, NOW + booking.HELD_FOR) is None
    hold(db, B, NOW + booking.HELD_FOR)
    booking.release(db, B)
    hold(db, A, NOW + booking.HELD_FOR)


@pytest.mark.parametrize("forged", [
    {"point": "laval"}, {"service": "psychologie"}, {"employee": "samuel"}, {"employee": "julie"},
    {"service": "none"}, {"point": "none"}, {"starts": "2026-11-23T14:07:00.000Z"},
    {"starts": "2026-11-22T17:30:00.000Z"}, {"starts": "2027-11-22T14:00:00.000Z"}, {"starts": "x"},
])  # fmt: skip
def test_what_is_not_offered_cannot_be_held(db: Database, forged: dict[str, str]) -> None:
    with pytest.raises(NotFree):
        hold(db, A, NOW, **forged)
    assert db.all("SELECT * FROM slot_holds") == []


def test_while_the_vault_is_asked_the_slot_stays_held(db: Database) -> None:
    hold(db)
    late = NOW + booking.HELD_FOR - timedelta(seconds=5)
    assert booking.hold_on(db, A, late)
    assert booking.held(db, A, late + timedelta(minutes=2)) is not None
    assert not booking.hold_on(db, B, late)


def test_what_is_held_becomes_an_appointment(db: Database) -> None:
    hold(db)
    made = book(db)
    row = db.one("SELECT * FROM appointments WHERE id = ?", made)
    assert row is not None
    assert (row["starts"], row["status"], row["online"], row["purpose"]) == (MONDAY, "booked", 1, "genou")
    assert db.all("SELECT * FROM slot_holds") == []
    with pytest.raises(NotFree):
        hold(db, B)


@pytest.mark.parametrize(("enabled", "asked", "fee"), [(1, True, 5000), (0, True, None), (1, False, None)])
def test_the_fee_is_kept_with_the_appointment_where_it_was_announced(
    db: Database, enabled: int, asked: bool, fee: int | None
) -> None:
    """Those of whom no card is asked are not shown it."""
    db.run("UPDATE no_show_policies SET enabled = ? WHERE class = 'professional'", enabled)
    hold(db)
    made = book(db, card=a_card(db) if asked else None)
    db.run("UPDATE no_show_policies SET fee_minor = 9900, text_fr = 'Frais : 99,00 $'")
    row = db.one("SELECT * FROM appointments WHERE id = ?", made)
    assert row is not None
    assert row["fee_minor"] == fee
    assert ("50,00 $" in row["policy_fr"]) if fee else (row["policy_fr"] is None)


def test_a_request_waits_for_staff(db: Database) -> None:
    db.run("UPDATE settings SET value = '0' WHERE name = 'accept_automatically'")
    hold(db)
    made = book(db)
    assert [row["id"] for row in booking.requested(db)] == [made]
    assert booking.answer(db, made, accepted=True)
    assert not booking.answer(db, made, accepted=False)
    row = db.one("SELECT status FROM appointments WHERE id = ?", made)
    assert row is not None
    assert row["status"] == "booked"


def test_a_request_turned_down_is_free_again(db: Database) -> None:
    db.run("UPDATE settings SET value = '0' WHERE name = 'accept_automatically'")
    hold(db)
    assert booking.answer(db, book(db), accepted=False)
    hold(db, B)


def test_booking_at_another_point_of_service_assigns_it(db: Database) -> None:
    db.run("DELETE FROM patient_points")
    hold(db)
    book(db)
    assert [tuple(row) for row in db.all("SELECT * FROM patient_points")] == [("patient-42", "plateau")]


def test_nothing_is_booked_once_the_hold_is_over(db: Database) -> None:
    hold(db)
    with pytest.raises(NotFree):
        book(db, now=NOW + booking.HELD_FOR)
    assert db.all("SELECT * FROM appointments") == []


def test_staff_may_have_given_the_time_away_meanwhile(db: Database) -> None:
    hold(db)
    db.add(
        "appointments", id=new_id(NOW), patient="patient-43", service="physio-eval", employee="nadia",
        point="plateau", starts=MONDAY, ends=stamp(NOW + timedelta(days=1)),
    )  # fmt: skip
    with pytest.raises(NotFree):
        book(db)
    assert booking.held(db, A, NOW) is None


# --- whose it is ----------------------------------------------------------------------------------------


def test_no_file_before_the_address_is_proven(db: Database) -> None:
    email_codes.make(db, A, "sophie.gagnon@exemple.test", NOW)
    assert visitors.files(db, A) == []
    assert not visitors.is_file(db, A, "patient-42")
    visitors.is_somebody(db, A, ALICE)
    assert visitors.get(db, A) is None
    with pytest.raises(LookupError):
        visitors.file_of(db, A, "fr", NOW)


def test_the_files_of_a_proven_address_and_no_others(db: Database) -> None:
    db.run("UPDATE patients SET email = 'Sophie.Gagnon@Exemple.test' WHERE id = 'patient-46'")
    prove(db, "sophie.gagnon@exemple.test")
    assert {row["id"] for row in visitors.files(db, A)} == {"patient-42", "patient-46"}
    assert not visitors.is_file(db, A, "patient-43")
    assert visitors.is_file(db, A, "patient-42")
    assert visitors.file_of(db, A, "fr", NOW) == "patient-42"


def test_a_new_person_gets_a_file_only_when_it_is_needed(db: Database) -> None:
    prove(db, "alice@exemple.test")
    before = len(db.all("SELECT * FROM patients"))
    visitors.is_somebody(db, A, ALICE)
    assert len(db.all("SELECT * FROM patients")) == before
    patient = visitors.file_of(db, A, "en", NOW)
    assert visitors.file_of(db, A, "en", NOW) == patient
    row = db.one("SELECT * FROM patients WHERE id = ?", patient)
    assert row is not None
    assert (row["email"], row["language"], row["last_name"]) == ("alice@exemple.test", "en", "Lavoie")


def test_somebody_known_at_another_address_is_not_matched(db: Database) -> None:
    prove(db, "other@exemple.test")
    known = Person(
        first_name="Sophie", last_name="Gagnon", born="1988-03-14", phone="514 555-0142", postal_code="H2J1X1"
    )
    visitors.is_somebody(db, A, known)
    assert visitors.file_of(db, A, "fr", NOW) != "patient-42"


def test_the_same_name_and_birth_at_the_proven_address_is_the_same_person(db: Database) -> None:
    prove(db, "sophie.gagnon@exemple.test")
    known = Person(
        first_name="SOPHIE", last_name="gagnon", born="1988-03-14", phone="514 555-0000", postal_code="H2J1X1"
    )
    visitors.is_somebody(db, A, known)
    assert visitors.file_of(db, A, "fr", NOW) == "patient-42"


def test_after_the_visit_the_address_is_to_be_proven_again(db: Database) -> None:
    prove(db, "sophie.gagnon@exemple.test")
    hold(db)
    made = book(db)
    visitors.end(db, A, made)
    assert visitors.made(db, A) == made
    assert visitors.made(db, B) is None
    assert visitors.files(db, A) == []


def test_what_a_browser_told_goes_with_it(db: Database) -> None:
    prove(db, "alice@exemple.test")
    visitors.is_somebody(db, A, ALICE)
    hold(db)
    db.run("DELETE FROM browsers WHERE hash = ?", A)
    for table in ("visitors", "email_codes", "slot_holds"):
        assert db.all(f"SELECT * FROM {table}") == []


def test_another_visit_does_not_tell_of_the_last_one(db: Database) -> None:
    hold(db)
    visitors.end(db, A, book(db))
    visitors.begin(db, A)
    assert visitors.made(db, A) is None


def test_details_that_must_be_mended() -> None:
    good = {"first_name": " Alice ", "last_name": "Lavoie", "born": "1991-05-17", "phone": "514 555-0177",
            "postal_code": "h2j 1x1"}  # fmt: skip
    assert visitors.told(good, date(2026, 11, 22)) == (ALICE, frozenset())
    bad = {"first_name": " ", "last_name": "", "born": "2027-01-01", "phone": "555", "postal_code": "D2J 1X1"}
    assert visitors.told(bad, date(2026, 11, 22)) == (None, frozenset(bad))
