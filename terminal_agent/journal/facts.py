"""What the journal holds: operations, the marks of their attempts, events to publish, orphans.

All of it is plain values of the core. A `Sealed` has no place in any of these types; a test walks them.
Times are UTC, kept to the millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from protocols.core.facts import Mark, Receipt
from protocols.core.operations import Attempt, Locale, Request
from protocols.core.outcomes import MoneyEffect, Outcome, TerminalRecord
from protocols.core.values import Money

State = Literal[
    "accepted",
    "rejected",
    "committed",
    "result_seen",
    "in_doubt",
    "needs_human",
    "approved",
    "declined",
    "cancelled",
    "not_started",
]
STATES: tuple[State, ...] = get_args(State)
FINAL: frozenset[State] = frozenset({"rejected", "approved", "declined", "cancelled", "not_started"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation, for ever. `hash` is SHA-256 of the command's canonical data, hex.

    `operation` is what the terminal was to do, with the keys of its original; `data` is the command as it was
    asked, canonical JSON. Both are None for a rejected command and after pruning. `amount` is what was asked,
    and once approved what was moved or held; it and `money` stay after pruning, so that what is left of an
    original can always be told. `owed` says that the terminal must still be asked: until then it takes no
    money.
    """

    id: str
    terminal: str
    op: str
    hash: str
    state: State
    attempt: Attempt
    created: datetime
    changed: datetime
    actor: str = ""
    locale: Locale = "fr"
    code: str | None = None
    operation: Request | None = None
    original_id: str | None = None
    amount: Money | None = None
    money: MoneyEffect = "none"
    outcome: Outcome | None = None
    receipts: tuple[Receipt, ...] = ()
    data: str | None = None
    abort_asked: datetime | None = None
    owed: bool = False
    checks: int = 0
    doubt_since: datetime | None = None
    next_check: datetime | None = None
    pruned: bool = False

    @property
    def final(self) -> bool:
        """Whether the state can never change again."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class OrphanRow:
    """A result for nobody, as its terminal told it. `fits` names the operation whose keys it carries."""

    terminal: str
    at: datetime
    record: TerminalRecord
    fits: str | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact to be published: its contract type and its `data` as JSON text. `terminal` None: the agent's."""

    type: str
    data: str
    terminal: str | None = None
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with its place: `seq` is gapless from 1 within its epoch; `boot` is that of its writing."""

    epoch: str
    seq: int
    boot: int
    at: datetime
    fact: NewEvent


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction writes: all of it or none of it."""

    row: Row | None = None
    mark: Mark | None = None
    orphan: OrphanRow | None = None
    events: tuple[NewEvent, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A change that is on disk, with the places that its events were given."""

    change: Change
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal stands. `born` is when its epoch began, by our own clock. `synced`: the backend has
    listed its open operations since then; before that no money is taken. `known_seq` is the last fact that
    the backend can know of: what came after it was never published, because no boot has met it since. None:
    it may know of all."""

    epoch: str
    born: datetime
    boot: int
    last_seq: int
    acked_seq: int
    synced: bool
    known_seq: int | None = None

    @property
    def unmet(self) -> bool:
        """Whether facts wait for the backend to say what it knows."""
        return self.known_seq is not None and self.last_seq > self.known_seq


@dataclass(frozen=True, slots=True)
class Space:
    """The disk: what is free, the floor below which nothing new is taken, whether the reserve is in place."""

    free_bytes: int
    floor_bytes: int
    reserve_held: bool

    @property
    def low(self) -> bool:
        """Whether only open operations may still write."""
        return not self.reserve_held or self.free_bytes < self.floor_bytes


def attempt_key(epoch: str, no: int) -> str:
    """The key under which the attempt goes on the wire: 2 characters of the epoch, the number in base 36.

    At most 8 characters, so 36**6 (two billion) attempts in the life of a journal. Unique across journals as
    far as two characters go, so that a terminal that remembers an older journal's keys is not confused.
    """
    digits = ""
    while True:
        no, digit = divmod(no, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
        if not no:
            return epoch[-2:] + digits
