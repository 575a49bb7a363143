"""The one reply to a command."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from protocols.contract.fields import Id, OperationId, Text, Timestamp, Told
from protocols.contract.operation import OperationView
from protocols.contract.words import ReplyVerdict


class Reply(Told):
    """Exactly one for each delivery of a command.

    accepted: it will run, its end is an event. rejected: it never ran and never will under this id; `code`
    says why. duplicate: the id is known with the same content, `state` is where it stands. conflict: the id
    is known with other content; nothing was done. done: an immediate answer, in `state` and `result`.
    `operation_id` is absent where the command's own could not be read.
    """

    operation_id: OperationId | None = None
    op: str | None = None
    terminal: Id | None = None
    verdict: ReplyVerdict | str
    code: str
    text: Text
    path: str | None = Field(default=None, description="schema_invalid: the field that is wrong")
    holder: str | None = Field(default=None, description="terminal_busy: the actor who holds the terminal")
    state: OperationView | None = None
    result: dict[str, Any] | None = None
    at: Timestamp | None = None
