"""A clinic's backend by a stranger: bare paho, written from docs/contract alone, nothing of ours imported.

with backend(port, "clinic-1", "agent-1") as cloud:
    cloud.sync()
    taken = cloud.command("t1", "sale", amount_minor=4750)
    cloud.outcome(taken)
    cloud.check()          # every message the agent ever published, against the published schemas
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from jsonschema import Draft202012Validator, FormatChecker
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "contract" / "schemas"
LIMIT_S = 45.0
REPEAT_S = 3.0
_MOMENT = timedelta(seconds=0.2)
FINAL = frozenset({"approved", "declined", "cancelled", "not_started"})
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FORMATS = FormatChecker()
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """48 bits of milliseconds and 80 random ones, in Crockford's base 32."""
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def in_seconds(seconds: float) -> str:
    """A time from now, as RFC 3339."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Heard:
    """One message of the agent's."""

    topic: str  # without the part up to the agent's id
    payload: bytes
    retained: bool

    @property
    def whole(self) -> dict[str, Any]:
        """The envelope."""
        parsed: dict[str, Any] = json.loads(self.payload)
        return parsed

    @property
    def data(self) -> dict[str, Any]:
        """What the envelope holds."""
        inside: dict[str, Any] = self.whole["data"]
        return inside

    @property
    def schema(self) -> str:
        """The name of its schema: the topic without ids (the table in docs/contract)."""
        kind, _, *leaf = self.topic.split("/")
        return "reply" if kind == "rsp" else ".".join([kind, *leaf])


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or _RFC_3339.fullmatch(value) is not None


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(_closed(schema), format_checker=_FORMATS)


def _closed(node: Any) -> Any:
    """The schema held more tightly: today's agent says only values and fields that it declares."""
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    branches = closed.get("anyOf", [])
    if any("enum" in one for one in branches):
        closed["anyOf"] = [one for one in branches if one != {"type": "string"}]
    if "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


