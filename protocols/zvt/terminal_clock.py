"""The terminal's own clock, carried forward on ours from when it was last told.

It is told in a status enquiry's completion where the terminal knows TLV, in other completions and `04 01` by
some, and by every live result. Results have no year, so neither has this: MMDDhhmmss, in any leap year.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from protocols.core.session import Mono


class TerminalClock:
    """What the terminal's clock reads, as far as it is known."""

    def __init__(self) -> None:
        self._told: tuple[datetime, Mono] | None = None

    def hear(self, mmddhhmmss: str | None, now: Mono) -> None:
        """The terminal says what time it is. Anything that is no time is passed over."""
        try:
            told = datetime.strptime(f"2000{mmddhhmmss}+0000", "%Y%m%d%H%M%S%z")
        except ValueError:
            return
        self._told = told, now

    def reads(self, now: Mono) -> str | None:
        """MMDDhhmmss by its clock now; None while it has never told."""
        if self._told is None:
            return None
        told, at = self._told
        return (told + timedelta(seconds=int(now - at))).strftime("%m%d%H%M%S")
