"""When an idle, lost or busy terminal is tried again: pure, each time given."""

from __future__ import annotations

from collections.abc import Iterable

from protocols.core.session import Mono

_FIRST_REDIAL_S = 0.5
_UNFIT_RETRY_S = 60.0
_BUSY_AGAIN_S = 5.0


class Retries:
    """The next try to reach a lost terminal (later each time), the next look at an idle one, the next
    question to a busy one."""

    def __init__(self, longest_s: float, probe_s: float) -> None:
        self._longest_s = longest_s
        self._probe_s = probe_s
        self._redial_s = _FIRST_REDIAL_S
        self.redial_at: Mono | None = None
        self.probe_at: Mono | None = None
        self.ask_at: Mono | None = None

    def deadlines(self) -> Iterable[Mono | None]:
        """All that is planned, in no order."""
        return (self.redial_at, self.probe_at, self.ask_at)

    def rest(self) -> None:
        """None of them."""
        self.redial_at = self.probe_at = self.ask_at = None

    def reached(self) -> None:
        """It answered: the next loss starts with the shortest pause."""
        self._redial_s = _FIRST_REDIAL_S

    def redial(self, now: Mono) -> None:
        """Try again after a pause that grows to the longest."""
        self.redial_at = now + self._redial_s
        self._redial_s = min(self._redial_s * 2, self._longest_s)

    def redial_after_unfit(self, now: Mono) -> None:
        """Somebody has to put another terminal there first."""
        self.redial_at = now + _UNFIT_RETRY_S

    def probe(self, now: Mono) -> None:
        """Look at it again after its usual time."""
        self.probe_at = now + self._probe_s

    def ask(self, now: Mono) -> None:
        """Ask again once it may be free."""
        self.ask_at = now + _BUSY_AGAIN_S


def due(at: Mono | None, now: Mono) -> bool:
    """Whether a time has come."""
    return at is not None and at <= now
