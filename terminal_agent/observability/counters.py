"""What happened how often, per terminal, since start. Plain whole numbers, for `agent/health`.

Names are closed: operation states, a few events, and the steps of a histogram; nothing a peer sends can add
one. `outcome` is command to outcome, in seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import Literal, get_args

Happening = Literal["accepted", "rejected", "restarts", "orphans", "recoveries"]
Ending = Literal["approved", "declined", "cancelled", "not_started", "in_doubt", "needs_human"]
Span = Literal["outcome"]

# Upper bounds in milliseconds; what is longer goes into the last step.
STEPS_MS: dict[Span, tuple[int, ...]] = {
    "outcome": (1000, 5000, 10_000, 30_000, 60_000, 180_000),
}


class Counters:
    """Counts per terminal. Only ever grows; starts from zero with the process."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def happened(self, terminal: str, what: Happening) -> None:
        """Something happened once."""
        self._counts[terminal][_known(what, Happening)] += 1

    def ended(self, terminal: str, state: Ending) -> None:
        """An operation came to this state."""
        self._counts[terminal][_known(state, Ending)] += 1

    def took(self, terminal: str, span: Span, seconds: float) -> None:
        """A span was measured: counted in the first step that it fits."""
        steps = STEPS_MS[span]
        place = bisect_left(steps, seconds * 1000)
        name = f"{span}_le_{steps[place]}_ms" if place < len(steps) else f"{span}_gt_{steps[-1]}_ms"
        self._counts[terminal][name] += 1

    def of(self, terminal: str) -> dict[str, int]:
        """The counts of one terminal."""
        return dict(self._counts[terminal]) if terminal in self._counts else {}

    def snapshot(self) -> dict[str, dict[str, int]]:
        """All counts, by terminal."""
        return {terminal: dict(counts) for terminal, counts in self._counts.items()}


def _known(name: str, names: object) -> str:
    if name not in get_args(names):
        raise ValueError(f"there is no counter {name!r}; known: {', '.join(get_args(names))}")
    return name
