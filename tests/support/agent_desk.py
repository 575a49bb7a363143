"""The heart of the agent without terminals or broker: inbox, journal, outbox, with fakes around them.

desk = Desk()
await desk.sync()
reply = await desk.ask("sale", amount_minor=1000)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from protocols.contract import messages
from protocols.contract.acks import Ack
from protocols.contract.envelope import unpack
from protocols.contract.messages import Message, Stamp
from protocols.contract.replies import Reply
from protocols.contract.topics import Address, AgentTopics
from protocols.core.facts import Concluded, Mark
from protocols.core.operations import Attempt, Request
from protocols.core.outcomes import Approved, Evidence, Outcome
from protocols.core.session import Capabilities
from terminal_agent.clock import BackendTime
from terminal_agent.cloud.answers import Answers
from terminal_agent.cloud.inbox import Inbox
from terminal_agent.cloud.outbox import Outbox
from terminal_agent.cloud.syncing import Syncing
from terminal_agent.cloud.traffic import Inbound, LinkDownError
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.commands.restart import begin_again
from terminal_agent.commands.situation import Availability
from terminal_agent.journal.facts import Event, Row
from tests.support.clock import FakeClock
from tests.support.memory_journal import MemoryJournal
from tests.support.operations import operation_id

TOPICS = AgentTopics("clinic-1", "agent-1")
ALL = frozenset(
    {"store_card", "sale", "refund", "reversal", "preauth", "capture", "reconcile", "receipt", "diagnose"}
)
ZVT_LIKE = Capabilities(
    operations=ALL, recovery="last", abort="any", identity="wire", token_kind="chargeable"
)


@dataclass
class FakeFleet:
    """Terminals that are there, and a record of what was asked of them."""

    terminals: dict[str, Availability] = field(default_factory=dict)
    begun: list[tuple[str, Request, Attempt, float]] = field(default_factory=list)
    aborted: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def availability(self, terminal: str, _op: str) -> Availability | None:
        """As the test set it."""
        return self.terminals.get(terminal)

    def begin(self, terminal: str, operation: Request, attempt: Attempt, commit_before: float) -> None:
        """Note it."""
        self.begun.append((terminal, operation, attempt, commit_before))

    def abort(self, terminal: str, operation_id: str) -> None:
        """Note it."""
        self.aborted.append((terminal, operation_id))

    def ask(self, terminal: str, operation_id: str) -> None:
        """Note it."""
        self.asked.append((terminal, operation_id))

    def rescan(self) -> None:
        """Note it."""
        self.said.append("rescan")

    def report(self) -> None:
        """Note it."""
        self.said.append("report")


@dataclass
class FakePublisher:
    """A broker that takes everything, or nothing while `down`."""

    sent: list[Message] = field(default_factory=list)
    correlations: list[bytes | None] = field(default_factory=list)
    down: bool = False

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        """Take it."""
        if self.down:
            raise LinkDownError("the test's broker is away")
        self.sent.append(message)
        self.correlations.append(correlation)


class Desk:
    """One process of the agent; `restarted()` is the next one over the same journal."""

    def __init__(self, clock: FakeClock | None = None, journal: MemoryJournal | None = None) -> None:
        self.clock = clock or FakeClock()
        self.journal = journal or MemoryJournal(self.clock, Random(5).randbytes)
        self.fleet = FakeFleet({"t-1": Availability(online=True, capabilities=ZVT_LIKE)})
        self.publisher = FakePublisher()
        self.alerts: list[tuple[str, dict[str, str]]] = []
        self.stopping = False
        self.backend_time = BackendTime(self.clock)
        self.lifecycle = Lifecycle(self.journal, self.clock)
        self.outbox = Outbox(self.journal, self.publisher, TOPICS)
        self.lifecycle.listen(self.outbox.applied)
        self.syncing = Syncing(
            journal=self.journal,
            lifecycle=self.lifecycle,
            fleet=self.fleet,
            backend_time=self.backend_time,
            alert=lambda code, details: self.alerts.append((code, dict(details))),
            moved=self.outbox.wake,
        )
        self.inbox = Inbox(
            topics=TOPICS,
            journal=self.journal,
            lifecycle=self.lifecycle,
            fleet=self.fleet,
            publisher=self.publisher,
            syncing=self.syncing,
            answers=Answers(self.lifecycle, self.fleet, self.backend_time, self.clock),
            backend_time=self.backend_time,
            clock=self.clock,
            entropy=Random(6).randbytes,
            stopping=lambda: self.stopping,
        )
        self._ids = 0

    async def restarted(self) -> Desk:
        """The process died; the next one has begun again and not yet heard the backend."""
        desk = Desk(self.clock, self.journal.reborn())
        desk._ids = self._ids
        await begin_again(desk.journal, desk.lifecycle)
        return desk

    # --- the backend's side ---------------------------------------------------------------------------

    def new_id(self, at: datetime | None = None) -> str:
        """An operation id made now, or then."""
        self._ids += 1
        return operation_id(at or self.clock.wall(), self._ids)

    def data(self, op: str, **fields: Any) -> dict[str, Any]:
        """A command's `data`: what every command has, and what this one says; None leaves a field out."""
        held: dict[str, Any] = {
            "operation_id": self.new_id(),
            "not_after": (self.clock.wall() + timedelta(seconds=60)).isoformat(),
            "actor": "staff-1",
        }
        if op in ("sale", "refund", "preauth"):
            held["amount_minor"] = 1000
        held |= fields
        return {name: value for name, value in held.items() if value is not None}

    async def send(self, op: str, data: Mapping[str, Any], terminal: str | None = "t-1") -> Reply:
        """Deliver a command once; its one reply."""
        reply = await self.send_early(op, data, terminal)
        assert reply is not None, "no reply to one delivery"
        return reply

    async def send_early(
        self, op: str, data: Mapping[str, Any], terminal: str | None = "t-1"
    ) -> Reply | None:
        """The same for one that may have to wait for the backend's `sync`: then there is no reply."""
        stamp = Stamp(self.new_id(), self.clock.wall())
        message = messages.command(TOPICS, op, data, stamp, node="backend", terminal=terminal)
        replies = await self._deliver(message.topic, message.payload)
        return replies[0] if replies else None

    async def deliver(self, topic: str, payload: bytes) -> Reply:
        """Deliver bytes once; the one reply to them."""
        (reply,) = await self._deliver(topic, payload)
        return reply

    async def _deliver(self, topic: str, payload: bytes) -> list[Reply]:
        before = len(self.publisher.sent)
        await self.inbox.receive(Inbound(TOPICS.parse(topic), payload))
        replies = [one for one in self.publisher.sent[before:] if "/rsp/" in one.topic]
        assert len(replies) <= 1, f"{len(replies)} replies to one delivery"
        return [messages.read(Reply, unpack(reply.payload)) for reply in replies]

    async def ask(self, op: str, terminal: str | None = "t-1", **fields: Any) -> Reply:
        """A new command, delivered once."""
        return await self.send(op, self.data(op, **fields), terminal)

    async def sync(self, **fields: Any) -> Reply:
        """The backend's `sync`; by default it holds nothing open and knows no epoch."""
        held = {"operation_id": self.new_id(), "time": self.clock.wall().isoformat(), **fields}
        reply = await self.send("sync", held, terminal=None)
        self.clock.pass_time(1)
        return reply

    async def ack(self, epoch: str, seq: int) -> None:
        """The backend's `ack`, with its time."""
        body = Ack(epoch=epoch, seq=seq, time=self.clock.wall())
        message = messages.acknowledgement(TOPICS, body, Stamp("x", self.clock.wall()), node="backend")
        address = Address(TOPICS.clinic, TOPICS.agent, "agent", TOPICS.agent, "ack")
        await self.inbox.receive(Inbound(address, message.payload))

    # --- the terminal's side --------------------------------------------------------------------------

    async def row(self, name: str) -> Row:
        """The operation as the journal holds it."""
        row = await self.journal.read(lambda reader: reader.operation(name))
        assert row is not None
        return row

    async def mark(self, name: str, stage: str = "committed", **keys: str) -> None:
        """The session marks."""
        row = await self.row(name)
        await self.lifecycle.apply(Mark(name, row.attempt.no, stage, keys), row.terminal)  # type: ignore[arg-type]  # one of the stages

    async def end(self, name: str, outcome: Outcome) -> None:
        """The session concludes."""
        row = await self.row(name)
        await self.lifecycle.apply(Concluded(name, row.attempt.no, outcome), row.terminal)

    async def done(self, op: str, **fields: Any) -> Reply:
        """A new command that the terminal approves."""
        reply = await self.ask(op, **fields)
        assert reply.verdict == "accepted", reply.code
        assert reply.operation_id is not None
        await self.mark(reply.operation_id)
        row = await self.row(reply.operation_id)
        await self.end(reply.operation_id, approved(row))
        return reply

    async def events(self) -> tuple[Event, ...]:
        """Every fact of the current epoch."""
        return await self.journal.events_after(0, 1000)

    def change_terminal(self, **fields: Any) -> None:
        """Change what is known of t-1."""
        self.fleet.terminals["t-1"] = replace(self.fleet.terminals["t-1"], **fields)


EFFECTS = {
    "sale": "charged",
    "capture": "charged",
    "refund": "returned",
    "reversal": "returned",
    "preauth": "held",
}


def approved(row: Row, receipt: str = "0007") -> Approved:
    """The terminal's yes to this operation."""
    return Approved(
        evidence=Evidence("dialogue"),
        money=EFFECTS.get(row.op, "none"),  # type: ignore[arg-type]  # words of MoneyEffect
        amount=row.amount,
        keys={"receipt": receipt},
    )
