"""A journal in memory: the same promises without a disk. `die()` and `reborn()` play the process's end."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from protocols.contract.ulids import make_ulid, ulid_ms
from protocols.core.facts import Mark
from terminal_agent.clock import Clock
from terminal_agent.errors import JournalFailed
from terminal_agent.journal.codec import to_ms
from terminal_agent.journal.facts import Event, Head, NewEvent, OrphanRow, Row, Space, Written
from terminal_agent.journal.port import Decide, Reader
from terminal_agent.journal.upkeep import everything

T = TypeVar("T")


@dataclass
class Held:
    """Everything that a file would hold."""

    head: Head
    rows: dict[str, Row] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    orphans: list[OrphanRow] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    epochs: list[str] = field(default_factory=list)
    later_than: set[str] = field(default_factory=set)


class MemoryReader:
    """`Reader` over what is held."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def operation(self, operation_id: str) -> Row | None:
        """The operation of this id."""
        return self._held.rows.get(operation_id)

    def marks(self, operation_id: str) -> tuple[Mark, ...]:
        """Its marks, oldest first."""
        return tuple(mark for mark in self._held.marks if mark.operation_id == operation_id)

    def _where(self, fits: Callable[[Row], bool]) -> tuple[Row, ...]:
        return tuple(row for row in self._held.rows.values() if fits(row))

    def open_operations(self, terminal: str | None = None) -> tuple[Row, ...]:
        """Operations that are not final, oldest first."""
        return self._where(lambda row: not row.final and terminal in (None, row.terminal))

    def naming(self, original_id: str) -> tuple[Row, ...]:
        """Operations that undo or complete this one and were not rejected."""
        return self._where(lambda row: row.original_id == original_id and row.state != "rejected")

    def since(self, terminal: str, op: str, moment: datetime) -> tuple[Row, ...]:
        """Operations of a kind taken since, rejected ones left out."""
        return self._where(
            lambda row: (
                (row.terminal, row.op) == (terminal, op) and row.created >= moment and row.state != "rejected"
            )
        )

    def newest(self, limit: int, terminal: str | None = None) -> tuple[Row, ...]:
        """The newest operations first."""
        return self._where(lambda row: terminal in (None, row.terminal))[::-1][:limit]

    def orphans(self, terminal: str | None = None) -> tuple[OrphanRow, ...]:
        """Results for nobody, oldest first."""
        return tuple(orphan for orphan in self._held.orphans if terminal in (None, orphan.terminal))

    def next_no(self) -> int:
        """The number of the next attempt."""
        return len(self._held.rows) + 1

    def epoch(self) -> str:
        """The current epoch."""
        return self._held.head.epoch

    def strangers(self) -> bool:
        """Whether another journal was here, too."""
        return not self._held.later_than <= {*self._held.epochs, self._held.head.epoch}


