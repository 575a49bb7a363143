"""The MQTT side of what is measured: clients, topics, and the commands of the agent's contract."""

from __future__ import annotations

import json
import os
import socket
import time
from datetime import UTC, datetime, timedelta

import aiomqtt

from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from tests.bench.dialogue import AMOUNT_MINOR

Client = aiomqtt.Client

TOPICS = AgentTopics("bench", "agent-1")
APPROVED = b'"state":"approved"'  # as it stands in the fact that ends a sale
OTHER_ENDS = tuple(
    f'"state":"{state}"'.encode()
    for state in ("declined", "cancelled", "not_started", "in_doubt", "needs_human")
)
FLOOR_COMMANDS = "floor/+/cmd/sale"
FLOOR_EVENTS = "floor/+/evt/operation"


def client(port: int, name: str) -> Client:
    """A client on loopback, as the agent makes its own."""
    made = aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5,
        max_queued_outgoing_messages=1000,
        socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
    )
    made.pending_calls_threshold = 1000  # many at once is what is measured here, and worth no warning
    return made


def terminal_name(n: int) -> str:
    """The id of the n-th terminal."""
    return f"t{n}"


def floor_event(name: str) -> str:
    """Where the floor tells the end of a sale."""
    return FLOOR_EVENTS.replace("+", name)


def floor_command(name: str) -> str:
    """Where the floor is told to begin one."""
    return FLOOR_COMMANDS.replace("+", name)


def sale() -> bytes:
    """A sale under an id of its own, wanted for a minute."""
    return _command(
        "sale",
        not_after=_text(datetime.now(UTC) + timedelta(minutes=1)),
        actor="staff-1",
        amount_minor=AMOUNT_MINOR,
        currency="CAD",
    )


def sync() -> bytes:
    """What a backend says that holds nothing open."""
    return _command("sync", time=_text(datetime.now(UTC)))


def ack(epoch: str, seq: int) -> bytes:
    """The backend has stored facts up to `seq`."""
    return _packed("ack", {"epoch": epoch, "seq": seq, "time": _text(datetime.now(UTC))})


def _command(op: str, **data: object) -> bytes:
    return _packed(f"cmd.{op}", {"operation_id": _ulid(), "locale": "fr", **data})


def _packed(type_: str, data: dict[str, object]) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": _ulid(),
        "source": "/clinics/bench/backend/backend",
        "type": f"terminal-agent.v1.{type_}",
        "time": _text(datetime.now(UTC)),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def _ulid() -> str:
    return make_ulid(time.time_ns() // 1_000_000, os.urandom(10))


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
