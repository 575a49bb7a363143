"""Whole messages: where they go, what they carry, and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.contract import events, messages
from protocols.contract.acks import Ack
from protocols.contract.envelope import MalformedError, unpack
from protocols.contract.events import OperationFact, Progress
from protocols.contract.examples import EPOCH, OPERATION, TOLD
from protocols.contract.messages import Message, Place, Stamp
from protocols.contract.projections import TerminalState
from protocols.contract.replies import Reply
from protocols.contract.topics import AgentTopics, parse
from protocols.contract.wording import words

TOPICS = AgentTopics("clinic-1", "agent-1")
STAMP = Stamp("01JD9QZ5A0B1C2D3E4F5G6H7JK", datetime(2026, 1, 31, 14, 5, tzinfo=UTC))


def test_a_fact_keeps_its_id_however_often_it_is_published() -> None:
    fact = TOLD["terminal.evt.operation"]
    place = Place(EPOCH, 41, 7)
    first = messages.event(TOPICS, "operation", fact, STAMP, terminal="desk-1", place=place)
    later = messages.event(
        TOPICS, "operation", fact, Stamp("other", STAMP.time), terminal="desk-1", place=place
    )
    assert first == later
    assert first.topic == "clinics/v1/clinic-1/agent-1/terminal/desk-1/evt/operation"
    envelope = unpack(first.payload)
    assert (envelope.id, envelope.epoch, envelope.seq, envelope.boot) == (f"{EPOCH}-41", EPOCH, 41, 7)
    assert envelope.type == "terminal-agent.v1.evt.operation"
    assert messages.read(OperationFact, envelope).authorisation_code == "A81F20"


def test_a_lossy_event_has_no_place() -> None:
    told = messages.event(TOPICS, "alert", TOLD["agent.evt.alert"], STAMP)
    envelope = unpack(told.payload)
    assert told.topic == "clinics/v1/clinic-1/agent-1/agent/agent-1/evt/alert"
    assert (envelope.id, envelope.epoch, envelope.seq) == (STAMP.id, None, None)


def test_a_state_is_retained_and_a_reply_is_not() -> None:
    state = messages.state(
        TOPICS, "state", TerminalState(state="ready", since=STAMP.time), STAMP, terminal="desk-1"
    )
    reply = messages.reply(
        TOPICS, Reply(verdict="accepted", code="accepted", text=words("accepted")), STAMP, node="node-2"
    )
    assert state.retain
    assert state.topic.endswith("/terminal/desk-1/state")
    assert (reply.topic, reply.retain) == ("clinics/v1/clinic-1/agent-1/rsp/node-2", False)
    assert unpack(state.payload).type == "terminal-agent.v1.terminal.state"


def test_an_ack_is_read_back_and_anything_else_refused() -> None:
    ack = Ack(epoch=EPOCH, seq=41, time=STAMP.time)
    sent = messages.acknowledgement(TOPICS, ack, STAMP, node="backend")
    assert messages.read_ack(sent.payload) == ack
    for payload in (b"", b"{}", sent.payload.replace(b"41", b'"41"'), sent.payload.replace(b"41", b"-1")):
        with pytest.raises(MalformedError):
            messages.read_ack(payload)


@pytest.mark.parametrize("name", sorted(TOLD))
def test_readers_tolerate_words_and_fields_they_do_not_know(name: str) -> None:
    topic = {
        "reply": TOPICS.reply(),
        **{f"terminal.evt.{type_}": TOPICS.of_terminal("desk-1", "evt", type_) for type_ in events.TERMINAL},
        **{f"agent.evt.{type_}": TOPICS.of_agent("evt", type_) for type_ in events.AGENT},
        **{f"agent.{channel}": TOPICS.of_agent(channel) for channel in ("state", "info", "health")},
        **{f"terminal.{channel}": TOPICS.of_terminal("desk-1", channel) for channel in ("state", "caps")},
    }[name]
    model = messages.model_of(parse(topic))
    assert model is not None
    strange = {**TOLD[name], "from_the_future": {"x": 1}}
    for word in ("state", "verdict", "money", "severity", "waiting_on"):
        if word in strange:
            strange[word] = "never_heard_of"
    body = model.model_validate(strange)
    assert not hasattr(body, "from_the_future")
    assert getattr(body, "state", "never_heard_of") == "never_heard_of" or name == "reply"


def test_a_body_that_cannot_be_read_is_refused_without_its_content() -> None:
    sent = messages.event(TOPICS, "progress", {"terminal": "desk-1", "state": 7, "code": "s3cret"}, STAMP)
    with pytest.raises(MalformedError) as refused:
        messages.read(Progress, unpack(sent.payload))
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_command_is_what_the_agent_takes() -> None:
    data = {"operation_id": OPERATION}
    sent = messages.command(TOPICS, "rescan", data, STAMP, node="backend")
    assert sent == Message(TOPICS.of_agent("cmd", "rescan"), sent.payload)
    assert unpack(sent.payload).source == "/clinics/clinic-1/backend/backend"
