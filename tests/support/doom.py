"""A session under a sentence: at its n-th effect after Begin its process dies, or its link is cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.core.session import (
    Alert,
    Begin,
    Capabilities,
    Cause,
    Effect,
    Mono,
    Phase,
    Progress,
    Session,
    Tell,
)
from terminal_agent.terminal.standing import Standing

DOOM = Alert("doom")


class DiedError(Exception):
    """The process ends here: nothing after this is done."""


class Doomed:
    """Passes everything through and counts what goes out from the first Begin on. Notices are lossy, so they
    are not counted: to die before one is to die before what follows it.

    Just before effect `at` (from 0) stands DOOM; the rest is withheld where `dies`.
    """

    def __init__(self, inner: Session, at: int | None, *, dies: bool) -> None:
        self._inner = inner
        self._at = at
        self._dies = dies
        self._counting = False
        self.count = 0
        self.kinds: list[str] = []

    @property
    def phase(self) -> Phase:
        return self._inner.phase

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    def next_deadline(self) -> Mono | None:
        return self._inner.next_deadline()

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        effects = self._inner.handle(cause, now)
        self._counting = self._counting or isinstance(cause, Begin)
        if not self._counting:
            return effects
        for place, effect in enumerate(effects):
            if isinstance(effect, Tell):
                continue
            if self.count == self._at:
                self.count += 1
                rest = () if self._dies else effects[place:]
                return (*effects[:place], Tell(DOOM), *rest)
            self.kinds.append(type(effect).__name__)
            self.count += 1
        return effects


class DoomHerald:
    """Hears notices; DOOM calls `strike`, which may raise; one that stands elsewhere calls `changed`."""

    def __init__(self, strike: Callable[[], None], changed: Callable[[], None]) -> None:
        self.alerts: list[str] = []
        self.prompts: list[str] = []
        self.strike = strike
        self._changed = changed

    def stands(self, terminal: str, standing: Standing) -> None:
        """Tell that something changed."""
        self._changed()

    def progress(self, terminal: str, notice: Progress) -> None:
        """Keep the code."""
        self.prompts.append(notice.code)

    def alert(self, code: str, details: Mapping[str, str], terminal: str | None = None) -> None:
        """Keep the code; strike when it is the one."""
        if code == DOOM.code:
            self.strike()
        else:
            self.alerts.append(code)
