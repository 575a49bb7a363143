"""Proof that a visitor reads the mail of an address: six digits, for some minutes and a few tries.

Nothing here looks at patients: who is known to the clinic and who is not goes through the very same steps.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Literal

from simulator.clinic.database import Database, Row, stamp
from simulator.clinic.staff import hashed, is_hash_of

GOOD_FOR = timedelta(minutes=10)
TRIES = 5
_MOST_IN = timedelta(hours=1)
_MOST = 5  # codes in that time, for a browser and for an address
_ADDRESS = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,190}\.[^@\s.<>,;\"]{2,24}")

_FOREVER = "9999-12-31T00:00:00.000Z"

Tried = Literal["proven", "wrong", "over"]


def address(text: str) -> str | None:
    """An e-mail address in the one form in which it is compared; None where it is none."""
    plain = text.strip().lower()
    return plain if _ADDRESS.fullmatch(plain) else None


def make(db: Database, browser: str, email: str, now: datetime) -> str | None:
    """A fresh code in place of the last one; None where too many were asked for."""
    since = stamp(now - _MOST_IN)
    db.run("DELETE FROM code_requests WHERE at <= ?", since)
    asked = db.all("SELECT browser, email FROM code_requests WHERE browser = ? OR email = ?", browser, email)
    if any(sum(row[name] == value for row in asked) >= _MOST
           for name, value in (("browser", browser), ("email", email))):  # fmt: skip
        return None
    code = f"{secrets.randbelow(1_000_000):06d}"
    with db.transaction():
        db.add("code_requests", browser=browser, email=email, at=stamp(now))
        db.run("DELETE FROM email_codes WHERE browser = ? OR expires < ?", browser, stamp(now))
        db.add(
            "email_codes",
            browser=browser,
            email=email,
            hash=hashed(code),
            expires=stamp(now + GOOD_FOR),
        )
    return code


def awaited(db: Database, browser: str) -> Row | None:
    """The code that this browser was sent, proven or not."""
    return db.one("SELECT * FROM email_codes WHERE browser = ?", browser)


def proven(db: Database, browser: str) -> str | None:
    """The address that this browser has proven."""
    row = awaited(db, browser)
    return row["email"] if row is not None and row["proven"] else None


def try_code(db: Database, browser: str, code: str, now: datetime) -> Tried:
    """One try. `over`: no try is left or the time is over, and only a new code helps."""
    with db.transaction():
        counted = db.run(
            "UPDATE email_codes SET tries = tries + 1"
            " WHERE browser = ? AND proven = 0 AND tries < ? AND expires >= ?",
            browser,
            TRIES,
            stamp(now),
        )
        row = awaited(db, browser)
        if not counted or row is None:
            return "over"
        if not is_hash_of(row["hash"], "".join(code.split())):
            return "over" if row["tries"] >= TRIES else "wrong"
        # What was proven holds for as long as the browser is known.
        db.run(
            "UPDATE email_codes SET proven = 1, hash = '', expires = ? WHERE browser = ?", _FOREVER, browser
        )
    return "proven"


def forget(db: Database, browser: str) -> None:
    """Begin anew: another address, or the end of the visit."""
    db.run("DELETE FROM email_codes WHERE browser = ?", browser)
