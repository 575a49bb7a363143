"""Commands as a backend sends them, to be bent by the tests."""

from __future__ import annotations

import json
from typing import Any

from protocols.contract.catalogue import entries
from protocols.contract.envelope import Envelope, pack
from protocols.contract.parsing import Command, Refusal, parse_command
from protocols.contract.schemas import message_example
from protocols.contract.topics import AgentTopics

TOPICS = AgentTopics("clinic-1", "agent-1")
OPERATION = "01JD9QZ4X8M3K7N5P2R6T0V1WY"
RECEIVED = [entry for entry in entries() if entry.channel == "cmd"]


def sale(**changes: Any) -> dict[str, Any]:
    """The data of a sound sale, with changes; a change to None leaves the field out."""
    data: dict[str, Any] = {
        "operation_id": OPERATION,
        "not_after": "2026-01-31T14:07:00Z",
        "actor": "staff-17",
        "amount_minor": 4750,
        **changes,
    }
    return {name: value for name, value in data.items() if value is not None}


def packed(data: dict[str, Any], type_: str = "anything") -> bytes:
    """The data in an envelope."""
    return pack(Envelope(id="1", source="/backend", type=type_, data=data))


def parsed(data: dict[str, Any], op: str = "sale", **options: Any) -> Command | Refusal:
    """What the agent makes of it."""
    return parse_command(op, packed(data), topics=TOPICS, **options)


def example(name: str) -> bytes:
    """The published example of a message."""
    return json.dumps(message_example(next(entry for entry in entries() if entry.name == name))).encode()