@dataclass
class ForeignBackend:
    """One node of the backend, connected."""

    clinic: str
    agent: str
    node: str = "backend"
    heard: list[Heard] = field(default_factory=list)
    spoken: set[str] = field(default_factory=set)
    acknowledges: bool = True  # each fact at once, as far as there is no gap

    def __post_init__(self) -> None:
        self.base = f"clinics/v1/{self.clinic}/{self.agent}/"
        self.client: mqtt.Client
        self._news = threading.Condition()

    # --- the line ---------------------------------------------------------------------------------------

    def connect(self, port: int, protocol: MQTTProtocolVersion = mqtt.MQTTv5) -> None:
        """Connect, and hear everything of this agent."""
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"stranger-{ulid()}".lower(), protocol=protocol
        )
        self.client.on_message = self._on_message
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_connect = self._on_connect
        self.client.connect("127.0.0.1", port, keepalive=20)
        self.client.loop_start()
        assert subscribed.wait(LIMIT_S), "the broker did not answer"

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(self.base + "#", qos=1)

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_message(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self.base)
        if topic in self.spoken or not message.payload:
            return  # our own words
        with self._news:
            self.heard.append(Heard(topic, bytes(message.payload), message.retain))
            self._news.notify_all()
        if self.acknowledges and "seq" in self.heard[-1].whole:
            self.ack()

    def wait(self, look: Callable[[], Any], what: str, within_s: float = LIMIT_S) -> Any:
        """The first true thing that `look` finds in what was heard."""
        deadline = time.monotonic() + within_s
        while not (found := look()):  # without the lock: it may ask, and then the answer must come in
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"never: {what}\n" + self.story()
            with self._news:
                self._news.wait(min(left_s, 0.02))
        return found

    def story(self) -> str:
        """The last that was heard, for who looks into a failure."""
        return "\n".join(f"{one.topic} {one.payload.decode()[-300:]}" for one in self.heard[-25:])

    # --- saying -----------------------------------------------------------------------------------------

    def envelope(self, kind: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
        """A CloudEvent with what is required; `attributes` are the optional ones."""
        source = f"/clinics/{self.clinic}/backend/{self.node}"
        required = {"specversion": "1.0", "id": ulid(), "source": source, "type": f"terminal-agent.v1.{kind}"}
        return {**required, **attributes, "data": data}

    def publish(self, topic: str, message: dict[str, Any] | bytes, **more: Any) -> None:
        """QoS 1, not retained."""
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.spoken.add(topic)
        self.client.publish(self.base + topic, payload, qos=1, **more).wait_for_publish(LIMIT_S)

    def stamp(self, **data: Any) -> dict[str, Any]:
        """The fields that every command of a terminal has."""
        return {
            "operation_id": ulid(),
            "not_after": in_seconds(60),
            "actor": "staff-17",
            "locale": "fr",
            **data,
        }

    def command(self, terminal: str, op: str, **data: Any) -> dict[str, Any]:
        """Send a command of a terminal and return its reply's data."""
        return self.send(terminal, op, self.stamp(reply_to=self.node, **data))

    def send(self, terminal: str, op: str, data: dict[str, Any], node: str = "") -> dict[str, Any]:
        """The same with this very data."""
        topic = f"agent/{self.agent}/cmd/{op}" if terminal == self.agent else f"terminal/{terminal}/cmd/{op}"
        return self.raw(topic, self.envelope(f"cmd.{op}", data), node)

    def raw(self, topic: str, message: dict[str, Any] | bytes, node: str = "") -> dict[str, Any]:
        """Publish anything and return the data of the reply that it gets; what is not answered is repeated,
        as the contract has it."""
        before, tried_at = len(self.replies(node)), time.monotonic()
        self.publish(topic, message)

        def answered() -> bool:
            nonlocal tried_at
            if len(self.replies(node)) == before and time.monotonic() - tried_at > REPEAT_S:
                tried_at = time.monotonic()
                self.publish(topic, message)
            return len(self.replies(node)) > before

        self.wait(answered, f"a reply to {topic}")
        return self.replies(node)[before]

    def sync(self, seq: int = 0, **more: Any) -> dict[str, Any]:
        """Tell the agent what we know; its answer's `result`."""
        data = {"operation_id": ulid(), "time": in_seconds(0), "seq": seq, "reply_to": self.node, **more}
        reply = self.send(self.agent, "sync", data)
        assert reply["verdict"] == "done", reply
        result: dict[str, Any] = reply["result"]
        return result

    def begin(self) -> None:
        """As at the birth of an agent: hear of it, and `sync` until it takes money. Ids are made only once it
        is a moment old: those that may be older than its start can be refused for good, or wait for a
        `sync`."""
        state = f"agent/{self.agent}/state"
        self.wait(lambda: self.latest(state), "the agent's state")
        self.sync()
        self.wait(lambda: self.latest(state).get("state") == "ready", "the agent takes money")
        since = datetime.fromisoformat(self.latest(state)["since"])
        self.wait(lambda: datetime.now(UTC) > since + _MOMENT, "it is a moment old")

    def ack(self) -> int:
        """Acknowledge the highest sequence number below which nothing is missing, and return it."""
        facts = self.facts()
        epoch = facts[-1].whole["epoch"]
        have = {one.whole["seq"] for one in facts if one.whole["epoch"] == epoch}
        seq = 0
        while seq + 1 in have:
            seq += 1
        data = {"epoch": epoch, "seq": seq, "time": in_seconds(0)}
        message = json.dumps(self.envelope("ack", data)).encode()
        self.spoken.add(f"agent/{self.agent}/ack")
        self.client.publish(f"{self.base}agent/{self.agent}/ack", message, qos=1)
        return seq

    # --- what was heard ---------------------------------------------------------------------------------

    def replies(self, node: str = "") -> list[dict[str, Any]]:
        """The data of all replies to a node, this one if none is named."""
        return [one.data for one in list(self.heard) if one.topic == f"rsp/{node or self.node}"]

    def facts(self, operation_id: str = "") -> list[Heard]:
        """Everything that carries a sequence number, once each, in order; of one operation if it is named."""
        found = {(m.whole["epoch"], m.whole["seq"]): m for m in list(self.heard) if "seq" in m.whole}
        return [
            found[key] for key in sorted(found) if operation_id in ("", found[key].data.get("operation_id"))
        ]

    def states(self, operation_id: str) -> list[str]:
        """The states that facts and progress told of an operation, in the order they came."""
        told = [one.data for one in list(self.heard) if "/evt/" in one.topic]
        return [data["state"] for data in told if data.get("operation_id") == operation_id]

    def until(self, operation_id: str, *states: str, within_s: float = LIMIT_S) -> dict[str, Any]:
        """Wait for a fact in which the operation is in one of these states."""

        def look() -> dict[str, Any] | None:
            facts = self.facts(operation_id)
            return next((one.data for one in facts if one.data["state"] in states), None)

        found: dict[str, Any] = self.wait(look, f"{operation_id} {'/'.join(states)}", within_s)
        return found

    def outcome(self, reply: dict[str, Any], within_s: float = LIMIT_S) -> dict[str, Any]:
        """How an accepted command ended."""
        assert reply["verdict"] == "accepted", reply
        return self.until(reply["operation_id"], *FINAL, "needs_human", within_s=within_s)

    def latest(self, topic: str) -> dict[str, Any]:
        """The data of the newest message on a topic, {} before the first."""
        return next((one.data for one in reversed(list(self.heard)) if one.topic == topic), {})

    def terminal_state(self, terminal: str) -> str:
        """The newest word of a terminal's state."""
        return str(self.latest(f"terminal/{terminal}/state").get("state"))

    def ready(self, terminal: str, state: str = "ready", within_s: float = LIMIT_S) -> None:
        """Wait for a terminal's state."""
        self.wait(lambda: self.terminal_state(terminal) == state, f"{terminal} is {state}", within_s)

    # --- the key check ----------------------------------------------------------------------------------

    def check(self) -> int:
        """Hold every message against its schema, and the sequence of facts against the rule that it has no
        gap and never says two things. How many messages were held."""
        heard = list(self.heard)
        for one in heard:
            errors = [f"{e.json_path}: {e.message}" for e in _validator(one.schema).iter_errors(one.whole)]
            assert not errors, f"{one.topic}: {errors}\n{one.payload.decode()}"
        by_epoch: dict[str, dict[int, dict[str, Any]]] = {}
        for whole in (one.whole for one in heard):
            if "seq" in whole:
                known = by_epoch.setdefault(whole["epoch"], {}).setdefault(whole["seq"], whole)
                assert (known["id"], known["data"]) == (whole["id"], whole["data"]), "a fact that changed"
        for epoch, facts in by_epoch.items():
            first, last = min(facts), max(facts)
            assert sorted(facts) == list(range(first, last + 1)), f"a gap in {epoch}: {sorted(facts)}"
        return len(heard)


@contextmanager
def backend(
    port: int, clinic: str, agent: str, *, node: str = "backend", protocol: MQTTProtocolVersion = mqtt.MQTTv5
) -> Iterator[ForeignBackend]:
    """A connected node."""
    cloud = ForeignBackend(clinic, agent, node)
    cloud.connect(port, protocol)
    try:
        yield cloud
    finally:
        cloud.close()
