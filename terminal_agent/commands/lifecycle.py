"""`apply`: the one way into the journal. One entry, one move of the table, one transaction with its event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from protocols.core.facts import Fact
from terminal_agent.clock import Clock
from terminal_agent.commands.changes import change_of
from terminal_agent.commands.entries import Entry, Put
from terminal_agent.journal.codec import from_ms, to_ms
from terminal_agent.journal.facts import Change, Row, Written
from terminal_agent.journal.port import Journal, Reader


@dataclass(frozen=True, slots=True)
class Applied:
    """An entry that is on disk. `row` is the operation after it, None where none was changed (an orphan, a
    truth that was known or came after the end)."""

    put: Put
    row: Row | None
    written: Written


class Choice(Protocol):
    """What a decision came to; `entry` None writes nothing."""

    @property
    def entry(self) -> Entry | None:
        """What is to be written."""
        ...


C = TypeVar("C", bound=Choice)


class Lifecycle:
    """Applies entries, and tells those who want to know once they are on disk."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._listeners: list[Callable[[Applied], None]] = []

    def listen(self, heard: Callable[[Applied], None]) -> None:
        """Call `heard` after each entry that is on disk, on the loop. It must not raise or wait."""
        self._listeners.append(heard)

    def booker(self, terminal: str) -> Callable[[Fact], Awaitable[None]]:
        """How the pump of one terminal books its session's facts."""

        async def book(fact: Fact) -> None:
            await self.apply(fact, terminal)

        return book

    async def apply(self, entry: Entry, terminal: str) -> Applied:
        """Move the operation and write it with its event. Raises LocalError for a move that the table does
        not have (nothing is written then), JournalFailed when it may not be on disk."""
        put = Put(entry, terminal, self._now())
        return self._tell(put, await self._journal.transact(lambda reader: change_of(put, reader)))

    async def decide(
        self, choose: Callable[[Reader], C], terminal: str, first: Callable[[Applied], None] | None = None
    ) -> tuple[C, Applied | None]:
        """Choose an entry by what the journal holds, and apply it, in one transaction. `choose` is pure.
        `first` is what is to happen once it is on disk, before anybody is told."""
        at = self._now()
        chosen: list[tuple[C, Put | None]] = []

        def choose_and_change(reader: Reader) -> Change:
            choice = choose(reader)
            put = None if choice.entry is None else Put(choice.entry, terminal, at)
            chosen.append((choice, put))
            return change_of(put, reader) if put else Change()

        written = await self._journal.transact(choose_and_change)
        choice, put = chosen[-1]
        return choice, self._tell(put, written, first) if put else None

    def _tell(self, put: Put, written: Written, first: Callable[[Applied], None] | None = None) -> Applied:
        applied = Applied(put, written.change.row, written)
        if first is not None:
            first(applied)
        for heard in self._listeners:
            heard(applied)
        return applied

    def _now(self) -> datetime:
        return from_ms(to_ms(self._clock.wall()))
