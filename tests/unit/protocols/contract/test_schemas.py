"""The published schemas: valid themselves, true to the examples, as strict as the agent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from protocols.contract.asyncapi import document
from protocols.contract.catalogue import Entry, entries
from protocols.contract.parsing import Command, parse_command
from protocols.contract.schemas import message_example, message_schema

ENTRIES = entries()
COMMANDS = [entry for entry in ENTRIES if entry.channel == "cmd"]


def validator(entry: Entry) -> Draft202012Validator:
    return Draft202012Validator(message_schema(entry), format_checker=FormatChecker())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_schema_is_valid_and_its_example_fits(entry: Entry) -> None:
    Draft202012Validator.check_schema(message_schema(entry))
    assert list(validator(entry).iter_errors(message_example(entry))) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_model_reads_the_example_and_says_the_same(entry: Entry) -> None:
    body = entry.model.model_validate(entry.example)
    again = {"data": json.loads(body.model_dump_json(exclude_none=True))}
    whole = {**message_example(entry), **again}
    assert list(validator(entry).iter_errors(whole)) == []
    assert entry.model.model_validate(again["data"]) == body


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_what_is_required_is_missed(entry: Entry) -> None:
    whole = message_example(entry)
    required = message_schema(entry)["properties"]["data"]["required"]
    for name in required:
        data = {key: value for key, value in whole["data"].items() if key != name}
        assert list(validator(entry).iter_errors({**whole, "data": data})) != []


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
@pytest.mark.parametrize(
    "change",
    [{"operation_id": "x"}, {"locale": "de"}, {"actor": ""}, {"amount_minor": 0}, {"amount_minor": "1"}],
)
def test_the_schema_and_the_agent_agree_on_what_is_wrong(entry: Entry, change: dict[str, Any]) -> None:
    whole = message_example(entry)
    whole["data"] = {**whole["data"], **change}
    valid = not list(validator(entry).iter_errors(whole))
    result = parse_command(
        entry.leaf, json.dumps(whole).encode(), kind="agent" if entry.kind == "agent" else "terminal"
    )
    assert isinstance(result, Command) == valid


def test_every_message_of_the_document_has_a_channel_an_operation_and_a_schema() -> None:
    whole = document()
    assert whole["asyncapi"] == "3.0.0"
    names = {entry.name for entry in ENTRIES}
    assert set(whole["channels"]) == set(whole["operations"]) == set(whole["components"]["messages"]) == names
    for name, operation in whole["operations"].items():
        assert operation["channel"]["$ref"] == f"#/channels/{name}"
        assert whole["channels"][name]["messages"][name]["$ref"] == f"#/components/messages/{name}"
    assert not any(entry.retained for entry in COMMANDS)


def test_names_and_topics_are_unique() -> None:
    assert len({entry.name for entry in ENTRIES}) == len({entry.topic for entry in ENTRIES}) == len(ENTRIES)
    assert all(entry.summary for entry in ENTRIES)
