"""Lines of a ledger for tests that only look at some of their keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.acquirer.lines import Kind, Line


def booked(kind: Kind, name: str, **keys: Any) -> Line:
    """A line of this kind and id; its other keys are empty but for those given, the amount 4750 CAD."""
    plain: dict[str, Any] = {"terminal": "store5", "amount_minor": 4750, "currency": "CAD"}
    numbers = dict.fromkeys(("receipt", "trace", "turnover"), "000001")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Line(id=name, kind=kind, at=at, **{**plain, **numbers, **keys})
