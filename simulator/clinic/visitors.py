"""Whose appointment a visitor makes online. Files are looked at only once an address is proven."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from protocols.contract.fields import Locale
from simulator.clinic import email_codes
from simulator.clinic.database import Database, Row, new_id
from simulator.clinic.postal_codes import read_postal_code

_LONGEST_PHONE = 40
_OLDEST = date(1900, 1, 1)
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who has no file yet. `born` is YYYY-MM-DD; the postal code upper-case without a space."""

    first_name: str
    last_name: str
    born: str
    phone: str
    postal_code: str


def files(db: Database, browser: str) -> list[Row]:
    """The files of the address that this browser has proven; a family may share one."""
    email = email_codes.proven(db, browser)
    if email is None:
        return []
    return db.all("SELECT * FROM patients WHERE lower(email) = ? ORDER BY first_name, last_name", email)


def told(fields: Mapping[str, str], today: date) -> tuple[Person | None, frozenset[str]]:
    """A person as the form tells, or the names of the fields that must be mended."""
    given = {name: " ".join(fields.get(name, "").split()) for name in Person.__dataclass_fields__}
    given["postal_code"] = read_postal_code(given["postal_code"]) or ""
    wrong = {name for name in ("first_name", "last_name") if not 0 < len(given[name]) <= _LONGEST_NAME}
    if not _is_birth_date(given["born"], today):
        wrong.add("born")
    digits = sum(character.isdecimal() for character in given["phone"])
    if not 10 <= digits <= 15 or len(given["phone"]) > _LONGEST_PHONE:
        wrong.add("phone")
    if not given["postal_code"]:
        wrong.add("postal_code")
    return (None if wrong else Person(**given)), frozenset(wrong)


def is_file(db: Database, browser: str, patient: str) -> bool:
    """Choose one of the files of the proven address; False for any other."""
    if patient not in {row["id"] for row in files(db, browser)}:
        return False
    _put(db, browser, patient, None)
    return True


def is_somebody(db: Database, browser: str, person: Person) -> None:
    """Choose a person without a file; or the file of the proven address with the same name and birth."""
    for row in files(db, browser):
        same = (row["first_name"].casefold(), row["last_name"].casefold(), row["born"])
        if same == (person.first_name.casefold(), person.last_name.casefold(), person.born):
            _put(db, browser, row["id"], None)
            return
    _put(db, browser, None, json.dumps(asdict(person)))


def get(db: Database, browser: str) -> Row | None:
    """Who was chosen, as long as the address is proven."""
    if email_codes.proven(db, browser) is None:
        return None
    return db.one(
        "SELECT * FROM visitors WHERE browser = ? AND COALESCE(patient, person) IS NOT NULL", browser
    )


def described(db: Database, visitor: Row) -> Mapping[str, str]:
    """Name and postal code of who was chosen."""
    if visitor["patient"] is None:
        person: Mapping[str, str] = json.loads(visitor["person"])
        return person
    row = db.one("SELECT * FROM patients WHERE id = ?", visitor["patient"])
    assert row is not None
    return {name: row[name] for name in row.keys()}  # noqa: SIM118  # a Row is no mapping


def file_of(db: Database, browser: str, language: Locale, now: datetime) -> str:
    """The file of who was chosen, which is made now if there is none. LookupError where nobody was chosen."""
    visitor, email = get(db, browser), email_codes.proven(db, browser)
    if visitor is None or email is None:
        raise LookupError("nobody was chosen, or no address is proven")
    if visitor["patient"] is not None:
        known: str = visitor["patient"]
        return known
    patient = "patient-" + new_id(now).lower()
    with db.transaction():
        db.add("patients", id=patient, email=email, language=language, **json.loads(visitor["person"]))
        _put(db, browser, patient, None)
    return patient


def end(db: Database, browser: str, appointment: str | None) -> None:
    """The end of the visit, with the appointment that came of it: the address has to be proven again."""
    with db.transaction():
        db.run("DELETE FROM visitors WHERE browser = ?", browser)
        email_codes.forget(db, browser)
        if appointment is not None:
            db.add("visitors", browser=browser, made=appointment)


def begin(db: Database, browser: str) -> None:
    """Another visit: what was booked before is not told any more."""
    db.run("UPDATE visitors SET made = NULL WHERE browser = ?", browser)


def made(db: Database, browser: str) -> str | None:
    """The appointment of the last visit."""
    row = db.one("SELECT made FROM visitors WHERE browser = ?", browser)
    return row["made"] if row else None


def _put(db: Database, browser: str, patient: str | None, person: str | None) -> None:
    db.run("DELETE FROM visitors WHERE browser = ?", browser)
    db.add("visitors", browser=browser, patient=patient, person=person)


def _is_birth_date(text: str, today: date) -> bool:
    try:
        return _OLDEST <= date.fromisoformat(text) <= today and len(text) == 10
    except ValueError:
        return False
