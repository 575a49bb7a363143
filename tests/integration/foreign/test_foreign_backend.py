"""A stranger's backend against our agent: written from docs/contract alone, on a real Mosquitto.

Whatever the agent publishes during these tests is held against the published schemas, more tightly than they
are meant for readers: no field and no value that they do not declare. Sequence numbers have no gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.broker import plain_broker
from tests.support.foreign_agent import AGENT, CLINIC, ForeignAgent, terminal
from tests.support.foreign_backend import ForeignBackend, backend, in_seconds, ulid
from tests.support.foreign_terminal import PAN, ForeignTerminal, Manners

pytestmark = pytest.mark.system

SALE = "terminal/t1/cmd/sale"
CONSENT = {"text_id": "card-on-file", "version": "3", "language": "fr", "given": "on_paper"}
OPTIONS = {"t3_s": 1.0, "redial_s": 0.3, "nothing_stored_code": 0xFB}


@dataclass
class World:
    """The running whole. t1 pays at once; t2 dawdles, and its tokens may be charged."""

    port: int
    t1: ForeignTerminal
    t2: ForeignTerminal
    agent: ForeignAgent
    cloud: ForeignBackend

    def restart(self) -> None:
        """End the agent and start it again, until it takes money."""
        state = f"agent/{AGENT}/state"
        boot = self.cloud.latest(state)["boot"]
        self.agent.stop()
        self.agent.start()
        self.cloud.wait(lambda: self.cloud.latest(state)["boot"] > boot, "the agent is born again")
        self.cloud.begin()
        for name in ("t1", "t2"):
            self.cloud.ready(name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("stranger")
    with ExitStack() as stack:
        t1 = stack.enter_context(ForeignTerminal(Manners()))
        t2 = stack.enter_context(ForeignTerminal(Manners(statuses=4, pause_s=0.25)))
        broker, _ = stack.enter_context(plain_broker(folder))
        settings = [
            terminal(
                name,
                {"host": "127.0.0.1", "port": one.port},
                options=OPTIONS,
                token={"scope": "merchant-1", "kind": kind},
                limits={"largest_sale_minor": 500_000},
            )
            for name, one, kind in (("t1", t1, "recognition"), ("t2", t2, "chargeable"))
        ]
        agent = ForeignAgent(folder, broker.port, settings)
        agent.start()
        stack.callback(agent.stop)
        cloud = stack.enter_context(backend(broker.port, CLINIC, AGENT))
        cloud.begin()
        cloud.ready("t1")
        cloud.ready("t2")
        yield World(broker.port, t1, t2, agent, cloud)
        assert cloud.check() > 100
        assert "unit_crashed" not in agent.said
        assert not t1.troubles + t2.troubles


@pytest.fixture
def cloud(world: World) -> ForeignBackend:
    world.cloud.ready("t1")
    world.cloud.ready("t2")
    return world.cloud


def _said(reply: dict[str, Any]) -> tuple[str, str]:
    return reply["verdict"], reply["code"]


# --- commands ----------------------------------------------------------------------------------------


def test_the_same_command_five_times_is_one_payment(world: World, cloud: ForeignBackend) -> None:
    before = len(world.t1.booked)
    data = cloud.stamp(amount_minor=4750, reply_to="backend")
    message = json.dumps(cloud.envelope("cmd.sale", data)).encode()
    replies = [cloud.raw(SALE, message) for _ in range(5)]
    assert [one["verdict"] for one in replies] == ["accepted"] + ["duplicate"] * 4
    ended = cloud.outcome(replies[0])
    assert (ended["state"], ended["amount_minor"]) == ("approved", 4750)
    again = cloud.raw(SALE, message)
    assert (again["verdict"], again["state"]["state"]) == ("duplicate", "approved")
    other = cloud.send("t1", "sale", {**data, "amount_minor": 4751})
    assert _said(other) == ("conflict", "conflict")
    same = json.dumps(cloud.envelope("cmd.sale", dict(reversed(data.items()))), indent=2).encode()
    assert cloud.raw(SALE, same)["verdict"] == "duplicate", "only what data means is its content"
    assert world.t1.booked[before:] == [4750]


def test_every_step_of_a_payment_is_told(cloud: ForeignBackend) -> None:
    taken = cloud.command("t2", "sale", amount_minor=1000)
    busy = cloud.command("t2", "sale", amount_minor=1000)
    assert (_said(busy), busy["holder"]) == (("rejected", "terminal_busy"), "staff-17")
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


def test_every_operation(world: World, cloud: ForeignBackend) -> None:
    def done(op: str, **data: Any) -> dict[str, Any]:
        return cloud.outcome(cloud.command("t1", op, **data))

    sale = done("sale", amount_minor=5000)["operation_id"]
    assert done("refund", amount_minor=4000, original_operation_id=sale)["money"] == "returned"
    too_much = cloud.command("t1", "refund", amount_minor=1001, original_operation_id=sale)
    assert _said(too_much) == ("rejected", "limit_exceeded")
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
    assert _said(resolved) == ("rejected", "not_resolvable")
    assert done("diagnose", initialise=True)["state"] == "approved"
    assert done("reconcile")["state"] == "approved"
    recognised = done("store_card", customer="cust-1", purpose="recognition")
    assert (recognised["token"]["kind"], recognised["money"]) == ("recognition", "none")


def test_a_card_is_kept_with_consent_where_tokens_can_be_charged(cloud: ForeignBackend) -> None:
    card: dict[str, Any] = {"customer": "cust-1", "purpose": "no_show"}
    assert _said(cloud.command("t1", "store_card", **card, consent=CONSENT))[1] == "not_chargeable"
    assert _said(cloud.command("t2", "store_card", **card))[1] == "consent_missing"
    kept = cloud.outcome(cloud.command("t2", "store_card", **card, consent=CONSENT, entry_modes=["tap"]))
    assert (kept["token"]["kind"], kept["card_stored"], kept["money"]) == ("chargeable", "yes", "none")


def test_an_abort_says_that_it_was_asked_and_the_target_what_became_of_it(cloud: ForeignBackend) -> None:
    taken = cloud.command("t2", "sale", amount_minor=900)
    target = taken["operation_id"]
    cloud.wait(lambda: "awaiting_card" in cloud.states(target), "a card is awaited")
    assert _said(cloud.command("t2", "abort", target_operation_id=target)) == ("accepted", "abort_asked")
    assert cloud.outcome(taken)["abort"] == "honoured"
    assert _said(cloud.command("t2", "abort", target_operation_id=target)) == ("rejected", "not_current")


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
    assert _said(cloud.command("t1", op, **{field: ulid()})) == ("rejected", code)


def test_commands_of_the_agent_itself(cloud: ForeignBackend) -> None:
    for op in ("rescan", "diagnose"):
        reply = cloud.send(AGENT, op, {"operation_id": ulid()})
        assert reply["verdict"] == "done", reply
    assert cloud.latest(f"agent/{AGENT}/info")["contract"]["highest"] >= 1
    wrong = cloud.send(AGENT, "sync", {"operation_id": ulid(), "time": "noon"})
    assert (_said(wrong), wrong["path"]) == (("rejected", "schema_invalid"), "data.time")


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
def test_times_of_every_form_are_read(world: World, cloud: ForeignBackend, not_after: Any) -> None:
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
    assert cloud.raw(SALE, own)["verdict"] == "accepted", "a type of nobody's contract is no contradiction"


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


def test_a_client_of_mqtt_3_1_1_is_served_as_well(world: World, cloud: ForeignBackend) -> None:
    with backend(world.port, CLINIC, AGENT, node="old", protocol=mqtt.MQTTv311) as old:
        old.acknowledges = False
        old.wait(lambda: old.latest("terminal/t1/caps"), "what is retained")
        assert old.outcome(old.command("t1", "sale", amount_minor=150))["state"] == "approved"
        assert old.check() > 5


# --- wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"amount_minor": 4750.0}, "data.amount_minor"),
        ({"amount_minor": "4750"}, "data.amount_minor"),
        ({"amount_minor": True}, "data.amount_minor"),
        ({"amount_minor": 0}, "data.amount_minor"),
        ({"amount_minor": -1}, "data.amount_minor"),
        ({"amount_minor": None}, "data.amount_minor"),
        ({"amount_minor": 10**13}, "data.amount_minor"),
        ({"operation_id": ulid().lower()}, "data.operation_id"),
        ({"operation_id": "6f1c1b52-0000-4000-8000-000000000000"}, "data.operation_id"),
        ({"operation_id": None}, "data.operation_id"),
        ({"not_after": "2031-01-01T00:00:00"}, "data.not_after"),
        ({"not_after": "2031-01-01"}, "data.not_after"),
        ({"not_after": 1925000000}, "data.not_after"),
        ({"locale": "fr-CA"}, "data.locale"),
        ({"currency": "cad"}, "data.currency"),
        ({"actor": ""}, "data.actor"),
        ({"actor": "a\nb"}, "data.actor"),
        ({"actor": "x" * 65}, "data.actor"),
        ({"actor": PAN}, "data.actor"),
        ({"amount_minor": int(PAN)}, "data.amount_minor"),
        ({"reply_to": "+"}, "data.reply_to"),
        ({"reply_to": "clinics/v1/other/agent/rsp/backend"}, "data.reply_to"),
    ],
)
def test_a_wrong_field_is_named(
    world: World, cloud: ForeignBackend, change: dict[str, Any], path: str
) -> None:
    before, known = len(world.t1.booked), len(cloud.facts())
    reply = cloud.send("t1", "sale", {**cloud.stamp(amount_minor=100), **change})
    assert (_said(reply), reply["path"]) == (("rejected", "schema_invalid"), path)
    assert path in reply["text"]["fr"]
    assert (len(world.t1.booked), len(cloud.facts())) == (before, known)


@pytest.mark.parametrize(
    "change",
    [
        {"note": "4111 1111 1111 1111"},
        {"note": {"deep": [f"card {PAN}!"]}},
        {"note": int(PAN)},
        {PAN: "note"},
        {"note": f"{PAN}=30121010000000000000"},
    ],
)
def test_a_card_number_in_any_field_is_refused_and_kept_nowhere(
    world: World, cloud: ForeignBackend, change: dict[str, Any]
) -> None:
    reply = cloud.send("t1", "sale", {**cloud.stamp(amount_minor=100), **change})
    assert _said(reply) == ("rejected", "schema_invalid")
    _no_card_number(world)


def _no_card_number(world: World) -> None:
    said = [one.payload for one in world.cloud.heard] + [world.agent.said.encode()]
    files = [one.read_bytes() for one in (world.agent.folder / "state").iterdir() if one.is_file()]
    assert not any(PAN.encode() in data or b"4111 1111" in data for data in (*said, *files))


def _of_a_sale(cloud: ForeignBackend, **data: Any) -> str:
    return json.dumps(cloud.envelope("cmd.sale", cloud.stamp(amount_minor=1250, **data)))


@pytest.mark.parametrize(
    "payload",
    [
        lambda _: b"",
        lambda _: b"hello",
        lambda _: b"[]",
        lambda _: b"null",
        lambda _: b"\xff\xfe\x00",
        lambda _: b"[" * 30_000,
        lambda _: b'{"data": ' * 10_000,
        lambda cloud: _of_a_sale(cloud).encode("utf-16"),
        lambda cloud: _of_a_sale(cloud, x=float("nan")).encode(),
        lambda cloud: _of_a_sale(cloud, x="y" * 70_000).encode(),
        lambda cloud: (
            _of_a_sale(cloud).replace('"amount_minor"', '"amount_minor": 1, "amount_minor"').encode()
        ),
        lambda cloud: _of_a_sale(cloud).replace("1250", "125e1").encode(),
        lambda cloud: _of_a_sale(cloud).replace("cmd.sale", "cmd.refund").encode(),
        lambda cloud: _of_a_sale(cloud).replace('"1.0"', '"0.3"').encode(),
        lambda cloud: _of_a_sale(cloud).replace('"source"', '"sauce"').encode(),
        lambda cloud: _of_a_sale(cloud).replace('"data"', '"date"').encode(),
    ],
)
def test_a_wrong_message_is_refused_whole(world: World, cloud: ForeignBackend, payload: Any) -> None:
    before = len(world.t1.booked)
    reply = cloud.raw(SALE, payload(cloud))
    assert _said(reply) == ("rejected", "schema_invalid")
    assert len(world.t1.booked) == before


def test_wrong_places_late_commands_and_limits(world: World, cloud: ForeignBackend) -> None:
    assert _said(cloud.command("t9", "sale", amount_minor=1))[1] == "terminal_unknown"
    assert _said(cloud.command("t1", "dance"))[1] == "unsupported"
    assert _said(cloud.send(AGENT, "sale", cloud.stamp(amount_minor=1)))[1] == "unsupported"
    assert _said(cloud.command("t1", "sale", amount_minor=1, not_after=in_seconds(-5)))[1] == "expired"
    assert _said(cloud.command("t1", "sale", amount_minor=500_001))[1] == "limit_exceeded"
    assert _said(cloud.command("t1", "sale", amount_minor=1, currency="EUR"))[1] == "currency_mismatch"
    heard = len(cloud.replies())
    for place in (
        "terminal/t1/cmd",
        "terminal/t1/cmd/sale/now",
        "agent/other/cmd/sync",
        "terminal/T1/cmd/sale",
    ):
        cloud.publish(place, cloud.envelope("cmd.sale", cloud.stamp(amount_minor=1)))
    assert cloud.command("t1", "query", target_operation_id=ulid())["verdict"] == "rejected"
    assert len(cloud.replies()) == heard + 1, "nobody listens there"


@pytest.mark.parametrize(
    "data",
    [
        {"epoch": "01JD7A0000E5F6G7H8J9KMNPQR", "seq": 1},
        {"epoch": "nonsense", "seq": 1},
        {"seq": 1},
        {"seq": -1},
        {"seq": 1.0},
        {},
    ],
)
def test_a_wrong_acknowledgement_changes_nothing(
    world: World, cloud: ForeignBackend, data: dict[str, Any]
) -> None:
    epoch = cloud.facts()[-1].whole["epoch"]
    whole = {"epoch": epoch, "time": in_seconds(0), **data}
    if data == {"seq": 1}:
        del whole["time"]
    cloud.publish(f"agent/{AGENT}/ack", cloud.envelope("ack", whole))
    cloud.publish(f"agent/{AGENT}/ack", b"\x00")
    cloud.ack()
    assert cloud.sync()["acked_seq"] <= cloud.facts()[-1].whole["seq"]
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=100))["state"] == "approved"


# --- over time ---------------------------------------------------------------------------------------


def test_who_comes_later_finds_what_is_retained(world: World, cloud: ForeignBackend) -> None:
    with backend(world.port, CLINIC, AGENT, node="late") as late:
        topics = {f"agent/{AGENT}/{leaf}" for leaf in ("state", "info", "health")}
        topics |= {f"terminal/{name}/{leaf}" for name in ("t1", "t2") for leaf in ("state", "caps")}
        late.wait(lambda: topics <= {one.topic for one in late.heard}, "all that is retained")
        retained = [one for one in late.heard if one.retained]
        assert {one.topic for one in retained} == topics, "and neither events nor replies are"
        last = cloud.facts()[-1].whole
        for one in retained:
            assert one.data["as_of"]["epoch"] == last["epoch"]
            assert one.data["as_of"]["seq"] <= last["seq"]
        late.acknowledges = False
        assert late.check() == len(late.heard)


def test_facts_come_again_until_they_are_acknowledged_also_after_a_restart(world: World) -> None:
    cloud = world.cloud
    cloud.acknowledges = False
    taken = cloud.outcome(cloud.command("t1", "sale", amount_minor=1700))["operation_id"]
    told = [one.whole for one in cloud.facts(taken)]
    before = len(cloud.heard)
    world.restart()
    again = cloud.wait(
        lambda: [m.whole for m in cloud.heard[before:] if m.whole.get("seq") == told[-1]["seq"]],
        "the last fact once more",
    )
    assert again[0] == told[-1] | {"time": again[0].get("time")}
    assert cloud.sync()["boot"] == told[-1]["boot"] + 1
    seq = cloud.ack()
    cloud.acknowledges = True
    cloud.wait(lambda: cloud.sync()["acked_seq"] == seq, "the acknowledgement arrived")
    before = len(cloud.heard)
    world.restart()
    repeated = [m for m in cloud.heard[before:] if m.whole.get("seq", seq + 1) <= seq]
    assert repeated == []
    duplicate = cloud.send("t1", "sale", {**cloud.stamp(amount_minor=1), "operation_id": taken})
    assert duplicate["verdict"] == "conflict", "it is known in the next life too"


def test_the_broker_says_it_when_the_agent_vanishes(world: World) -> None:
    cloud, state = world.cloud, f"agent/{AGENT}/state"
    taken = cloud.command("t2", "sale", amount_minor=1900)
    cloud.wait(lambda: "awaiting_card" in cloud.states(taken["operation_id"]), "a card is awaited")
    world.agent.stop(kill=True)
    cloud.wait(lambda: cloud.latest(state)["state"] == "lost", "the will")
    world.agent.start()
    cloud.wait(lambda: cloud.latest(state)["state"] != "lost", "it is back")
    cloud.begin()
    assert cloud.outcome(taken)["state"] in ("approved", "not_started", "cancelled")
    assert len(cloud.facts()) == cloud.facts()[-1].whole["seq"]


def test_a_list_of_open_operations_is_answered_one_by_one(cloud: ForeignBackend) -> None:
    known = cloud.outcome(cloud.command("t1", "sale", amount_minor=250))["operation_id"]
    data = cloud.stamp(amount_minor=999)
    never = {"operation_id": data["operation_id"], "terminal": "t1", "op": "sale", "data": data}
    told = {**never, "operation_id": known, "data": {**data, "operation_id": known, "amount_minor": 250}}
    listed = cloud.sync(cloud.ack(), open_operations=[told, never])["operations"]
    assert listed[known] == "approved"
    assert listed[data["operation_id"]] == "unknown"
    assert _said(cloud.send("t1", "sale", data)) == ("accepted", "accepted")


def test_the_agent_itself_may_speak_3_1_1(world: World) -> None:
    cloud = world.cloud
    text = world.agent.config.read_text(encoding="utf-8")
    world.agent.config.write_text(text.replace("[broker]", '[broker]\nprotocol = "3.1.1"'), encoding="utf-8")
    world.restart()
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=1800))["state"] == "approved"
    world.agent.stop()
    cloud.wait(lambda: cloud.latest(f"agent/{AGENT}/state")["state"] == "disconnected", "it took its leave")
    world.agent.start()
    cloud.begin()


def test_a_backend_that_knows_more_than_the_journal_has_an_old_copy_before_it(world: World) -> None:
    """Then the agent begins a new numbering, and takes no money until it has been told what is open."""
    cloud = world.cloud
    cloud.ready("t1")
    epoch = cloud.facts()[-1].whole["epoch"]
    beyond = {"epoch": epoch, "seq": 10**6, "time": in_seconds(0)}
    cloud.publish(f"agent/{AGENT}/ack", cloud.envelope("ack", beyond))
    state = f"agent/{AGENT}/state"
    cloud.wait(lambda: cloud.latest(state)["epoch"] != epoch, "a new epoch")
    assert (cloud.latest(state)["state"], cloud.latest(state)["code"]) == ("degraded", "journal_new")
    assert _said(cloud.command("t1", "sale", amount_minor=1)) == ("rejected", "journal_new")
    cloud.begin()
    paid = cloud.outcome(cloud.command("t1", "sale", amount_minor=2200))
    assert paid["state"] == "approved"
    assert cloud.facts(paid["operation_id"])[-1].whole["epoch"] == cloud.latest(state)["epoch"]
