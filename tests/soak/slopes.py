"""What grows: slopes, medians and bytes for each operation over the measured part of a soak. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, linear_regression, median

from tests.soak.sampling import Sample

_HOUR_S = 3600.0
_FIFTH_MINUTE_S = 300.0
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth an hour by least squares, with the standard error of that: a short soak says little."""

    per_hour: float
    error_per_hour: float


def measured_from_s(total_s: float) -> float:
    """When the measured part begins: after the fifth minute, or after half of a shorter run."""
    return min(_FIFTH_MINUTE_S, total_s / 2)


def slope(points: Sequence[tuple[float, float]]) -> Slope:
    """Of (seconds, value). Raises ValueError for fewer than four points."""
    if len(points) < _FEWEST:
        raise ValueError(f"{len(points)} points: a slope needs {_FEWEST} at least; let the soak run longer")
    times, values = zip(*points, strict=True)
    per_s, at_zero = linear_regression(times, values)
    middle = fmean(times)
    spread = sum((one - middle) ** 2 for one in times)
    off = sum((value - at_zero - per_s * one) ** 2 for one, value in points)
    error = sqrt(off / (len(points) - 2) / spread)
    return Slope(round(per_s * _HOUR_S, 3), round(error * _HOUR_S, 3))


def growth(values: Sequence[float]) -> float:
    """The median of the second half less that of the first: what one replug or restart adds for a moment does
    not count. Raises ValueError for fewer than four values."""
    if len(values) < _FEWEST:
        raise ValueError(f"{len(values)} values: halves need {_FEWEST} at least; let the soak run longer")
    half = len(values) // 2
    return median(values[half:]) - median(values[:half])


def bytes_per_operation(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """What the journal grew by for each operation: first half of the operations, second half. None where too
    few operations ended to tell."""
    first, last = samples[0], samples[-1]
    wanted = (first.operations + last.operations) / 2
    middle = min(samples, key=lambda one: abs(one.operations - wanted))
    parts = [_each(first, middle), _each(middle, last)]
    return None if None in parts else (parts[0] or 0.0, parts[1] or 0.0)


def _each(begin: Sample, end: Sample) -> float | None:
    done = end.operations - begin.operations
    return round((end.journal_bytes - begin.journal_bytes) / done, 1) if done else None
