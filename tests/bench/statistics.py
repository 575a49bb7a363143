"""Percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil


def percentile(values: Sequence[float], share: int) -> float:
    """The value that `share` percent of all do not exceed (nearest rank), to three decimals."""
    ordered = sorted(values)
    return round(ordered[max(ceil(len(ordered) * share / 100) - 1, 0)], 3)
