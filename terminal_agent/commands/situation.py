"""What admission knows when a command arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from protocols.contract import commands
from protocols.core.session import Capabilities
from terminal_agent.journal.facts import Head, Row
from terminal_agent.journal.port import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a terminal may do; None for no limit. Minor units; a day is the last 24 hours."""

    largest_sale_minor: int | None = None
    largest_refund_minor: int | None = None
    refunds_per_day: int | None = None
    refund_total_per_day_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A configured terminal as it is now. `busy`: its session is at something, whatever the journal says.
    `holder` is the actor for whom, where there is one. `does` tells the operations that stand in each other's
    way on it: what needs the vault alone may run beside a capture."""

    online: bool
    capabilities: Capabilities
    currency: str = "CAD"
    fit: bool = True
    busy: bool = False
    holder: str | None = None
    limits: Limits = Limits()
    does: Callable[[str], bool] = lambda _op: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known outside the journal when a command arrives. `terminal` None: not configured here.
    `backend_now` is the backend's clock, None until it was heard in this boot."""

    backend_now: datetime | None
    clock_trusted: bool
    wall: datetime
    head: Head
    stopping: bool = False
    disk_low: bool = False
    terminal: Availability | None = None


@dataclass(frozen=True, slots=True)
class No:
    """Why not. `path` names the field, `holder` the actor who is at the terminal. `detail` and `allowed` are
    those of a message that is no command."""

    code: str
    path: str | None = None
    holder: str | None = None
    detail: str | None = None
    allowed: str | None = None


@dataclass(frozen=True)
class Case:
    """One command in one situation, with what the journal holds on it."""

    op: str
    body: commands.TerminalCommand
    situation: Situation
    terminal_id: str
    reader: Reader

    @property
    def terminal(self) -> Availability:
        """The terminal; the checks that use it come after the one that there is one."""
        if self.situation.terminal is None:
            raise LookupError("the terminal is not configured")
        return self.situation.terminal

    @cached_property
    def open_rows(self) -> tuple[Row, ...]:
        """What is open on the terminal, and in the way of this command."""
        rows = self.reader.open_operations(self.terminal_id)
        return tuple(row for row in rows if self.terminal.does(row.op))
