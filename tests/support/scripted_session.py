"""A session that does what a test says, and remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable

from protocols.core.session import Capabilities, Cause, Effect, Mono, Phase

Script = Callable[[Cause], tuple[Effect, ...]]


def do_nothing(_cause: Cause) -> tuple[Effect, ...]:
    """No effect of any cause."""
    return ()


class ScriptedSession:
    """`script` answers each cause; `heard` lists (time, cause); `deadline` is a plain attribute."""

    def __init__(self, script: Script = do_nothing) -> None:
        self.script = script
        self.heard: list[tuple[Mono, Cause]] = []
        self.deadline: Mono | None = None
        self.phase = Phase.DOWN
        self.capabilities = Capabilities(operations=frozenset())

    @property
    def causes(self) -> list[Cause]:
        """What was told, without the times."""
        return [cause for _now, cause in self.heard]

    def next_deadline(self) -> Mono | None:
        """The attribute."""
        return self.deadline

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """Note it, then ask the script."""
        self.heard.append((now, cause))
        return self.script(cause)
