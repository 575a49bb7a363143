"""The contract as an AsyncAPI 3.0 document, seen from the agent (asyncapi.com, specification 3.0.0)."""

from __future__ import annotations

import re
from typing import Any

from protocols.contract.catalogue import Entry, entries
from protocols.contract.fields import ID_PATTERN
from protocols.contract.schemas import message_example

_PARAMETERS = {
    "clinic": "the clinic's opaque id",
    "agent": "the agent's opaque id, its certificate's CN",
    "terminal": "the terminal's opaque id",
    "node": "the backend node that gets the reply",
}


def document() -> dict[str, Any]:
    """The whole document. Message payloads refer to the JSON Schemas beside it."""
    listed = entries()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Terminal agent",
            "version": "1.0.0",
            "description": "What a clinic's cloud backend and the agent at its payment terminals say to each "
            "other over MQTT. See README.md beside this file.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "broker": {
                "host": "broker.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5.0",
                "description": "MQTT 5 with mutual TLS; 3.1.1 works, everything essential is in the payload.",
            }
        },
        "channels": {entry.name: _channel(entry) for entry in listed},
        "operations": {entry.name: _operation(entry) for entry in listed},
        "components": {"messages": {entry.name: _message(entry) for entry in listed}},
    }


def _channel(entry: Entry) -> dict[str, Any]:
    used = dict.fromkeys(re.findall(r"{(\w+)}", entry.topic))
    return {
        "address": entry.topic,
        "messages": {entry.name: {"$ref": f"#/components/messages/{entry.name}"}},
        "parameters": {name: {"description": f"{_PARAMETERS[name]}, {ID_PATTERN}"} for name in used},
    }


def _operation(entry: Entry) -> dict[str, Any]:
    return {
        "action": "receive" if entry.direction == "receives" else "send",
        "channel": {"$ref": f"#/channels/{entry.name}"},
        "messages": [{"$ref": f"#/channels/{entry.name}/messages/{entry.name}"}],
        "bindings": {"mqtt": {"qos": 1, "retain": entry.retained, "bindingVersion": "0.2.0"}},
    }


def _message(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.type,
        "title": entry.name,
        "summary": entry.summary,
        "contentType": "application/cloudevents+json",
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./schemas/{entry.name}.json"},
        },
        "examples": [{"payload": message_example(entry)}],
    }
