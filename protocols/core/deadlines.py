"""Deadlines: seconds of the loop, None where nothing is awaited."""

from __future__ import annotations


def soonest(*deadlines: float | None) -> float | None:
    """The first that comes, None where there is none."""
    awaited = [at for at in deadlines if at is not None]
    return min(awaited) if awaited else None
