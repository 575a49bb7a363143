"""From bytes to a command or a refusal: total, exact about what is wrong, silent about what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import commands
from protocols.contract.envelope import Detail, content_hash
from protocols.contract.parsing import Command, Refusal, parse_command
from tests.unit.protocols.contract.commands import OPERATION, RECEIVED, TOPICS, example, packed, parsed, sale

PAN = "4111111111111111"


def refused(data: dict[str, Any], op: str = "sale", **options: Any) -> Refusal:
    result = parsed(data, op, **options)
    assert isinstance(result, Refusal)
    return result


def taken(data: dict[str, Any], op: str = "sale", **options: Any) -> Command:
    result = parsed(data, op, **options)
    assert isinstance(result, Command)
    return result


@pytest.mark.parametrize("entry", RECEIVED, ids=lambda entry: entry.name)
def test_every_published_example_is_a_command(entry: Any) -> None:
    result = parse_command(entry.leaf, example(entry.name), kind=entry.kind, topics=TOPICS)
    assert isinstance(result, Command)
    assert (result.op, result.kind) == (entry.leaf, entry.kind)
    assert type(result.body) is entry.model
    assert result.content_hash == content_hash(entry.example)


def test_a_sale() -> None:
    command = taken(sale(unheard_of=[1, {"x": 1.5}]))
    assert isinstance(command.body, commands.Sale)
    assert command.body.amount_minor == 4750
    assert command.body.currency == "CAD"
    assert command.body.locale == "fr"
    assert command.body.not_after.isoformat() == "2026-01-31T14:07:00+00:00"
    assert command.reply_node == "backend"


@pytest.mark.parametrize(
    ("change", "path", "detail"),
    [
        ({"operation_id": None}, "data.operation_id", "missing"),
        ({"operation_id": "x"}, "data.operation_id", "malformed"),
        ({"operation_id": OPERATION.lower()}, "data.operation_id", "malformed"),
        ({"not_after": None}, "data.not_after", "missing"),
        ({"not_after": "2026-01-31T14:07:00"}, "data.not_after", "malformed"),
        ({"not_after": 1769868420}, "data.not_after", "malformed"),
        ({"not_after": "0001-01-01T00:00:00+05:00"}, "data.not_after", "malformed"),
        ({"not_after": "2026-02-30T14:07:00Z"}, "data.not_after", "malformed"),
        ({"issued_at": "yesterday"}, "data.issued_at", "malformed"),
        ({"actor": None}, "data.actor", "missing"),
        ({"actor": ""}, "data.actor", "out_of_range"),
        ({"actor": "x" * 65}, "data.actor", "out_of_range"),
        ({"actor": "a\nb"}, "data.actor", "malformed"),
        ({"locale": "de"}, "data.locale", "unknown_value"),
        ({"amount_minor": None}, "data.amount_minor", "missing"),
        ({"amount_minor": 0}, "data.amount_minor", "out_of_range"),
        ({"amount_minor": -1}, "data.amount_minor", "out_of_range"),
        ({"amount_minor": 10**12}, "data.amount_minor", "out_of_range"),
        ({"amount_minor": 47.5}, "data.amount_minor", "wrong_type"),
        ({"amount_minor": 4750.0}, "data.amount_minor", "wrong_type"),
        ({"amount_minor": "4750"}, "data.amount_minor", "wrong_type"),
        ({"amount_minor": True}, "data.amount_minor", "wrong_type"),
        ({"currency": "XXX"}, "data.currency", "unknown_value"),
        ({"currency": 124}, "data.currency", "unknown_value"),
        ({"reply_to": "elsewhere/topic"}, "data.reply_to", "malformed"),
        ({"reply_to": "clinics/v1/clinic-1/agent-2/rsp/n"}, "data.reply_to", "malformed"),
        ({"reply_to": 7}, "data.reply_to", "wrong_type"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], path: str, detail: Detail) -> None:
    result = refused(sale(**change))
    assert (result.code, result.path, result.detail) == ("schema_invalid", path, detail)
    if "operation_id" not in change:
        assert result.operation_id == OPERATION
        assert result.content_hash is not None


@pytest.mark.parametrize(
    ("change", "path", "detail"),
    [
        ({"purpose": "gift"}, "data.purpose", "unknown_value"),
        ({"entry_modes": ["insert", "wave"]}, "data.entry_modes.1", "unknown_value"),
        ({"entry_modes": []}, "data.entry_modes", "out_of_range"),
        ({"consent": {"text_id": "t", "version": "1", "language": "fr"}}, "data.consent.given", "missing"),
        ({"customer": ""}, "data.customer", "out_of_range"),
    ],
)
def test_what_is_wrong_in_store_card_is_named(change: dict[str, Any], path: str, detail: Detail) -> None:
    data = sale(amount_minor=None, customer="cust-1", purpose="recognition") | change
    result = refused(data, "store_card")
    assert (result.path, result.detail) == (path, detail)


@pytest.mark.parametrize(
    ("change", "path", "detail"),
    [
        ({"time": "0001-01-01T00:00:00Z"}, "data.time", "out_of_range"),
        ({"time": "9999-12-31T23:59:59Z"}, "data.time", "out_of_range"),
        ({"epoch": "7" + "Z" * 25}, "data.epoch", "malformed"),
        ({"boot": -1}, "data.boot", "out_of_range"),
        ({"seq": 1.0}, "data.seq", "wrong_type"),
    ],
)
def test_what_nothing_can_be_reckoned_from_is_no_sync(
    change: dict[str, Any], path: str, detail: Detail
) -> None:
    """A zero time, or the last epoch that there can be, is what an unset variable holds."""
    data = {"operation_id": OPERATION, "time": "2026-01-31T14:07:00Z"}
    assert isinstance(taken(data, "sync", kind="agent").body, commands.Sync)
    result = refused(data | change, "sync", kind="agent")
    assert (result.path, result.detail) == (path, detail)


def test_null_is_absent() -> None:
    """Many languages write what they leave out as null."""
    whole = sale() | {"currency": None, "locale": None, "reply_to": None, "issued_at": None}
    command = taken(whole)
    assert isinstance(command.body, commands.Sale)
    assert (command.body.currency, command.body.locale) == ("CAD", "fr")
    assert refused(whole | {"amount_minor": None}).detail == "missing"


def test_consent_is_wanted_for_purposes_that_charge_later() -> None:
    data = sale(amount_minor=None, customer="cust-1")
    late, once = (
        taken(data | {"purpose": "no_show"}, "store_card"),
        taken(data | {"purpose": "recognition"}, "store_card"),
    )
    assert isinstance(late.body, commands.StoreCard)
    assert isinstance(once.body, commands.StoreCard)
    assert (late.body.lacks_consent, late.body.needs_chargeable) == (True, True)
    assert (once.body.lacks_consent, once.body.needs_chargeable) == (False, False)


@pytest.mark.parametrize("op", ["charge", "", "-", "sync", "__class__"])
def test_an_unknown_op_is_unsupported(op: str) -> None:
    result = refused(sale(), op)
    assert (result.code, result.path) == ("unsupported", "op")
    assert result.operation_id == OPERATION


def test_a_type_of_ours_must_be_the_topics() -> None:
    payload = packed(sale(), "terminal-agent.v1.cmd.refund")
    result = parse_command("sale", payload, topics=TOPICS)
    assert isinstance(result, Refusal)
    assert result.path == "type"
    assert isinstance(parse_command("sale", packed(sale(), "terminal-agent.v1.cmd.sale")), Command)


def test_the_reply_address_may_be_a_node_a_topic_or_a_property() -> None:
    assert taken(sale(reply_to="node-2")).reply_node == "node-2"
    assert taken(sale(reply_to=TOPICS.reply("node-2"))).reply_node == "node-2"
    assert taken(sale(), response_topic=TOPICS.reply("node-3")).reply_node == "node-3"
    assert taken(sale(reply_to="node-2"), response_topic=TOPICS.reply("node-3")).reply_node == "node-2"


def test_a_foreign_response_topic_is_refused_to_whom_we_may_answer() -> None:
    result = refused(sale(reply_to="node-2"), response_topic="bank/inbox")
    assert (result.path, result.reply_node) == ("response_topic", "node-2")
    assert (
        refused(sale(), response_topic="clinics/v1/clinic-1/agent-1/terminal/t/cmd/sale").reply_node
        == "backend"
    )


def test_bytes_that_cannot_be_read_are_refused_where_the_property_says() -> None:
    for payload in (b"", b"hello", b"[" * 70_000):
        result = parse_command("sale", payload, topics=TOPICS, response_topic=TOPICS.reply("node-3"))
        assert isinstance(result, Refusal)
        assert result.reply_node == "node-3"


def test_a_card_number_is_no_reply_address() -> None:
    """It would be published, in a topic."""
    for result in (
        refused(sale(reply_to=PAN)),
        refused(sale(reply_to=TOPICS.reply(PAN))),
        refused(sale(), response_topic=TOPICS.reply(PAN)),
    ):
        assert result.reply_node == "backend"
        assert PAN not in repr(result)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"amount_minor": 4750.0}, "an integer without quotes, point or exponent"),
        ({"amount_minor": 0}, "at least 1"),
        ({"amount_minor": 10**12}, "at most 999999999999"),
        ({"locale": "fr-CA"}, "'fr' or 'en'"),
        ({"actor": "x" * 65}, "at most 64 characters"),
        ({"actor": 17}, "a text"),
        ({"operation_id": OPERATION.lower()}, "what matches ^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ({"not_after": "2026-02-30T14:07:00Z"}, "RFC 3339 with its zone, such as 2026-01-31T14:05:00Z"),
        ({"not_after": None}, ""),
        ({"note": PAN}, "nothing that could be a card number"),
        ({"reply_to": "a/b"}, "a node's id, or a reply topic of this agent"),
    ],
)
def test_what_is_allowed_is_told(change: dict[str, Any], allowed: str) -> None:
    assert refused(sale(**change)).allowed == allowed


@pytest.mark.parametrize("name", ["time", "entry_modes", "consent", "seq", "open_operations", "boot"])
@pytest.mark.parametrize("value", [True, 1.5, "x", [], [1], {}, {"x": 1}, "0001-01-01T00:00:00Z"])
def test_what_is_allowed_is_told_for_every_kind_of_field(name: str, value: object) -> None:
    sync = name in ("time", "seq", "open_operations", "boot")
    sound: dict[str, Any] = (
        {"time": "2026-01-31T14:07:00Z"} if sync else {"customer": "c", "purpose": "no_show"}
    )
    op, kind = ("sync", "agent") if sync else ("store_card", "terminal")
    result = parsed({**sale(), **sound, name: value}, op, kind=kind)
    if isinstance(result, Refusal) and result.detail != "missing":
        assert result.allowed


def test_an_unknown_op_is_told_which_there_are() -> None:
    assert "store_card" in refused(sale(), "store-card").allowed.split(", ")
    assert refused(sale(), "ack", kind="agent").allowed == "sync, rescan, diagnose"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"actor": PAN}, "data.actor"),
        ({"note": f"card {PAN[:4]} {PAN[4:8]} {PAN[8:12]} {PAN[12:]}"}, "data.note"),
        ({"amount_minor": int(PAN)}, "data.amount_minor"),
        ({"secret_field": {"deep": [PAN]}}, "data.*.*.0"),
        ({PAN: 1}, "data.*"),
        ({"operation_id": PAN}, "data.operation_id"),
        ({"original_operation_id": PAN}, "data.original_operation_id"),
        ({"card": {"number": int(PAN)}}, "data.card.number"),
    ],
)
def test_a_card_number_is_refused_and_nothing_of_it_is_kept(change: dict[str, Any], path: str) -> None:
    result = refused(sale(**change))
    assert (result.code, result.path, result.detail) == ("schema_invalid", path, "card_number")
    assert result.content_hash is None
    assert PAN[:6] not in repr(result)
    assert PAN[-4:] not in repr(result)


def test_a_card_number_in_the_envelope_is_refused() -> None:
    whole = json.loads(packed(sale())) | {"subject": PAN}
    result = parse_command("sale", json.dumps(whole).encode(), topics=TOPICS)
    assert isinstance(result, Refusal)
    assert (result.path, result.operation_id) == ("subject", OPERATION)


def test_an_open_operation_of_sync_is_checked_whole() -> None:
    listed = {"operation_id": OPERATION, "terminal": "desk-1", "op": "sale", "data": sale()}
    data = {"operation_id": OPERATION, "time": "2026-01-31T14:07:00Z", "open_operations": [listed]}
    sync = taken(data, "sync", kind="agent").body
    assert isinstance(sync, commands.Sync)
    assert sync.open_operations[0].command == commands.Sale.model_validate(sale())
    listed["data"] = sale(amount_minor=0)
    assert refused(data, "sync", kind="agent").path == "data.open_operations.0.data.amount_minor"
    listed["data"] = sale(operation_id="01JD9QX1B2C3D4E5F6G7H8J9KM")
    assert refused(data, "sync", kind="agent").path == "data.open_operations.0.data.operation_id"


def test_a_command_too_large_is_refused_by_the_given_limit() -> None:
    assert refused(sale(note="x" * 70_000)).detail == "too_large"
    assert refused(sale(), max_bytes=100).detail == "too_large"


@given(st.binary(), st.sampled_from(sorted(commands.TERMINAL)))
def test_no_bytes_raise(payload: bytes, op: str) -> None:
    assert isinstance(parse_command(op, payload, topics=TOPICS), Refusal)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    [*commands.StoreCard.model_fields, *commands.Sync.model_fields, *commands.Resolve.model_fields]
)


@given(st.dictionaries(_FIELDS | st.text(max_size=12), _JSON, max_size=6), st.sampled_from(RECEIVED))
def test_no_json_raises_and_nothing_of_it_is_shown(data: dict[str, Any], entry: Any) -> None:
    whole = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": {**sale(), **data}}
    payload = json.dumps(whole).encode()
    result = parse_command(entry.leaf, payload, kind=entry.kind, topics=TOPICS)
    if isinstance(result, Refusal):
        for name, value in data.items():
            shown = f"{result.path} {result.detail} {result.reply_node}"
            if isinstance(value, str) and len(value) > 3 and name != "reply_to":
                assert value not in shown


@given(st.text())
def test_names_of_the_senders_own_are_not_shown(name: str) -> None:
    assert refused(sale() | {f"é{name}": {"x": PAN}}).path == "data.*.*"
