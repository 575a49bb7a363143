"""A stranger's backend against our agent: written from docs/contract alone, on a real Mosquitto.

Whatever the agent publishes during these tests is held against the published schemas, more tightly than they
are meant for readers: no field and no value that they do not declare. Sequence numbers have no gap.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.foreign_agent import AGENT, CLINIC
from tests.support.foreign_backend import ForeignBackend, backend, in_seconds, ulid
from tests.support.foreign_world import BackendWorld, verdict

pytestmark = pytest.mark.system

SALE = "terminal/t1/cmd/sale"
CONSENT = {"text_id": "card-on-file", "version": "3", "language": "fr", "given": "on_paper"}


def test_the_same_command_five_times_is_one_payment(clinic: BackendWorld, cloud: ForeignBackend) -> None:
    before = len(clinic.t1.booked)
    data = cloud.stamp(amount_minor=4750, reply_to="backend")
    message = json.dumps(cloud.envelope("cmd.sale", data)).encode()
    replies = [cloud.raw(SALE, message) for _ in range(5)]
    assert [one["verdict"] for one in replies] == ["accepted"] + ["duplicate"] * 4
    ended = cloud.outcome(replies[0])
    assert (ended["state"], ended["amount_minor"]) == ("approved", 4750)
    again = cloud.raw(SALE, message)
    assert (again["verdict"], again["state"]["state"]) == ("duplicate", "approved")
    other = cloud.send("t1", "sale", {**data, "amount_minor": 4751})
    assert verdict(other) == ("conflict", "conflict")
    same = json.dumps(cloud.envelope("cmd.sale", dict(reversed(data.items()))), indent=2).encode()
    assert cloud.raw(SALE, same)["verdict"] == "duplicate", "only what data means is its content"
    assert clinic.t1.booked[before:] == [4750]


def test_every_step_of_a_payment_is_told(cloud: ForeignBackend) -> None:
    taken = cloud.command("t2", "sale", amount_minor=1000)
    busy = cloud.command("t2", "sale", amount_minor=1000)
    assert (verdict(busy), busy["holder"]) == (("rejected", "terminal_busy"), "staff-17")
    assert cloud.command("t2", "query", target_operation_id=taken["operation_id"])["verdict"] == "done"
    ended = cloud.outcome(taken)
    assert [one.data["state"] for one in cloud.facts(taken["operation_id"])] == [
        "accepted",
        "committed",
        "result_seen",
        "approved",
    ]
    assert "awaiting_card" in cloud.states(taken["operation_id"])
    assert set(ended["text"]) == {"fr", "en"}
    assert ended["evidence"]["source"] == "dialogue"
    cloud.ready("t2")
    seen = [one.data for one in cloud.heard if one.topic == "terminal/t2/state"]
    current = [one["current"] for one in seen if one.get("current")]
    assert taken["operation_id"] in {one["operation_id"] for one in current}
    assert {one["holder"] for one in seen if one.get("current")} == {"staff-17"}


def test_every_operation(clinic: BackendWorld, cloud: ForeignBackend) -> None:
    def done(op: str, **data: Any) -> dict[str, Any]:
        return cloud.outcome(cloud.command("t1", op, **data))

    sale = done("sale", amount_minor=5000)["operation_id"]
    assert done("refund", amount_minor=4000, original_operation_id=sale)["money"] == "returned"
    too_much = cloud.command("t1", "refund", amount_minor=1001, original_operation_id=sale)
    assert verdict(too_much) == ("rejected", "limit_exceeded")
    other = done("sale", amount_minor=300)["operation_id"]
    assert done("reversal", original_operation_id=other)["money"] == "returned"
    held = done("preauth", amount_minor=3000)
    assert held["money"] == "held"
    assert done("capture", original_operation_id=held["operation_id"], amount_minor=1)["money"] == "charged"
    released = done("preauth", amount_minor=200)["operation_id"]
    assert done("reversal", original_operation_id=released)["money"] in ("none", "returned")
    receipts = cloud.command("t1", "receipt", target_operation_id=sale)
    assert (receipts["verdict"], receipts["operation_id"] == sale) == ("done", False)
    asked = cloud.command("t1", "query", target_operation_id=sale)
    assert (asked["verdict"], asked["state"]["state"]) == ("done", "approved")
    human = {"verdict": "approved", "evidence": "receipt", "by": "staff-1", "reason": "seen"}
    resolved = cloud.command("t1", "resolve", target_operation_id=sale, **human)
    assert verdict(resolved) == ("rejected", "not_resolvable")
    assert done("diagnose", initialise=True)["state"] == "approved"
    assert done("reconcile")["state"] == "approved"
    recognised = done("store_card", customer="cust-1", purpose="recognition")
    assert (recognised["token"]["kind"], recognised["money"]) == ("recognition", "none")


def test_a_card_is_kept_with_consent_where_tokens_can_be_charged(cloud: ForeignBackend) -> None:
    card: dict[str, Any] = {"customer": "cust-1", "purpose": "no_show"}
    assert verdict(cloud.command("t1", "store_card", **card, consent=CONSENT))[1] == "not_chargeable"
    assert verdict(cloud.command("t2", "store_card", **card))[1] == "consent_missing"
    kept = cloud.outcome(cloud.command("t2", "store_card", **card, consent=CONSENT, entry_modes=["tap"]))
    assert (kept["token"]["kind"], kept["card_stored"], kept["money"]) == ("chargeable", "yes", "none")


def test_an_abort_says_that_it_was_asked_and_the_target_what_became_of_it(cloud: ForeignBackend) -> None:
    taken = cloud.command("t2", "sale", amount_minor=900)
    target = taken["operation_id"]
    cloud.wait(lambda: "awaiting_card" in cloud.states(target), "a card is awaited")
    assert verdict(cloud.command("t2", "abort", target_operation_id=target)) == ("accepted", "abort_asked")
    assert cloud.outcome(taken)["abort"] == "honoured"
    assert verdict(cloud.command("t2", "abort", target_operation_id=target)) == ("rejected", "not_current")


@pytest.mark.parametrize(
    ("op", "field", "code"),
    [
        ("abort", "target_operation_id", "operation_unknown"),
        ("query", "target_operation_id", "operation_unknown"),
        ("receipt", "target_operation_id", "operation_unknown"),
        ("reversal", "original_operation_id", "original_unknown"),
        ("capture", "original_operation_id", "original_unknown"),
    ],
)
def test_what_nobody_knows_is_told_as_such(cloud: ForeignBackend, op: str, field: str, code: str) -> None:
    assert verdict(cloud.command("t1", op, **{field: ulid()})) == ("rejected", code)


def test_commands_of_the_agent_itself(cloud: ForeignBackend) -> None:
    for op in ("rescan", "diagnose"):
        reply = cloud.send(AGENT, op, {"operation_id": ulid()})
        assert reply["verdict"] == "done", reply
    assert cloud.latest(f"agent/{AGENT}/info")["contract"]["highest"] >= 1
    wrong = cloud.send(AGENT, "sync", {"operation_id": ulid(), "time": "noon"})
    assert (verdict(wrong), wrong["path"]) == (("rejected", "schema_invalid"), "data.time")


# --- odd but legal -----------------------------------------------------------------------------------

QUEBEC = timezone(timedelta(hours=-5))


def _in_a_minute() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


@pytest.mark.parametrize(
    "not_after",
    [
        lambda: _in_a_minute().isoformat(),
        lambda: _in_a_minute().isoformat().replace("+00:00", "Z"),
        lambda: _in_a_minute().isoformat(timespec="seconds").replace("+00:00", "z").replace("T", "t"),
        lambda: _in_a_minute().astimezone(QUEBEC).isoformat(timespec="milliseconds"),
        lambda: _in_a_minute().isoformat().replace("+00:00", "789Z"),
        lambda: _in_a_minute().replace(microsecond=100_000).isoformat().replace("00000+", "+"),
    ],
)
def test_times_of_every_form_are_read(clinic: BackendWorld, cloud: ForeignBackend, not_after: Any) -> None:
    data = {**cloud.stamp(amount_minor=100), "not_after": not_after(), "issued_at": not_after()}
    assert cloud.outcome(cloud.send("t1", "sale", data))["state"] == "approved"


def test_a_message_with_everything_and_one_with_more(cloud: ForeignBackend) -> None:
    """Unknown attributes of the envelope and unknown fields are ignored."""
    attributes = {
        "time": in_seconds(0),
        "subject": "t1",
        "datacontenttype": "application/json",
        "dataschema": "https://example.org/sale",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    data = cloud.stamp(amount_minor=100, colour="blue", more={"a": [1, {"b": None}], "c": 0.5})
    assert cloud.outcome(cloud.raw(SALE, cloud.envelope("cmd.sale", data, **attributes)))
    own = cloud.envelope("cmd.sale", cloud.stamp(amount_minor=100)) | {"type": "org.example.order"}
    assert cloud.outcome(cloud.raw(SALE, own)), "a type of nobody's contract is no contradiction"


def test_what_other_languages_write_is_read(cloud: ForeignBackend) -> None:
    """A byte order mark, null for what is left out, the character set of the content type."""
    absent = dict.fromkeys(("currency", "issued_at", "reply_to"))
    content = {"datacontenttype": "application/json; charset=utf-8"}
    message = cloud.envelope("cmd.sale", cloud.stamp(amount_minor=100, **absent), **content)
    taken = cloud.raw(SALE, b"\xef\xbb\xbf" + json.dumps(message).encode())
    assert cloud.outcome(taken)["currency"] == "CAD"
    cloud.ready("t1")


@pytest.mark.parametrize("given", ["node-2", f"clinics/v1/{CLINIC}/{AGENT}/rsp/node-2"])
def test_the_reply_goes_where_it_is_wanted(cloud: ForeignBackend, given: str) -> None:
    data = cloud.stamp(target_operation_id=ulid(), reply_to=given)
    assert cloud.send("t1", "query", data, "node-2")["operation_id"] == data["operation_id"]


def test_the_response_topic_of_mqtt_5_is_taken_too(cloud: ForeignBackend) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.ResponseTopic = f"clinics/v1/{CLINIC}/{AGENT}/rsp/node-5"
    properties.CorrelationData = b"17"
    properties.MessageExpiryInterval = 30
    message = cloud.envelope("cmd.query", cloud.stamp(target_operation_id=ulid()))
    cloud.publish("terminal/t1/cmd/query", message, properties=properties)
    cloud.wait(lambda: cloud.replies("node-5"), "a reply to node-5")


def test_a_client_of_mqtt_3_1_1_is_served_as_well(clinic: BackendWorld, cloud: ForeignBackend) -> None:
    with backend(clinic.port, CLINIC, AGENT, node="old", protocol=mqtt.MQTTv311) as old:
        old.acknowledges = False
        old.wait(lambda: old.latest("terminal/t1/caps"), "what is retained")
        assert old.outcome(old.command("t1", "sale", amount_minor=150))["state"] == "approved"
        assert old.check() > 5
