"""What can happen to an operation: the core's facts from a session, and what the agent and people add."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from protocols.contract.commands import Verdict
from protocols.core.facts import Concluded, Mark, Orphan
from protocols.core.operations import Locale, Request
from protocols.core.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A command, and what admission said of it: `code` None is yes, else why not."""

    operation_id: str
    terminal: str
    op: str
    hash: str
    code: str | None
    actor: str = ""
    locale: Locale = "fr"
    data: str | None = None
    operation: Request | None = None
    original_id: str | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """An operation that the backend holds open and this journal has never seen: it may have run under a lost
    one, so it enters in doubt."""

    command: Admitted

    @property
    def operation_id(self) -> str:
        """The id of the operation."""
        return self.command.operation_id


@dataclass(frozen=True, slots=True)
class AbortAsked:
    """Somebody asked to stop it. The operation's own end says what came of that."""

    operation_id: str


@dataclass(frozen=True, slots=True)
class Escalated:
    """The agent has asked long enough: a human owns it now. An answer that comes later still counts."""

    operation_id: str
    code: str = "needs_human"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A human's verdict, with what they saw."""

    operation_id: str
    verdict: Verdict
    by: str
    evidence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Put:
    """One entry as it goes into the journal: of which terminal, and when."""

    entry: Entry
    terminal: str
    at: datetime


Entry = Mark | Concluded | Orphan | Admitted | Adopted | AbortAsked | Escalated | Resolved
