"""A process that writes operations into a journal until it is killed, and says each id once it is on disk.

python -m tests.contract.journal.writing_process PATH
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from protocols.core.facts import Mark
from terminal_agent.clock import SystemClock
from terminal_agent.journal.facts import Change
from terminal_agent.journal.port import Reader
from terminal_agent.journal.sqlite import SqliteJournal, open_journal
from tests.support.operations import fact, sale_row

CLOCK = SystemClock()


async def writer(journal: SqliteJournal, lane: int) -> None:
    """Accept and commit one sale after the other."""
    n = lane * 1_000_000
    while True:
        n += 1
        number = n

        def accept(reader: Reader, number: int = number) -> Change:
            row = sale_row(reader, CLOCK.wall(), number, f"t-{lane}")
            return Change(row=row, events=(fact(number, row.id),))

        row = (await journal.transact(accept)).change.row
        if row is None:
            raise LookupError("the row was not written")
        mark = Mark(row.id, row.attempt.no, "committed", {"receipt": "6"})
        change = Change(row=replace(row, state="committed"), mark=mark, events=(fact(number, row.id),))
        await journal.transact(lambda _, change=change: change)  # type: ignore[misc]  # mypy cannot type a lambda's default
        sys.stdout.write(f"{row.id}\n")
        sys.stdout.flush()


async def main() -> None:
    """Four writers at a time, so that commits are shared."""
    journal = await open_journal(Path(sys.argv[1]), CLOCK)
    await asyncio.gather(*(writer(journal, lane) for lane in range(4)))


if __name__ == "__main__":
    asyncio.run(main())
