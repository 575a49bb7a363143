"""Whole messages: where each goes, what is in its envelope, and back.

The agent and the backend's client make and read theirs here, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from protocols.contract import events, projections
from protocols.contract.acks import Ack
from protocols.contract.envelope import TYPE_PREFIX, Envelope, MalformedError, pack, unpack
from protocols.contract.faults import first_fault
from protocols.contract.fields import Told, write_time
from protocols.contract.replies import Reply
from protocols.contract.topics import Address, AgentTopics

_M = TypeVar("_M", bound=BaseModel)

STATES: Mapping[tuple[str, str], type[Told]] = {
    ("agent", "state"): projections.AgentState,
    ("agent", "info"): projections.Info,
    ("agent", "health"): projections.Health,
    ("terminal", "state"): projections.TerminalState,
    ("terminal", "caps"): projections.Capabilities,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to be published, always with QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a fact: gapless `seq` within the journal's `epoch`; `boot` of its writing."""

    epoch: str
    seq: int
    boot: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every message carries: an id of its own and the wall time at which it was made."""

    id: str
    time: datetime


def agent_source(topics: AgentTopics) -> str:
    """The `source` of all that an agent says."""
    return f"/clinics/{topics.clinic}/agents/{topics.agent}"


def backend_source(clinic: str, node: str) -> str:
    """The `source` of all that a backend node says."""
    return f"/clinics/{clinic}/backend/{node}"


def dump(model: BaseModel) -> dict[str, Any]:
    """A model as the JSON of `data`: what is absent is left out."""
    return model.model_dump(mode="json", exclude_none=True)


def event(
    topics: AgentTopics,
    type_: str,
    data: Mapping[str, Any],
    stamp: Stamp,
    *,
    terminal: str | None = None,
    place: Place | None = None,
) -> Message:
    """An event of a terminal, or of the agent. A fact has its place, and an id made of it: it never changes
    however often the fact is published."""
    topic = topics.of_terminal(terminal, "evt", type_) if terminal else topics.of_agent("evt", type_)
    envelope = Envelope(
        id=f"{place.epoch}-{place.seq}" if place else stamp.id,
        source=agent_source(topics),
        type=f"{TYPE_PREFIX}evt.{type_}",
        time=write_time(stamp.time),
        subject=terminal,
        data=data,
        epoch=place.epoch if place else None,
        seq=place.seq if place else None,
        boot=place.boot if place else None,
    )
    return Message(topic, pack(envelope))


def reply(topics: AgentTopics, body: Reply, stamp: Stamp, *, node: str) -> Message:
    """The reply to a command, to the backend node that wants it."""
    return Message(
        topics.reply(node), _packed(agent_source(topics), "reply", dump(body), stamp, body.terminal)
    )


def state(
    topics: AgentTopics, channel: str, body: Told, stamp: Stamp, *, terminal: str | None = None
) -> Message:
    """A retained projection: agent state, info, health; terminal state, caps."""
    topic = topics.of_terminal(terminal, channel) if terminal else topics.of_agent(channel)
    type_ = f"{'terminal' if terminal else 'agent'}.{channel}"
    return Message(topic, _packed(agent_source(topics), type_, dump(body), stamp, terminal), retain=True)


def command(
    topics: AgentTopics,
    op: str,
    data: Mapping[str, Any],
    stamp: Stamp,
    *,
    node: str,
    terminal: str | None = None,
) -> Message:
    """A command of a backend node to a terminal, or to the agent itself."""
    topic = topics.of_terminal(terminal, "cmd", op) if terminal else topics.of_agent("cmd", op)
    return Message(topic, _packed(backend_source(topics.clinic, node), f"cmd.{op}", data, stamp, terminal))


def acknowledgement(topics: AgentTopics, body: Ack, stamp: Stamp, *, node: str) -> Message:
    """The backend's word that it has stored facts."""
    return Message(
        topics.of_agent("ack"), _packed(backend_source(topics.clinic, node), "ack", dump(body), stamp, None)
    )


def read(model: type[_M], envelope: Envelope) -> _M:
    """The body of a message. Raises MalformedError that names the field; what was read is not in it."""
    try:
        return model.model_validate(envelope.data)
    except ValidationError as error:
        path, detail, allowed = first_fault(error)
        name = path[0] if path and path[0] in model.model_fields else "*"
        raise MalformedError(f"data.{name}", detail, allowed) from None


def read_ack(payload: bytes) -> Ack:
    """The backend's acknowledgement. Raises MalformedError for any bytes that are none."""
    return read(Ack, unpack(payload))


def model_of(address: Address) -> type[Told] | None:
    """The model of what an agent publishes there; None for an address this version does not know."""
    if address.kind == "rsp":
        return Reply
    if address.channel == "evt":
        return (events.TERMINAL if address.kind == "terminal" else events.AGENT).get(address.leaf)
    return STATES.get((address.kind, address.channel))


def _packed(source: str, type_: str, data: Mapping[str, Any], stamp: Stamp, subject: str | None) -> bytes:
    return pack(
        Envelope(
            id=stamp.id,
            source=source,
            type=f"{TYPE_PREFIX}{type_}",
            time=write_time(stamp.time),
            subject=subject,
            data=data,
        )
    )
