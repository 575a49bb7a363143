"""When an idle or lost terminal is tried again: pure, each time given."""

from __future__ import annotations

from protocols.core.session import Mono

_FIRST_REDIAL_S = 0.5


class Retries:
    """The next try to reach a lost terminal (later each time), and the next look at an idle one."""

    def __init__(self, longest_s: float, probe_s: float) -> None:
        self._longest_s = longest_s
        self._probe_s = probe_s
        self._redial_s = _FIRST_REDIAL_S
        self.redial_at: Mono | None = None
        self.probe_at: Mono | None = None

    def rest(self) -> None:
        """Neither."""
        self.redial_at = self.probe_at = None

    def reached(self) -> None:
        """It answered: the next loss starts with the shortest pause."""
        self._redial_s = _FIRST_REDIAL_S

    def redial(self, now: Mono) -> None:
        """Try again after a pause that grows to the longest."""
        self.redial_at = now + self._redial_s
        self._redial_s = min(self._redial_s * 2, self._longest_s)

    def redial_after(self, now: Mono, pause_s: float) -> None:
        """Try again after this pause."""
        self.redial_at = now + pause_s

    def probe(self, now: Mono) -> None:
        """Look at it again after its usual time."""
        self.probe_at = now + self._probe_s


def due(at: Mono | None, now: Mono) -> bool:
    """Whether a time has come."""
    return at is not None and at <= now
