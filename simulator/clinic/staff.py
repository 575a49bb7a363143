"""Who may use the pages: staff with a role and a password, and browsers that are known by a cookie.

Passwords are kept as scrypt hashes, cookies as SHA-256 of 32 random bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from protocols.contract.fields import Locale
from simulator.clinic.database import Database, stamp

Role = Literal["front_desk", "manager"]
_LOGGED_IN = timedelta(hours=12)
_VISITING = timedelta(hours=2)
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1}
_NOBODYS = f"{bytes(16).hex()}:{bytes(64).hex()}"  # no password has it


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the staff. `id` is the contract's actor."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser by its cookie; `person` None: a visitor. `csrf` stands in each of its forms."""

    hash: str
    csrf: str
    language: Locale
    person: Person | None


def hashed(password: str, salt: bytes | None = None) -> str:
    """What is kept of a password."""
    salt = salt or os.urandom(16)
    return salt.hex() + ":" + hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT).hex()


def is_hash_of(kept: str, password: str) -> bool:
    """Whether this password is the one of which that is kept."""
    salt = bytes.fromhex(kept.partition(":")[0])
    return hmac.compare_digest(hashed(password, salt), kept)


def checked(db: Database, login: str, password: str) -> Person | None:
    """Who this is; None where login or password are wrong, which takes as long."""
    row = db.one("SELECT * FROM staff WHERE login = ?", login)
    good = is_hash_of(row["password"] if row else _NOBODYS, password)
    return Person(row["id"], row["name"], row["role"]) if row and good else None


def person(db: Database, name: str) -> Person | None:
    """Somebody by their id."""
    row = db.one("SELECT * FROM staff WHERE id = ?", name)
    return Person(row["id"], row["name"], row["role"]) if row else None


def named(db: Database, text: str) -> str:
    """What an agent says, with our people's names for their ids: it knows them by nothing else."""
    for row in db.all("SELECT id, name FROM staff"):
        whole = re.compile(rf"\b{re.escape(row['id'])}\b(?!-)")
        text = row["name"].join(whole.split(text))
    return text


def begin(db: Database, who: Person | None, language: Locale, now: datetime) -> str:
    """Know a browser from now on; its cookie. Those that are over are forgotten."""
    db.run("DELETE FROM browsers WHERE expires < ?", stamp(now))
    cookie = secrets.token_urlsafe(32)
    expires = now + (_LOGGED_IN if who else _VISITING)
    db.add(
        "browsers",
        hash=_hash(cookie),
        staff=who.id if who else None,
        csrf=secrets.token_urlsafe(32),
        language=language,
        expires=stamp(expires),
    )
    return cookie


def known(db: Database, cookie: str, now: datetime) -> Browser | None:
    """The browser with this cookie, while it is good."""
    row = db.one("SELECT * FROM browsers WHERE hash = ? AND expires >= ?", _hash(cookie), stamp(now))
    if row is None:
        return None
    who = person(db, row["staff"]) if row["staff"] else None
    return Browser(row["hash"], row["csrf"], row["language"], who)


def speak(db: Database, browser: Browser, language: Locale) -> None:
    """Another language from now on."""
    db.run("UPDATE browsers SET language = ? WHERE hash = ?", language, browser.hash)


def forget(db: Database, browser: Browser) -> None:
    """Log out."""
    db.run("DELETE FROM browsers WHERE hash = ?", browser.hash)


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
