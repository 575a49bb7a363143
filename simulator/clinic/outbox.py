"""E-mail goes to a table of the clinic's own, and nowhere else. Staff can read it there, to try things."""

from __future__ import annotations

from datetime import datetime

from simulator.clinic.database import Database, Row, stamp

_SHOWN = 50


def send(db: Database, recipient: str, subject: str, body: str, now: datetime) -> None:
    """One more letter."""
    db.add("outbox", at=stamp(now), recipient=recipient, subject=subject, body=body)


def newest(db: Database) -> list[Row]:
    """The newest first."""
    return db.all("SELECT * FROM outbox ORDER BY id DESC LIMIT ?", _SHOWN)
