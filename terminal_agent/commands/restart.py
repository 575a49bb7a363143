"""What a start does with the operations that the last end left open."""

from __future__ import annotations

from terminal_agent.commands import recovery
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Journal


async def begin_again(journal: Journal, lifecycle: Lifecycle) -> tuple[Row, ...]:
    """After a start, before any terminal is driven: end what never began, doubt what had. Returns every
    operation that its terminal must be asked about now, the oldest first."""
    for row in await journal.read(lambda reader: reader.open_operations()):
        fact = recovery.at_start(row)
        if fact is not None:
            await lifecycle.apply(fact, row.terminal)
    return recovery.owed(await journal.read(lambda reader: reader.open_operations()))
