"""Every message of the contract in one list: its name, its topic, its direction, its model, an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from protocols.contract import commands, events, examples
from protocols.contract.acks import Ack
from protocols.contract.envelope import TYPE_PREFIX
from protocols.contract.messages import STATES
from protocols.contract.replies import Reply
from protocols.contract.topics import DEFAULT_ROOT


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. `name` is also that of its schema; `direction` is seen from the agent."""

    name: str
    kind: Literal["agent", "terminal", "rsp"]
    channel: str
    leaf: str
    direction: Literal["receives", "sends"]
    model: type[BaseModel]
    example: Mapping[str, Any]

    @property
    def type(self) -> str:
        """Its CloudEvents `type`: commands and events are named by their leaf, whoever they are for."""
        return TYPE_PREFIX + (
            f"{self.channel}.{self.leaf}" if self.leaf else self.name.replace("agent.ack", "ack")
        )

    @property
    def topic(self) -> str:
        """Its topic with the ids as parameters."""
        own = {"agent": "agent/{agent}", "terminal": "terminal/{terminal}", "rsp": "rsp/{node}"}[self.kind]
        return "/".join(filter(None, (DEFAULT_ROOT, "{clinic}/{agent}", own, self.channel, self.leaf)))

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the newest one."""
        return (self.kind, self.channel) in STATES

    @property
    def is_fact(self) -> bool:
        """Whether it is numbered by epoch and seq, and never lost."""
        return self.channel == "evt" and self.leaf in events.FACTS

    @property
    def summary(self) -> str:
        """What it is, in the words of its model."""
        return " ".join((self.model.__doc__ or "").split())


def entries() -> tuple[Entry, ...]:
    """The whole contract, in the order in which the page shows it."""
    return tuple(_entries())


def _entries() -> Iterator[Entry]:
    for op, asked in commands.TERMINAL.items():
        yield _entry("terminal", "cmd", op, "receives", asked)
    for op, meant in commands.AGENT.items():
        yield _entry("agent", "cmd", op, "receives", meant)
    yield _entry("agent", "ack", "", "receives", Ack)
    yield Entry("reply", "rsp", "", "", "sends", Reply, examples.TOLD["reply"])
    for type_, told in events.TERMINAL.items():
        yield _entry("terminal", "evt", type_, "sends", told)
    for type_, told in events.AGENT.items():
        yield _entry("agent", "evt", type_, "sends", told)
    for (kind, channel), shown in STATES.items():
        yield _entry("agent" if kind == "agent" else "terminal", channel, "", "sends", shown)


def _entry(
    kind: Literal["agent", "terminal"],
    channel: str,
    leaf: str,
    direction: Literal["receives", "sends"],
    model: type[BaseModel],
) -> Entry:
    name = ".".join(filter(None, (kind, channel, leaf)))
    example = (examples.COMMANDS if direction == "receives" else examples.TOLD)[name]
    return Entry(name, kind, channel, leaf, direction, model, example)
