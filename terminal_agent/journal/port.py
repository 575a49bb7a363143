"""The journal as the rest of the agent sees it. SQLite is one way to keep it, the tests' memory another.

Whoever writes gives a function `decide(reader) -> Change`: it runs where the journal is, sees everything that
was written before it and nothing that is written after it, and what it returns is one transaction. It must be
pure: it may run twice, when the first try met a full disk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from protocols.core.facts import Mark
from terminal_agent.journal.facts import Change, Event, Head, NewEvent, OrphanRow, Row, Space, Written

T = TypeVar("T")


class Reader(Protocol):
    """What can be read, at one moment."""

    def operation(self, operation_id: str) -> Row | None:
        """The operation of this id."""
        ...

    def marks(self, operation_id: str) -> tuple[Mark, ...]:
        """Its marks, oldest first."""
        ...

    def open_operations(self, terminal: str | None = None) -> tuple[Row, ...]:
        """Operations that are not final, oldest first; of one terminal or of all."""
        ...

    def naming(self, original_id: str) -> tuple[Row, ...]:
        """Operations that undo or complete this one and were not rejected, oldest first."""
        ...

    def since(self, terminal: str, op: str, moment: datetime) -> tuple[Row, ...]:
        """Operations of a kind taken since, rejected ones left out, oldest first."""
        ...

    def newest(self, limit: int, terminal: str | None = None) -> tuple[Row, ...]:
        """The newest operations first."""
        ...

    def orphans(self, terminal: str | None = None) -> tuple[OrphanRow, ...]:
        """Results for nobody, oldest first."""
        ...

    def next_no(self) -> int:
        """The number of the next attempt: durable, never used before."""
        ...

    def epoch(self) -> str:
        """The epoch that a change would be written in."""
        ...

    def strangers(self) -> bool:
        """Whether the backend has named an epoch that is not ours: another journal was here, too."""
        ...


Decide = Callable[[Reader], Change]


class Journal(Protocol):
    """Durable, ordered, published. Every write raises JournalFailed when it may not be on disk."""

    @property
    def head(self) -> Head:
        """Where it stands after the last write."""
        ...

    def space(self) -> Space:
        """The disk it lies on; cheap enough to be asked at each command."""
        ...

    async def transact(self, decide: Decide) -> Written:
        """Decide and write in one transaction; return when it is on disk."""
        ...

    async def read(self, look: Callable[[Reader], T]) -> T:
        """Look without writing."""
        ...

    async def events_after(self, seq: int, limit: int) -> tuple[Event, ...]:
        """Events of the current epoch after `seq`, in order."""
        ...

    async def acknowledge(self, epoch: str, seq: int) -> bool:
        """The backend has stored everything up to here. False when it is another epoch or not ours yet."""
        ...

    async def mark_synced(self, at: datetime) -> None:
        """The backend has listed, `at` this moment of its clock, what it holds open: all is known here now.
        The epoch counts as born then."""
        ...

    async def mark_met(self) -> None:
        """The backend has told in this boot what it knows: `head.known_seq` is None now."""
        ...

    async def begin_epoch(
        self, later_than: str | None = None, take: Callable[[NewEvent], bool] = ...
    ) -> None:
        """This file is older than what the backend knows: go on under a new epoch, not synced and not met,
        that sorts after each of ours and after `later_than`. Events that were not acknowledged are numbered
        anew from 1, in order; those that are not to be taken along are never published any more."""
        ...

    async def go_on_unmet(self) -> bool:
        """Facts have waited for the backend long enough: begin an epoch in which they wait no more. False
        where none waits, because it has come after all."""
        ...

    async def prune(self, before: datetime) -> int:
        """Drop acknowledged payloads older than `before`; return how many operations were dropped to their
        id, hash, state and times. Open operations are never touched."""
        ...

    async def tidy(self) -> None:
        """Housekeeping for a quiet moment: fold the write-ahead log, refill the reserve."""
        ...

    async def backup(self, to: Path) -> None:
        """Write a consistent copy while running."""
        ...

    async def aclose(self) -> None:
        """Write what is queued, then close."""
        ...
