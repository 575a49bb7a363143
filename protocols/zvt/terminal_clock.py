"""The terminal's own clock, carried forward on ours from when it was last told.

It is told in a status enquiry's completion where the terminal knows TLV, in other completions and `04 01` by
some, and by every live result. Results have no year, so neither has this: MMDDhhmmss, in any leap year.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from protocols.core.session import Mono
from protocols.core.stamps import moment_of, passed_s, stamp_of

# What two clocks may drift apart: seconds for what is rounded and late, and 100 millionths.
_DRIFT_S, _DRIFT = 10.0, 1e-4


class TerminalClock:
    """What the terminal's clock reads, as far as it is known."""

    def __init__(self) -> None:
        self._told: tuple[datetime, Mono] | None = None

    def hear(self, mmddhhmmss: str | None, now: Mono) -> None:
        """The terminal says what time it is. Anything that is no time is passed over."""
        told = moment_of(mmddhhmmss)
        if told is not None:
            self._told = told, now

    def reads(self, now: Mono) -> str | None:
        """MMDDhhmmss by its clock now; None while it has never told."""
        if self._told is None:
            return None
        told, at = self._told
        return stamp_of(told + timedelta(seconds=int(now - at)))


def goes_on(before: str | None, after: str | None, our_s: float) -> bool:
    """Whether the terminal's clock, told twice, has gone on as ours has, `our_s` seconds. True where it was
    not told: nothing speaks against it. Where one of the two was set meanwhile, nobody knows which."""
    its_s = passed_s(before, after)
    return its_s is None or abs(its_s - our_s) <= _DRIFT_S + _DRIFT * abs(our_s)
