"""The clinic's link to its agents, over the public contract and the typed client alone.

Facts are stored with what they mean for the clinic's records in one transaction, and acknowledged after it.
Commands whose reply was never seen are repeated for as long as it takes, over restarts too: a repeat is
answered with what became of the first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from protocols.contract.commands import TerminalCommand
from protocols.contract.events import Alert, Corrected, Discovered, Orphan, Progress
from protocols.contract.fields import Text
from protocols.contract.messages import dump
from protocols.contract.operation import OperationView
from simulator.clinic import operations
from simulator.clinic.cancelling import end
from simulator.clinic.database import Database, stamp
from simulator.clinic.live import Live
from simulator.clinic.operations import About
from simulator.clinic.settings import ClinicPlan
from terminal_agent.client import (
    BackendClient,
    BrokerAwayError,
    Fact,
    NoReplyError,
    Pending,
    Tls,
)

_KEPT_ALERTS = 200


class AgentAway(Exception):  # noqa: N818  # an answer to staff, not a failure
    """Nobody there would hear the command now: nothing was sent, nothing is queued."""


class Link:
    """All agents of the clinic. Use as an async context manager."""

    def __init__(self, plan: ClinicPlan, db: Database, live: Live, wall: Callable[[], datetime]) -> None:
        self._db, self._live, self._wall = db, live, wall
        self.discovered: dict[tuple[str, str], Discovered] = {}
        broker = plan.broker
        ca = plan.path(broker.ca)
        self.client = BackendClient(
            broker.host,
            broker.port,
            clinic=plan.clinic.id,
            tls=Tls(ca, plan.path(broker.certificate), plan.path(broker.key)) if ca else None,
            known=_known(db),
            open_operations=lambda agent: operations.open_at(db, agent),
            wall=wall,
        )
        self._stored: dict[str, tuple[str, int]] = {}
        self._has_stored = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect. Raises terminal_agent.client.BrokerAwayError."""
        await self.client.__aenter__()
        hearing = (self._hear_notices(), self._hear_agents(), self._hear_states())
        for part in (self._keep_facts(), self._acknowledge(), *hearing):
            self._in_background(part)
        for row in operations.unanswered(self._db):
            await self._send(row["agent"], row["terminal"], operations.command_of(row))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect; what is open goes on with the next start."""
        await end(tuple(self._tasks))
        await self.client.__aexit__(kind, error, trace)

    async def ask(self, agent: str, terminal: str, command: TerminalCommand, about: About) -> str:
        """Write the command down and send it; its id. Raises AgentAway, AlreadyThereError (see
        `operations.written`)."""
        if self.client.is_away(agent):
            raise AgentAway(agent)
        operation = operations.written(self._db, agent, terminal, command, about, now=self._wall())
        self._live.changed()
        await self._send(agent, terminal, command)
        return operation

    def forget_devices(self, agent: str) -> None:
        """What an agent discovered: it is about to tell all that is there now. One that was unplugged is not
        told of."""
        self.discovered = {place: one for place, one in self.discovered.items() if place[0] != agent}

    # --- inside -----------------------------------------------------------------------------------------

    async def _send(self, agent: str, terminal: str, command: TerminalCommand) -> None:
        pending = await self.client.send(agent, terminal, command)
        self._in_background(self._answered(pending))

    async def _answered(self, pending: Pending) -> None:
        while True:
            try:
                reply = await pending.reply()
            except NoReplyError:
                continue
            break
        operations.replied(self._db, pending.operation_id, reply, self._wall())
        self._live.changed()

    async def _keep_facts(self) -> None:
        async for fact in self.client.facts():
            keep(self._db, fact, self._wall())
            self._live.changed()
            self._stored[fact.agent] = fact.epoch, fact.seq
            self._has_stored.set()

    async def _acknowledge(self) -> None:
        """Beside the storing: on a half-dead link an acknowledgement waits, the next fact need not."""
        while True:
            await self._has_stored.wait()
            self._has_stored.clear()
            stored, self._stored = self._stored, {}
            for agent, (epoch, seq) in stored.items():
                try:
                    await self.client.acknowledge(agent, epoch, seq)
                except BrokerAwayError:
                    continue  # they come again, are known by their numbers, and are acknowledged then

    async def _hear_notices(self) -> None:
        async for notice in self.client.progress():
            if isinstance(notice.body, Progress):
                self._live.heard(notice.body)

    async def _hear_agents(self) -> None:
        async for notice in self.client.agent_notices():
            body = notice.body
            if isinstance(body, Discovered):
                self.discovered[notice.agent, body.where] = body
            else:
                self._alert(notice.agent, notice.terminal or body.terminal, body)
            self._live.changed()

    def _alert(self, agent: str, terminal: str | None, alert: Alert) -> None:
        severity = str(alert.severity)
        warn(self._db, agent, terminal, alert.code, alert.text, severity=severity, now=self._wall())

    async def _hear_states(self) -> None:
        while True:
            self._note_terminals()
            self._live.changed()
            await self.client.changed()

    def _note_terminals(self) -> None:
        """A terminal that is announced for the first time gets a record of the clinic's own."""
        for agent in self.client.agents():
            info = self.client.info(agent)
            for entry in info.terminals if info else ():
                caps = self.client.capabilities(agent, entry.terminal)
                told = (caps.token_kind, caps.token_scope) if caps else (None, None)
                self._db.run(
                    "INSERT INTO terminals (agent, terminal, name, kind, scope) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET kind = COALESCE(excluded.kind, kind),"
                    " scope = COALESCE(excluded.scope, scope)",
                    agent,
                    entry.terminal,
                    entry.terminal,
                    *told,
                )

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def keep(db: Database, fact: Fact, now: datetime) -> None:
    """Store a fact with what it means, once."""
    body = dict(fact.body) if isinstance(fact.body, dict) else dump(fact.body)
    with db.transaction():
        fresh = db.run(
            "INSERT OR IGNORE INTO facts (agent, epoch, seq, terminal, type, body, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            fact.agent,
            fact.epoch,
            fact.seq,
            fact.terminal,
            fact.type,
            json.dumps(body),
            stamp(now),
        )
        if not fresh:
            return
        match fact.body:
            case OperationView():
                operations.told(db, fact.body, now)
            case Corrected():
                operations.corrected(db, fact.body, now)
            case Orphan():
                orphan = fact.body
                warn(db, fact.agent, fact.terminal, orphan.code, orphan.text, severity="warning", now=now)


def warn(
    db: Database, agent: str, terminal: str | None, code: str, text: Text, *, severity: str, now: datetime
) -> None:
    """Keep an alert for the terminals page; the oldest go."""
    db.add(
        "alerts",
        agent=agent,
        terminal=terminal,
        at=stamp(now),
        severity=severity,
        code=code,
        text_fr=text.fr,
        text_en=text.en,
    )
    db.run("DELETE FROM alerts WHERE id <= (SELECT MAX(id) FROM alerts) - ?", _KEPT_ALERTS)


def _known(db: Database) -> dict[str, tuple[str, int]]:
    """The last fact of each agent that is stored, (epoch, seq). Epochs sort by their time."""
    rows = db.all(
        "SELECT agent, epoch, MAX(seq) AS seq FROM facts AS all_facts WHERE epoch ="
        " (SELECT MAX(epoch) FROM facts WHERE agent = all_facts.agent) GROUP BY agent"
    )
    return {row["agent"]: (row["epoch"], row["seq"]) for row in rows}
