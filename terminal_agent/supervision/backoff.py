"""How long to wait before a unit is started again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling from `first_s` to `longest_s`, shortened at random by up to `jitter` of itself so that units
    felled together do not rise together. A unit that ran for `healthy_after_s` starts from the beginning."""

    first_s: float = 0.5
    longest_s: float = 30.0
    jitter: float = 0.25
    healthy_after_s: float = 60.0

    def delay_s(self, failures: int, chance: Callable[[], float]) -> float:
        """Seconds before the next start, after `failures` in a row (1 or more). `chance` is in [0, 1)."""
        # The exponent is bounded: 2.0 ** 2000 raises, and a unit may fail for weeks.
        full_s = min(self.first_s * 2.0 ** min(failures - 1, 32), self.longest_s)
        return full_s * (1.0 - self.jitter * chance())
