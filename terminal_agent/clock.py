"""Time: the machine's two clocks, and the backend's as far as it is known.

Commands expire by the backend's clock. What it reads is learned from `sync` and `ack`, and believed only
while it stays near the machine's own: a large offset means that one of the two is wrong, and nobody here can
tell which.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

OFFSET_LIMIT_S = 5.0  # default of the setting; beyond it no money is taken
SAMPLE_LIFE_S = 600.0  # a later sample, even a smaller one, replaces one older than this


class Clock(Protocol):
    """The two clocks of the machine."""

    def wall(self) -> datetime:
        """Now, in UTC; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, from an arbitrary start."""
        ...


class SystemClock:
    """The clocks of the operating system."""

    def wall(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of CLOCK_MONOTONIC, the clock that an asyncio loop uses too."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class _Heard:
    backend: datetime
    at: float


class BackendTime:
    """The backend's clock, carried forward on our monotonic one since it was last heard in this boot.

    A message that waited in the broker makes the estimate too early, never too late; so the latest estimate
    wins, and an early one is taken over only once the one it would replace has aged. One that the machine's
    own clock contradicts stops money, and then the backend has nothing more to tell: once it has aged, it
    gives way by itself to the latest that was heard after it, if the machine's clock agrees with that.
    """

    def __init__(self, clock: Clock, limit_s: float = OFFSET_LIMIT_S) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._heard: _Heard | None = None
        # The latest estimate of those that were heard after it, and are earlier.
        self._later: _Heard | None = None
        self._started = clock.wall(), clock.monotonic()

    def started(self) -> datetime:
        """When this process started, by the backend's clock; by our own as long as it was not heard."""
        wall, monotonic = self._started
        if (heard := self._believed()) is None:
            return wall
        return heard.backend - timedelta(seconds=heard.at - monotonic)

    def started_by(self) -> datetime:
        """The latest that this may have been: what waited in the broker makes the estimate too early, and
        before the backend's `sync` there may be nothing else to go by."""
        return max(self.started(), self._started[0])

    def hear(self, backend: datetime) -> None:
        """Learn the backend's time from a `sync` or an `ack` that has just arrived. `backend` is aware."""
        at = self._clock.monotonic()
        held, later = self._believed(), self._later
        told = _Heard(backend.astimezone(UTC), at)
        if held is None or at - held.at > SAMPLE_LIFE_S or backend >= self._carried(held, at):
            self._heard, self._later = told, None
        elif later is None or backend >= self._carried(later, at):
            self._later = told

    def now(self) -> datetime | None:
        """The backend's time now; None until it was heard in this boot."""
        heard = self._believed()
        return self._carried(heard, self._clock.monotonic()) if heard else None

    @property
    def offset_s(self) -> float | None:
        """Seconds by which the backend's clock is ahead of ours; None until it was heard."""
        now = self.now()
        return (now - self._clock.wall()).total_seconds() if now else None

    @property
    def trusted(self) -> bool:
        """Whether an expiry can be judged: heard since boot, and near the machine's own clock."""
        heard = self._believed()
        return heard is not None and self._agrees(heard)

    def deadline(self, not_after: datetime) -> float | None:
        """The monotonic moment at which the backend's clock reads `not_after`; None while it is unknown."""
        now = self.now()
        if now is None:
            return None
        return self._clock.monotonic() + (not_after - now).total_seconds()

    def _believed(self) -> _Heard | None:
        held, later = self._heard, self._later
        if held is None or later is None or self._clock.monotonic() - held.at <= SAMPLE_LIFE_S:
            return held
        if not self._agrees(held) and self._agrees(later):
            self._heard, self._later = later, None
        return self._heard

    def _agrees(self, heard: _Heard) -> bool:
        """Whether the machine's own clock is near it."""
        offset = self._carried(heard, self._clock.monotonic()) - self._clock.wall()
        return abs(offset.total_seconds()) <= self._limit_s

    @staticmethod
    def _carried(heard: _Heard, at: float) -> datetime:
        return heard.backend + timedelta(seconds=at - heard.at)
