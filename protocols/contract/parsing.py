"""From the bytes of a command to its model, or to a refusal.

Total: no bytes raise. No refusal shows its input: a path is made of words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from protocols.contract import commands
from protocols.contract.card_numbers import card_number_path, holds_card_number
from protocols.contract.envelope import (
    MAX_BYTES,
    TYPE_PREFIX,
    Detail,
    MalformedError,
    canonical,
    content_hash,
    envelope_of,
    read_object,
)
from protocols.contract.faults import first_fault
from protocols.contract.fields import ULID_PATTERN
from protocols.contract.topics import DEFAULT_NODE, AgentTopics, TopicError, checked_id

_Body = commands.TerminalCommand | commands.AgentCommand
_M = TypeVar("_M", bound=BaseModel)

_OPERATION_IDS = ("operation_id", "target_operation_id", "original_operation_id")
_ULID = re.compile(ULID_PATTERN)
# Only words of ours are shown in a path; whatever else the sender called a field is shown as "*".
_WORDS = {
    name for model in (*commands.TERMINAL.values(), *commands.AGENT.values()) for name in model.model_fields
}
_WORDS |= {*commands.Consent.model_fields, *commands.OpenOperation.model_fields}
_WORDS |= {
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "subject",
    "datacontenttype",
    "data",
    "payload",
    "dataschema",
}
_WORDS |= {
    "card",
    "card_number",
    "pan",
    "number",
    "track",
    "track1",
    "track2",
    "note",
    "notes",
    "comment",
    "memo",
}
_WORDS |= {"description", "reference", "metadata", "cvv", "expiry", "name", "value", "text"}


@dataclass(frozen=True, slots=True)
class Command:
    """A well-formed command. `canonical` is its `data` to be journaled, `content_hash` what a repeat must
    equal, `reply_node` the backend node that gets the reply."""

    kind: Literal["terminal", "agent"]
    op: str
    body: commands.TerminalCommand | commands.AgentCommand
    canonical: bytes
    content_hash: str
    reply_node: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is no command. `path`, `detail` and `allowed` (what may stand there, in English, "" where
    `detail` says it) are words of ours. `operation_id` and `content_hash` are there where they could be read;
    there is no hash of data that holds a card number."""

    code: Literal["schema_invalid", "unsupported"]
    path: str
    detail: Detail
    allowed: str = ""
    operation_id: str | None = None
    content_hash: str | None = None
    reply_node: str = DEFAULT_NODE


def parse_command(
    op: str,
    payload: bytes,
    *,
    kind: Literal["terminal", "agent"] = "terminal",
    topics: AgentTopics | None = None,
    response_topic: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Command | Refusal:
    """The command of a topic's `{op}`, or why it is none.

    `topics` are the agent's own: without them only a plain node id is accepted as a reply address.
    `response_topic` is the property of MQTT 5; an address in the payload goes first.
    """
    reading = _Reading(topics, response_topic)
    try:
        return reading.command(kind, op, read_object(payload, max_bytes))
    except MalformedError as error:
        return reading.refusal("schema_invalid", error)


class _Reading:
    """One command being read. What is known so far goes into a refusal, so that it can be answered."""

    def __init__(self, topics: AgentTopics | None, response_topic: str | None) -> None:
        self._topics = topics
        self._response_topic = response_topic
        self._operation_id: str | None = None
        self._hash: str | None = None
        self._node = DEFAULT_NODE
        self._note_address(response_topic)

    def command(
        self, kind: Literal["terminal", "agent"], op: str, fields: Mapping[str, Any]
    ) -> Command | Refusal:
        """The command, or a refusal of its `op`. Raises MalformedError for everything else."""
        data = fields.get("data")
        data = data if isinstance(data, dict) else {}
        self._note_sender(data)
        if (found := card_number_path(fields, _OPERATION_IDS)) is not None:
            raise MalformedError(_shown(found), "card_number")
        self._hash = content_hash(data)
        models: Mapping[str, type[_Body]] = commands.TERMINAL if kind == "terminal" else commands.AGENT
        if op not in models:
            return self.refusal("unsupported", MalformedError("op", "unknown_value", ", ".join(models)))
        sent_type = envelope_of(fields).type
        if sent_type.startswith(TYPE_PREFIX) and sent_type != f"{TYPE_PREFIX}cmd.{op}":
            raise MalformedError("type", "unknown_value", f"{TYPE_PREFIX}cmd.{op}")
        self._check_reply_addresses(data)
        body = _validated(models[op], data, "data")
        if isinstance(body, commands.Sync):
            _check_open_operations(body)
        return Command(kind, op, body, canonical(data), self._hash, self._node)

    def refusal(self, code: Literal["schema_invalid", "unsupported"], why: MalformedError) -> Refusal:
        """A refusal with all that is known of its sender."""
        return Refusal(code, why.path, why.detail, why.allowed, self._operation_id, self._hash, self._node)

    def _note_sender(self, data: Mapping[str, Any]) -> None:
        """Take what an answer needs, as far as it can be trusted: the id, and a good reply address."""
        own = data.get("operation_id")
        self._operation_id = own if isinstance(own, str) and _ULID.fullmatch(own) else None
        self._note_address(data.get("reply_to"))

    def _note_address(self, wish: object) -> None:
        """Answer there, if that is a reply address of ours."""
        if isinstance(wish, str) and (node := self._node_of(wish)) is not None:
            self._node = node

    def _check_reply_addresses(self, data: Mapping[str, Any]) -> None:
        """Raise MalformedError for an address that is not a reply topic of ours, even beside a good one."""
        for path, wish in (("data.reply_to", data.get("reply_to")), ("response_topic", self._response_topic)):
            if isinstance(wish, str) and self._node_of(wish) is None:
                raise MalformedError(path, "malformed", "a node's id, or a reply topic of this agent")

    def _node_of(self, wish: str) -> str | None:
        """The node of a reply address, None where it is not one of ours. What could be a card number is none:
        it would be published in the topic."""
        try:
            node = self._topics.reply_node(wish) if self._topics else checked_id("the backend node", wish)
        except TopicError:
            return None
        return None if holds_card_number(node) else node


def _validated(model: type[_M], data: Mapping[str, Any], at: str) -> _M:
    """The model of some data. Raises MalformedError for the first field that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        loc, detail, allowed = first_fault(error)
        path = _shown(loc)
        raise MalformedError(f"{at}.{path}" if path else at, detail, allowed) from None


def _check_open_operations(sync: commands.Sync) -> None:
    """Raise MalformedError where a listed operation's own command is not one, or names another operation."""
    for index, listed in enumerate(sync.open_operations):
        at = f"data.open_operations.{index}.data"
        if _validated(commands.TERMINAL[listed.op], listed.data, at).operation_id != listed.operation_id:
            raise MalformedError(f"{at}.operation_id", "malformed", "the id under which it is listed")


def _shown(path: tuple[str | int, ...]) -> str:
    """A path with every name that is not ours replaced by "*"."""
    return ".".join(str(step) if isinstance(step, int) or step in _WORDS else "*" for step in path)