class MemoryJournal:
    """`Journal` without a disk. Set `fails` to make every write fail; `space_now` to fill the disk."""

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes], held: Held | None = None) -> None:
        self._clock = clock
        self._entropy = entropy
        self.fails = False
        self.commits = 0
        self.space_now = Space(free_bytes=1 << 30, floor_bytes=1 << 26, reserve_held=True)
        if held is None:
            now = clock.wall()
            held = Held(Head(make_ulid(to_ms(now), entropy(10)), now, 0, 0, 0, synced=False))
        known = held.head.last_seq if held.head.known_seq is None else held.head.known_seq
        self._held = replace(held, head=replace(held.head, boot=held.head.boot + 1, known_seq=known))
        self._reader = MemoryReader(self._held)

    def reborn(self) -> MemoryJournal:
        """What the next process finds."""
        return MemoryJournal(self._clock, self._entropy, pickle.loads(pickle.dumps(self._held)))

    @property
    def head(self) -> Head:
        """Where it stands."""
        return self._held.head

    def space(self) -> Space:
        """The disk as the test set it."""
        return self.space_now

    async def transact(self, decide: Decide) -> Written:
        """Decide and write at once."""
        if self.fails:
            raise JournalFailed("journal_io", "the test's disk fails")
        change = decide(self._reader)
        at = change.at or self._clock.wall()
        self.commits += 1
        if change.row is not None:
            self._held.rows[change.row.id] = change.row
        if change.mark is not None:
            self._held.marks.append(change.mark)
        if change.orphan is not None:
            self._held.orphans.append(change.orphan)
        head = self.head
        events = tuple(
            Event(head.epoch, head.last_seq + place, head.boot, at, fact)
            for place, fact in enumerate(change.events, 1)
        )
        self._held.events.extend(events)
        self._held.head = replace(head, last_seq=head.last_seq + len(events))
        return Written(change, events)

    async def read(self, look: Callable[[Reader], T]) -> T:
        """Look."""
        return look(self._reader)

    async def events_after(self, seq: int, limit: int) -> tuple[Event, ...]:
        """Events of the current epoch after `seq`."""
        epoch = self.head.epoch
        return tuple(event for event in self._held.events if event.epoch == epoch and event.seq > seq)[:limit]

    async def acknowledge(self, epoch: str, seq: int) -> bool:
        """Move the cursor, never back."""
        head = self.head
        if epoch != head.epoch or seq > head.last_seq:
            return False
        self._held.head = replace(head, acked_seq=max(head.acked_seq, seq))
        return True

    async def mark_synced(self, at: datetime) -> None:
        """Money may be taken."""
        self._held.head = replace(self.head, synced=True, born=at)

    async def mark_met(self) -> None:
        """Everything may be known."""
        self._held.head = replace(self.head, known_seq=None)

    async def begin_epoch(
        self, later_than: str | None = None, take: Callable[[NewEvent], bool] = everything
    ) -> None:
        """Go on under a new epoch."""
        now, old = self._clock.wall(), self.head
        known = [ulid_ms(name) for name in (old.epoch, later_than) if name is not None]
        epoch = make_ulid(max([to_ms(now), *(ms + 1 for ms in known)]), self._entropy(10))
        self._held.epochs.append(old.epoch)
        if later_than is not None:
            self._held.later_than.add(later_than)
        kept = [
            event for event in self._held.events if event.epoch == old.epoch and event.seq > old.acked_seq
        ]
        kept = [event for event in kept if take(event.fact)]
        self._held.events = [event for event in self._held.events if event not in kept] + [
            replace(event, epoch=epoch, seq=place) for place, event in enumerate(kept, 1)
        ]
        self._held.head = Head(epoch, now, old.boot, len(kept), 0, synced=False, known_seq=0)

    async def go_on_unmet(self) -> bool:
        """Go on where facts wait."""
        if not self.head.unmet:
            return False
        await self.begin_epoch()
        await self.mark_met()
        return True

    async def prune(self, before: datetime) -> int:
        """Drop what is acknowledged and old."""
        head = self.head
        self._held.events = [
            event
            for event in self._held.events
            if event.at >= before
            or (event.epoch == head.epoch and (event.seq > head.acked_seq or event.seq == head.last_seq))
        ]
        named = {event.fact.operation_id for event in self._held.events}
        due = [
            row
            for row in self._held.rows.values()
            if row.final and not row.pruned and row.changed < before and row.id not in named
        ]
        for row in due:
            self._held.rows[row.id] = replace(
                row, pruned=True, operation=None, outcome=None, receipts=(), data=None
            )
        gone = {row.id for row in due}
        self._held.marks = [mark for mark in self._held.marks if mark.operation_id not in gone]
        return len(due)

    async def tidy(self) -> None:
        """Nothing to fold."""

    async def backup(self, to: Path) -> None:
        """A pickle of what is held."""
        await asyncio.to_thread(to.write_bytes, pickle.dumps(self._held))

    async def aclose(self) -> None:
        """Every later write fails."""
        self.fails = True
