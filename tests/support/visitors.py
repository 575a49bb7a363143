"""Browsers of visitors, for tests of the clinic's rules without any browser."""

from __future__ import annotations

from simulator.clinic.database import Database


def know(db: Database, *browsers: str) -> None:
    """Let the clinic know these browsers, as if they had been given a cookie."""
    for name in browsers:
        db.add("browsers", hash=name, csrf="csrf", language="fr", expires="2099-01-01T00:00:00.000Z")
