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
    detail: str | None = Field(
        default=None,
        description="schema_invalid, unsupported: what is wrong with the field: missing, wrong_type, "
        "unknown_value, out_of_range, malformed, card_number; or with the payload: too_large, not_utf8, "
        "not_json, duplicate_name, too_deep",
    )
    allowed: str | None = Field(
        default=None, description="what may stand there, in English, for developers; not where detail says it"
    )
    holder: str | None = Field(default=None, description="terminal_busy: the actor who holds the terminal")
    state: OperationView | None = None
    result: dict[str, Any] | None = None
    at: Timestamp | None = None
