"""The JSON Schema (2020-12) of each whole message, and an example of each as it goes over the wire."""

from __future__ import annotations

from typing import Any

from protocols.contract.catalogue import Entry
from protocols.contract.envelope import CONTENT_TYPE
from protocols.contract.examples import EPOCH, NOW
from protocols.contract.fields import ULID_PATTERN

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string", "minLength": 1}


def message_schema(entry: Entry) -> dict[str, Any]:
    """The schema of the envelope with this message's `data` in it. Attributes beside it are allowed."""
    data = entry.model.model_json_schema(ref_template="#/$defs/{model}")
    definitions = data.pop("$defs", {})
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"{entry.name}.json",
        "title": entry.name,
        "description": entry.summary,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data", *(_PLACE if entry.is_fact else ())],
        "properties": {**_attributes(entry), "data": data},
    }
    return {**schema, "$defs": definitions} if definitions else schema


def message_example(entry: Entry) -> dict[str, Any]:
    """A whole message with the example's data."""
    ours = entry.direction == "sends"
    whole: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{EPOCH}-41" if entry.is_fact else "01JD9QZ5A0B1C2D3E4F5G6H7JK",
        "source": "/clinics/clinic-1/agents/agent-1" if ours else "/clinics/clinic-1/backend/backend",
        "type": entry.type,
        "time": NOW,
        "datacontenttype": CONTENT_TYPE,
    }
    if entry.is_fact:
        whole |= {"epoch": EPOCH, "seq": 41, "boot": 7}
    return {**whole, "data": dict(entry.example)}


_PLACE = {
    "epoch": {"type": "string", "pattern": ULID_PATTERN, "description": "ULID born with the agent's journal"},
    "seq": {"type": "integer", "minimum": 1, "description": "gapless over the facts of an epoch"},
    "boot": {"type": "integer", "minimum": 0, "description": "grows by one at each start of the agent"},
}


def _attributes(entry: Entry) -> dict[str, Any]:
    """The attributes of the envelope, CloudEvents 1.0."""
    numbered = _PLACE if entry.channel == "evt" else {}
    return {
        "specversion": {"const": "1.0"},
        "id": _TEXT,
        "source": _TEXT,
        "type": {"const": entry.type},
        "time": {"type": "string", "format": "date-time"},
        "subject": _TEXT,
        "datacontenttype": {"const": CONTENT_TYPE},
        **numbered,
    }
