"""A clock that a test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Both clocks stand still until `pass_time`; `jump` moves the wall clock alone, as an operator would."""

    def __init__(self, wall: datetime | None = None, monotonic: float = 1000.0) -> None:
        self._wall = wall or datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
        self._monotonic = monotonic

    def wall(self) -> datetime:
        """The set time, UTC."""
        return self._wall

    def monotonic(self) -> float:
        """The set seconds."""
        return self._monotonic

    def pass_time(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self._wall += timedelta(seconds=seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        self._wall += timedelta(seconds=seconds)
