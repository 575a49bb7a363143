"""An agent that does what a test tells it: for the backend's client, over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiomqtt

from protocols.contract import messages
from protocols.contract.acks import Ack
from protocols.contract.envelope import unpack
from protocols.contract.events import Alert
from protocols.contract.messages import Message, Place, Stamp
from protocols.contract.operation import OperationView
from protocols.contract.projections import AgentState, TerminalState
from protocols.contract.replies import Reply
from protocols.contract.topics import AgentTopics
from protocols.contract.wording import words
from terminal_agent.mqtt import MqttClient

EPOCH = "01JD7A0000E5F6G7H8J9KMNPQR"


@dataclass
class FakeAgent:
    """Records what it hears. It answers each command with the replies listed for its op, one a delivery, the
    last one for ever; an empty list is silence. `sync` is accepted unless told otherwise."""

    client: aiomqtt.Client
    topics: AgentTopics
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    verdicts: dict[str, list[str]] = field(default_factory=lambda: {"sync": ["done"]})
    states: dict[str, OperationView] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Hear and answer until cancelled."""
        async for message in self.client.messages:
            address = self.topics.parse(str(message.topic))
            payload = bytes(message.payload)
            if address.channel == "ack":
                self.acks.append(messages.read_ack(payload))
                continue
            data = dict(unpack(payload).data)
            self.heard.append((address.leaf, data))
            self.raw.append(payload)
            verdicts = self.verdicts.get(address.leaf, ["accepted"])
            if verdicts:
                verdict = verdicts.pop(0) if len(verdicts) > 1 else verdicts[0]
                if verdict != "silence":
                    await self._reply(address.leaf, verdict, data)

    def ops(self, op: str) -> list[dict[str, Any]]:
        """The data of every delivery of a command."""
        return [data for name, data in self.heard if name == op]

    async def say(self, message: Message) -> None:
        """Publish."""
        await self.client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    async def be(self, word: str, boot: int = 1, epoch: str = EPOCH, code: str | None = None) -> None:
        """Announce a state."""
        body = AgentState(state=word, epoch=epoch, boot=boot, since=datetime.now(UTC), code=code)
        await self.say(messages.state(self.topics, "state", body, _stamp()))

    async def terminal_is(self, word: str) -> None:
        """Announce the state of desk-1."""
        body = TerminalState(state=word, since=datetime.now(UTC))
        await self.say(messages.state(self.topics, "state", body, _stamp(), terminal="desk-1"))

    async def fact(
        self, seq: int, data: Mapping[str, Any], type_: str = "operation", epoch: str = EPOCH
    ) -> None:
        """Publish a fact about desk-1."""
        place = Place(epoch, seq, 1)
        await self.say(messages.event(self.topics, type_, data, _stamp(), terminal="desk-1", place=place))

    async def alert(self, code: str, terminal: str | None = None) -> None:
        """Warn of something, at desk-1 or about itself."""
        body = Alert(code=code, text=words(code))
        told = messages.event(self.topics, "alert", messages.dump(body), _stamp(), terminal=terminal)
        await self.say(told)

    async def progress(self, operation_id: str, state: str, code: str) -> None:
        """Publish a progress of desk-1."""
        text = {"fr": words(code).fr, "en": words(code).en}
        data = {
            "operation_id": operation_id,
            "terminal": "desk-1",
            "state": state,
            "code": code,
            "text": text,
        }
        told = messages.event(
            self.topics, "progress", {**data, "waiting_on": "cardholder"}, _stamp(), terminal="desk-1"
        )
        await self.say(told)

    async def _reply(self, op: str, verdict: str, data: dict[str, Any]) -> None:
        code = "expired" if verdict == "rejected" else verdict
        body = Reply(
            operation_id=data["operation_id"],
            op=op,
            verdict=verdict,
            code=code,
            text=words(code),
            state=self.states.get(data["operation_id"]),
            result=self.results.get(op),
        )
        await self.say(messages.reply(self.topics, body, _stamp(), node=data["reply_to"]))


def view(operation_id: str, state: str, money: str = "none") -> dict[str, Any]:
    """The data of a fact about a sale."""
    text = words(state, state=state)
    return {
        "operation_id": operation_id,
        "op": "sale",
        "terminal": "desk-1",
        "state": state,
        "code": state,
        "text": {"fr": text.fr, "en": text.en},
        "money": money,
    }


@asynccontextmanager
async def fake_agent(host: str, port: int, agent: str, **options: Any) -> AsyncIterator[FakeAgent]:
    """A fake agent that is connected and listens; its state is for the test to announce."""
    topics = AgentTopics("clinic-1", agent)
    async with MqttClient(host, port, **options) as client:
        await client.subscribe([(topic, 1) for topic in topics.subscriptions()])
        fake = FakeAgent(client, topics)
        listening = asyncio.create_task(fake.listen())
        try:
            yield fake
        finally:
            listening.cancel()
            await asyncio.wait([listening])


def _stamp() -> Stamp:
    return Stamp(str(uuid4()), datetime.now(UTC))
