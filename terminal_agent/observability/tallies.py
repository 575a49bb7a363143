"""Counts what the lifecycle does, per terminal."""

from __future__ import annotations

from typing import get_args

from protocols.core.facts import Orphan
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.lifecycle import Applied
from terminal_agent.journal.facts import Row
from terminal_agent.observability.counters import Counters, Ending

_ENDINGS: frozenset[str] = frozenset(get_args(Ending))


class Tallies:
    """A listener of the lifecycle."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._stands: dict[str, str] = {}  # open operations by id: asking in vain once more is no new doubt

    def heard(self, applied: Applied) -> None:
        """Count one entry."""
        entry, terminal, row = applied.put.entry, applied.put.terminal, applied.row
        if isinstance(entry, Orphan):
            self._counters.happened(terminal, "orphans")
        elif isinstance(entry, Admitted):
            self._counters.happened(terminal, "accepted" if entry.code is None else "rejected")
        elif row is not None and row.state in _ENDINGS and self._stands.get(row.id) != row.state:
            self._counters.ended(terminal, row.state)  # type: ignore[arg-type]  # held against Ending above
            if row.final:
                self._counters.took(terminal, "outcome", (row.changed - row.created).total_seconds())
                if row.doubt_since is not None:
                    self._counters.happened(terminal, "recoveries")
        if row is not None:
            self._remember(row)

    def _remember(self, row: Row) -> None:
        if row.final:
            self._stands.pop(row.id, None)
        else:
            self._stands[row.id] = row.state
