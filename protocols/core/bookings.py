"""The one fact that is being booked, and what goes on once it is on disk."""

from __future__ import annotations

from collections.abc import Callable

from protocols.core.errors import LocalError
from protocols.core.facts import Fact
from protocols.core.session import Mono, Persist

GoOn = Callable[[Mono], None]


class Bookings:
    """At most one at a time: the pump answers a Persist before it tells anything else."""

    def __init__(self) -> None:
        self._ref = 0
        self._pending: GoOn | None = None

    @property
    def waiting(self) -> bool:
        """Whether nothing may be read or said now."""
        return self._pending is not None

    def ask(self, fact: Fact, go_on: GoOn) -> Persist:
        """The effect that books the fact; `go_on` is for when it is on disk."""
        if self._pending is not None:
            raise LocalError("booking", "a fact is being booked; nothing may be booked beside it")
        self._ref += 1
        self._pending = go_on
        return Persist(self._ref, fact)

    def done(self, ref: int) -> GoOn:
        """It is on disk: what goes on now."""
        go_on, self._pending = self._pending, None
        if go_on is None or ref != self._ref:
            raise LocalError("unexpected_persisted", f"Persisted({ref}) answers no Persist of ours")
        return go_on
