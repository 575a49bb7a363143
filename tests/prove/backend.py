"""A model of the clinic's backend: it speaks the contract and keeps what it was told.

Commands go out again until their reply is seen; facts are stored by (epoch, seq), and the lowest contiguous
one is acknowledged; each new life of the agent is told where they stand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from protocols.contract import messages
from protocols.contract.acks import Ack
from protocols.contract.commands import OCCUPYING
from protocols.contract.envelope import canonical
from protocols.contract.messages import Message, Stamp
from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from protocols.contract.words import is_final
from terminal_agent.client.order import Fact, FactOrder
from tests.prove.loop import TrueTime

TERMINAL = "desk-1"
_REPEAT_S = 2.0
_SYNC_PATIENCE_S = 5.0
_ACK_AFTER_S = 0.05
_RETURNS_S = 3.0
# What an agent says that wants a `sync`, whichever boot it names: one restored from a copy names an old one.
_WITHOUT_SYNC = ("journal_new", "clock_untrusted")


@dataclass(eq=False)
class Command:
    """One command as the backend keeps it, with all that it heard of it."""

    id: str
    op: str
    step: int
    amount_minor: int
    original: str | None
    message: Message
    data: dict[str, Any]
    not_after_s: float
    handed_s: float | None = None
    replies: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)  # facts about it, in the order of storing
    corrected: list[dict[str, Any]] = field(default_factory=list)
    at_sync: str | None = None  # where it stands, as the agent said when asked; no newer fact has come

    @property
    def rejected(self) -> bool:
        """Whether it was refused, once and for all. Facts that tell otherwise are of another journal."""
        return self.at_sync == "rejected" or (not self.views and self.told_rejected)

    @property
    def told_rejected(self) -> bool:
        """Whether a reply said so."""
        return any(
            reply["verdict"] == "rejected" or reply.get("state", {}).get("state") == "rejected"
            for reply in self.replies
        )

    @property
    def refusal(self) -> str:
        """Why it was refused, where a reply says so."""
        return str(self.replies[-1]["code"]) if self.replies else ""

    @property
    def final(self) -> dict[str, Any] | None:
        """Its end as a fact, or as a reply told it."""
        told = [*self.views, *(reply["state"] for reply in self.replies if reply.get("state"))]
        return next((view for view in told if is_final(view["state"])), None)

    @property
    def believed(self) -> dict[str, Any] | None:
        """How it ended, by what was told last: its end, or what corrected that."""
        return self.corrected[-1] if self.corrected else self.final

    @property
    def latest(self) -> dict[str, Any] | None:
        """The newest fact."""
        return self.views[-1] if self.views else None

    @property
    def settled(self) -> bool:
        """Nothing more is waited for, unless a human."""
        if self.op not in OCCUPYING:
            return bool(self.replies)
        return self.rejected or self.final is not None

    @property
    def with_a_human(self) -> bool:
        """Whether a human owns it."""
        if self.settled or self.latest is None:
            return False
        return "needs_human" in (self.latest["state"], self.at_sync)

    @property
    def left_to_a_human(self) -> dict[str, Any] | None:
        """The fact by which the agent gave it up for good, where it did not find out after all."""
        given_up = [view for view in self.views if view["state"] == "needs_human"]
        if self.with_a_human:
            return given_up[-1]
        decided = (self.final or {}).get("evidence", {}).get("source") == "human"
        # What was merely asked for too long is asked on; a human's word came before the answer.
        return given_up[-1] if decided and given_up and given_up[-1].get("next_check") is None else None


class Backend:
    """One clinic's backend. Its store outlives its restarts."""

    def __init__(self, topics: AgentTopics, time: TrueTime, chance: Random) -> None:
        self.topics = topics
        self.time = time
        self.chance = chance
        self.send_to_broker: Callable[[Message], None] = lambda _message: None
        self.commands: dict[str, Command] = {}
        self.facts: dict[tuple[str, int], tuple[str, dict[str, Any]]] = {}
        self.twice_told: list[tuple[str, int]] = []  # another fact under a place that was taken
        self.state: dict[str, Any] = {}
        self.terminal_state: dict[str, Any] = {}
        self.alerts: dict[str, int] = {}
        self.ready_at: dict[tuple[str, int], float] = {}
        self.strangers: list[dict[str, Any]] = []  # replies and facts about what was never ordered
        self._orders: dict[str, FactOrder] = {}
        self._up: tuple[tuple[str, int], tuple[str, str] | None] | None = None
        self._down = False
        self._acking = False
        self._life = 0
        self.changed = asyncio.Event()

    @property
    def journals(self) -> set[str]:
        """Every journal that it heard of, by its epoch."""
        return {epoch for epoch, _ in (*self.facts, *self.ready_at)}

    # --- commands -----------------------------------------------------------------------------------

    def order(self, op: str, step: int, fields: Mapping[str, Any], valid_s: float, held_s: float) -> Command:
        """A new command; sent now, or after `held_s` in some queue of the backend's."""
        now = self.time.wall()
        name = self._id()
        data = {
            "operation_id": name,
            "issued_at": now.isoformat(),
            "not_after": (now + timedelta(seconds=valid_s)).isoformat(),
            "actor": "staff-1",
            "reply_to": "backend",
            **fields,
        }
        message = messages.command(self.topics, op, data, Stamp(name, now), node="backend", terminal=TERMINAL)
        command = self.commands[name] = Command(
            id=name,
            op=op,
            step=step,
            amount_minor=fields.get("amount_minor", 0),
            original=fields.get("original_operation_id"),
            message=message,
            data=data,
            not_after_s=self.time.monotonic() + valid_s,
        )
        asyncio.get_running_loop().call_later(held_s, self._send, command, self._life)
        return command

    def _send(self, command: Command, life: int) -> None:
        if life != self._life or self._down or command.replies:
            return
        self.send_to_broker(command.message)
        asyncio.get_running_loop().call_later(_REPEAT_S, self._send, command, life)

    def handed(self, payload: bytes) -> None:
        """The broker's word that the agent was given this now."""
        for command in self.commands.values():
            if command.handed_s is None and command.message.payload == payload:
                command.handed_s = self.time.monotonic()

    # --- what the agent says ------------------------------------------------------------------------

    def hear(self, message: Message) -> None:
        """The broker delivers. While the backend is down the broker keeps it."""
        if self._down:
            asyncio.get_running_loop().call_later(1.0, self.hear, message)
            return
        address = self.topics.parse(message.topic)
        envelope = json.loads(message.payload)
        data = envelope["data"]
        if address.kind == "rsp":
            self._reply(data)
        elif address.channel == "evt" and "seq" in envelope:
            self._fact(address.leaf, envelope)
        elif address.channel == "evt" and address.leaf == "alert":
            self.alerts[data["code"]] = self.alerts.get(data["code"], 0) + 1
        elif address.channel == "state" and address.kind == "agent":
            self._agent_state(data)
        elif address.channel == "state":
            self.terminal_state = data
        self.changed.set()

    def _reply(self, reply: dict[str, Any]) -> None:
        command = self.commands.get(reply.get("operation_id", ""))
        if command is not None:
            command.replies.append(reply)
        elif reply.get("op") == "sync":
            for name, state in (reply.get("result") or {}).get("operations", {}).items():
                self.commands[name].at_sync = state
        else:
            self.strangers.append(reply)

    def _fact(self, kind: str, envelope: dict[str, Any]) -> None:
        place = (envelope["epoch"], envelope["seq"])
        told = (kind, envelope["data"])
        if place in self.facts:
            if canonical(self.facts[place][1]) != canonical(envelope["data"]):
                self.twice_told.append(place)
        else:
            self.facts[place] = told
            self._take(kind, place, envelope)
        if not self._acking:
            self._acking = True
            asyncio.get_running_loop().call_later(_ACK_AFTER_S, self._acknowledge, place[0], self._life)

    def _take(self, kind: str, place: tuple[str, int], envelope: dict[str, Any]) -> None:
        """Facts count in their order, by the shipped client's own rule; what comes early waits."""
        order = self._orders.setdefault(place[0], FactOrder())
        fact = Fact("agent-1", None, kind, *place, envelope["boot"], envelope["data"])
        for due in order.take(fact, self.time.monotonic()):
            assert isinstance(due.body, dict)
            self._believe(due.epoch, due.type, due.body)

    def _stored(self, epoch: str) -> int:
        return self._orders[epoch].seq if epoch in self._orders else 0

    def _believe(self, epoch: str, kind: str, data: dict[str, Any]) -> None:
        command = self.commands.get(data.get("operation_id", ""))
        if kind == "orphan":
            return
        if command is None:
            self.strangers.append(data)
        elif kind == "corrected":
            command.corrected.append(data)
        else:
            command.views.append({**data, "epoch": epoch})
            command.at_sync = None

    def _acknowledge(self, epoch: str, life: int) -> None:
        self._acking = False
        if life != self._life or self._down:
            return
        now = self.time.wall()
        body = Ack(epoch=epoch, seq=self._stored(epoch), time=now)
        self.send_to_broker(
            messages.acknowledgement(self.topics, body, Stamp(self._id(), now), node="backend")
        )

    # --- the agent's lives --------------------------------------------------------------------------

    def _agent_state(self, state: dict[str, Any]) -> None:
        self.state = state
        if state["state"] not in ("ready", "degraded", "init"):
            self._up = None
            return
        life = (state["epoch"], state["boot"])
        if life not in self.ready_at:
            self.ready_at[life] = self.time.monotonic()
        lacking = (state["code"], state["since"]) if state.get("code") in _WITHOUT_SYNC else None
        known = self._up
        if known is None or known[0] != life or (lacking is not None and known[1] != lacking):
            self._up = life, lacking
            self._sync(3, self._life)

    def _sync(self, tries: int, life: int) -> None:
        """Tell the agent what is known of it and what is open."""
        if life != self._life or self._down or not tries:
            return
        now = self.time.wall()
        epoch = max(self._orders, default=None)
        listed = [
            {
                "operation_id": one.id,
                "terminal": TERMINAL,
                "op": one.op,
                "data": one.data,
                "accepted": bool(one.views) or any(reply["verdict"] == "accepted" for reply in one.replies),
            }
            for one in self.commands.values()
            if one.op in OCCUPYING and not one.settled
        ]
        name = self._id()
        data = {
            "operation_id": name,
            "time": now.isoformat(),
            "boot": self.state.get("boot"),
            "epoch": epoch,
            "seq": self._stored(epoch or ""),
            "open_operations": listed,
            "reply_to": "backend",
        }
        self.send_to_broker(messages.command(self.topics, "sync", data, Stamp(name, now), node="backend"))
        asyncio.get_running_loop().call_later(_SYNC_PATIENCE_S, self._sync_if_needed, tries - 1, life)

    def _sync_if_needed(self, tries: int, life: int) -> None:
        if self.state.get("code") in _WITHOUT_SYNC:
            self._sync(tries or 3, life)

    def restart(self) -> None:
        """The process of the backend ends and comes back: what it had only in memory is lost."""
        self._down, self._up, self._acking = True, None, False
        self._life += 1
        asyncio.get_running_loop().call_later(_RETURNS_S, self._back)

    def _back(self) -> None:
        self._down = False
        for command in self.commands.values():
            if not command.replies:
                self._send(command, self._life)
        if self.state:
            self._agent_state(self.state)

    def _id(self) -> str:
        return make_ulid(int(self.time.wall().timestamp() * 1000), self.chance.randbytes(10))
