"""What a start does with the operations that the last end left open."""

from __future__ import annotations

from collections.abc import Container

from terminal_agent.commands import recovery
from terminal_agent.commands.entries import Escalated
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Journal


async def begin_again(
    journal: Journal, lifecycle: Lifecycle, terminals: Container[str] | None = None
) -> tuple[Row, ...]:
    """After a start, before any terminal is driven: end what never began, doubt what had.

    Of a terminal that is not among `terminals` (no longer configured) nobody can ask any more: a human owns
    it at once. Returns every operation that its terminal must be asked about now, the oldest first.
    """
    for row in await journal.read(lambda reader: reader.open_operations()):
        fact = recovery.at_start(row)
        if fact is not None:
            await lifecycle.apply(fact, row.terminal)
    owed = recovery.owed(await journal.read(lambda reader: reader.open_operations()))
    if terminals is None:
        return owed
    for row in owed:
        if row.terminal not in terminals and row.state == "in_doubt":
            await lifecycle.apply(Escalated(row.id, "terminal_unknown"), row.terminal)
    return tuple(row for row in owed if row.terminal in terminals)
