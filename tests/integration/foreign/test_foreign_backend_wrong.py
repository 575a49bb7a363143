"""A stranger's backend that gets it wrong: each mistake is named, none does harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.foreign_agent import AGENT, CLINIC
from tests.support.foreign_backend import ForeignBackend, in_seconds, ulid
from tests.support.foreign_terminal import PAN
from tests.support.foreign_world import BackendWorld, verdict

pytestmark = pytest.mark.system

SALE = "terminal/t1/cmd/sale"


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
    clinic: BackendWorld, cloud: ForeignBackend, change: dict[str, Any], path: str
) -> None:
    before, known = len(clinic.t1.booked), len(cloud.facts())
    reply = cloud.send("t1", "sale", {**cloud.stamp(amount_minor=100), **change})
    assert (verdict(reply), reply["path"]) == (("rejected", "schema_invalid"), path)
    assert path in reply["text"]["fr"]
    assert reply["detail"]
    assert reply.get("allowed") or reply["detail"] == "missing"
    assert (len(clinic.t1.booked), len(cloud.facts())) == (before, known)


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
    clinic: BackendWorld, cloud: ForeignBackend, change: dict[str, Any]
) -> None:
    reply = cloud.send("t1", "sale", {**cloud.stamp(amount_minor=100), **change})
    assert verdict(reply) == ("rejected", "schema_invalid")
    _no_card_number(clinic)


def _no_card_number(clinic: BackendWorld) -> None:
    said = [one.payload for one in clinic.cloud.heard] + [clinic.agent.said.encode()]
    files = [one.read_bytes() for one in (clinic.agent.folder / "state").iterdir() if one.is_file()]
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
def test_a_wrong_message_is_refused_whole(clinic: BackendWorld, cloud: ForeignBackend, payload: Any) -> None:
    before = len(clinic.t1.booked)
    reply = cloud.raw(SALE, payload(cloud))
    assert verdict(reply) == ("rejected", "schema_invalid")
    assert len(clinic.t1.booked) == before


def test_bytes_that_cannot_be_read_are_answered_at_the_response_topic(cloud: ForeignBackend) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.ResponseTopic = f"clinics/v1/{CLINIC}/{AGENT}/rsp/node-6"
    cloud.publish(SALE, b"hello", properties=properties)
    (reply,) = cloud.wait(lambda: cloud.replies("node-6"), "a reply to node-6")
    assert (verdict(reply), reply["path"], reply["detail"]) == (
        ("rejected", "schema_invalid"),
        "payload",
        "not_json",
    )


def test_the_repeat_of_a_rejected_command_says_again_what_was_wrong(cloud: ForeignBackend) -> None:
    data = cloud.stamp(amount_minor="100")
    first, again = cloud.send("t1", "sale", data), cloud.send("t1", "sale", data)
    assert (first["verdict"], again["verdict"], again["state"]["state"]) == (
        "rejected",
        "duplicate",
        "rejected",
    )
    assert (again["path"], again["detail"]) == ("data.amount_minor", "wrong_type")
    assert cloud.facts(data["operation_id"]) == []


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
def test_a_time_that_no_clock_reads_spoils_nothing(cloud: ForeignBackend, time: str) -> None:
    """What an unset variable holds."""
    reply = cloud.send(AGENT, "sync", {"operation_id": ulid(), "time": time})
    assert (verdict(reply), reply["path"]) == (("rejected", "schema_invalid"), "data.time")
    epoch = cloud.latest(f"agent/{AGENT}/state")["epoch"]
    cloud.publish(f"agent/{AGENT}/ack", cloud.envelope("ack", {"epoch": epoch, "seq": 0, "time": time}))
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=100))["state"] == "approved"
    cloud.ready("t1")


def test_wrong_places_late_commands_and_limits(clinic: BackendWorld, cloud: ForeignBackend) -> None:
    assert verdict(cloud.command("t9", "sale", amount_minor=1))[1] == "terminal_unknown"
    assert verdict(cloud.command("t1", "dance"))[1] == "unsupported"
    assert verdict(cloud.send(AGENT, "sale", cloud.stamp(amount_minor=1)))[1] == "unsupported"
    assert verdict(cloud.command("t1", "sale", amount_minor=1, not_after=in_seconds(-5)))[1] == "expired"
    assert verdict(cloud.command("t1", "sale", amount_minor=500_001))[1] == "limit_exceeded"
    assert verdict(cloud.command("t1", "sale", amount_minor=1, currency="EUR"))[1] == "currency_mismatch"
    upper = cloud.envelope("cmd.sale", cloud.stamp(amount_minor=1))
    assert cloud.raw("terminal/T1/cmd/sale", upper)["verdict"] == "rejected"
    heard = len(cloud.replies())
    for place in ("terminal/t1/cmd", "terminal/t1/cmd/sale/now", "agent/other/cmd/sync"):
        cloud.publish(place, cloud.envelope("cmd.sale", cloud.stamp(amount_minor=1)))
    assert cloud.command("t1", "query", target_operation_id=ulid())["verdict"] == "rejected"
    assert [one.get("op") for one in cloud.replies()[heard:]] == ["query"], "nobody listens there"


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
    clinic: BackendWorld, cloud: ForeignBackend, data: dict[str, Any]
) -> None:
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=100))["state"] == "approved"
    cloud.ready("t1")
    epoch = cloud.facts()[-1].whole["epoch"]
    whole = {"epoch": epoch, "time": in_seconds(0), **data}
    if data == {"seq": 1}:
        del whole["time"]
    cloud.publish(f"agent/{AGENT}/ack", cloud.envelope("ack", whole))
    cloud.publish(f"agent/{AGENT}/ack", b"\x00")
    cloud.ack()
    assert cloud.sync()["acked_seq"] <= cloud.facts()[-1].whole["seq"]
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=100))["state"] == "approved"


def test_a_retained_command_is_obeyed_when_it_comes_and_never_again(
    clinic: BackendWorld, cloud: ForeignBackend
) -> None:
    """A mistake of the backend's: whoever subscribes later gets it again, which the agent does not take."""
    before = len(clinic.t1.booked)
    message = cloud.envelope("cmd.sale", cloud.stamp(amount_minor=130, reply_to="backend"))
    cloud.publish(SALE, message, retain=True)
    assert cloud.until(message["data"]["operation_id"], "approved")
    clinic.restart()
    alert = f"agent/{AGENT}/evt/alert"
    cloud.wait(lambda: cloud.latest(alert).get("code") == "retained_command", "it is told")
    assert clinic.t1.booked[before:] == [130]
    cloud.client.publish(cloud.base + SALE, b"", qos=1, retain=True).wait_for_publish(5)
