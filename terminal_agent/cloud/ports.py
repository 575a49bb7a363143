"""What the inbox and the outbox need of the rest of the agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from protocols.contract.messages import Message
from protocols.core.operations import Attempt, Request
from terminal_agent.commands.situation import Availability

# A code of the contract's wording, with details: for a lossy alert of the agent.
Alert = Callable[[str, Mapping[str, str]], None]


class Fleet(Protocol):
    """The terminals. Nothing here waits or raises: what is asked for is done in its own time."""

    def availability(self, terminal: str, op: str) -> Availability | None:
        """The terminal as it is now for an operation; None for one that is not configured here."""
        ...

    def begin(self, terminal: str, operation: Request, attempt: Attempt, commit_before: float) -> None:
        """Start an operation that is in the journal. `commit_before` is monotonic."""
        ...

    def abort(self, terminal: str, operation_id: str) -> None:
        """Ask to stop an operation, running or being asked about."""
        ...

    def ask(self, terminal: str, operation_id: str) -> None:
        """A question to the terminal is wanted now, not only at its next check."""
        ...

    def rescan(self) -> None:
        """Look for terminals again, and greet those that are idle."""
        ...

    def report(self) -> None:
        """Publish the agent's `info` and `health` anew."""
        ...


class Publisher(Protocol):
    """The link, as far as publishing goes."""

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        """Hand a message to the broker. Raises LinkDownError."""
        ...
