"""The backend's end of the contract: one client for all agents of a clinic."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from types import TracebackType
from typing import Any, Literal, Self

from protocols.contract import commands, messages
from protocols.contract.acks import Ack
from protocols.contract.messages import Stamp
from protocols.contract.projections import AgentState, Capabilities, Health, Info, TerminalState
from protocols.contract.replies import Reply
from protocols.contract.topics import DEFAULT_NODE, DEFAULT_ROOT, AgentTopics, backend_subscriptions
from protocols.contract.ulids import make_ulid
from terminal_agent.client.connection import Connection, Tls
from terminal_agent.client.errors import BrokerAwayError, NoReplyError
from terminal_agent.client.hearing import Hearing
from terminal_agent.client.order import Fact
from terminal_agent.client.pending import AgentNotice, Notice, Pending

_OPS = {model: op for op, model in (*commands.TERMINAL.items(), *commands.AGENT.items())}
_CONNECT_LIMIT_S = 15.0
_SYNC_PATIENCE_S = 5.0
# A late repeat of a command that ran must still arrive, to be told what became of it.
_SHORTEST_EXPIRY_S = 10


class BackendClient:
    """Use it as an async context manager.

    `known` is what the backend has stored of each agent, (epoch, seq). With `auto_ack` facts count as stored
    when they arrive: for tests and demos; a backend stores them and calls `acknowledge`. With `auto_sync`
    each agent is told, whenever it comes up, what is known of it and which of our operations are open;
    `open_operations` tells those that were sent before this client was made. `wall` and `entropy` are where
    times and ids come from.
    """

    def __init__(
        self,
        host: str,
        port: int = 8883,
        *,
        clinic: str,
        node: str = DEFAULT_NODE,
        root: str = DEFAULT_ROOT,
        tls: Tls | None = None,
        protocol: Literal["5", "3.1.1"] = "5",
        known: Mapping[str, tuple[str, int]] | None = None,
        auto_ack: bool = False,
        auto_sync: bool = True,
        repeat_every_s: float = 2.0,
        open_operations: Callable[[str], Iterable[commands.OpenOperation]] = lambda _agent: (),
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._clinic = clinic
        self._node = node
        self._root = root
        self._auto_ack = auto_ack
        self._auto_sync = auto_sync
        self._repeat_every_s = repeat_every_s
        self._open_before = open_operations
        self._wall = wall
        self._entropy = entropy
        self._stored = dict(known or {})
        self._unacknowledged: dict[tuple[str, str], int] = {}
        self._hearing = Hearing(
            root, self._stored, keep_facts=not auto_ack, on_up=self._came_up, on_fact=self._fact_came
        )
        self._connection = Connection(
            host,
            port,
            identifier=f"{node}-{entropy(6).hex()}",
            subscriptions=backend_subscriptions(clinic, node, root),
            tls=tls.context() if tls else None,
            protocol=protocol,
            on_message=self._hearing.hear,
            on_down=self._hearing.forget_who_is_up,
        )
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect. Raises BrokerAwayError when that does not work within 15 seconds."""
        self._in_background(self._connection.run())
        try:
            async with asyncio.timeout(_CONNECT_LIMIT_S):
                await self._connection.up.wait()
        except TimeoutError:
            await self.__aexit__(None, None, None)
            raise BrokerAwayError(f"the broker cannot be reached: {self._connection.last_error}") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect. Facts that were not acknowledged come again to whoever connects next."""
        ending = tuple(self._tasks)
        for task in ending:
            task.cancel()
        for result in await asyncio.gather(*ending, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    # --- commands ---------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A ULID for an operation."""
        return make_ulid(int(self._wall().timestamp() * 1000), self._entropy(10))

    def stamp(self, *, actor: str, valid_s: float = 120.0) -> dict[str, Any]:
        """The fields that every command has: a new id, when made, until when it is wanted, who asks."""
        now = self._wall()
        not_after = now + timedelta(seconds=valid_s)
        return {"operation_id": self.new_id(), "issued_at": now, "not_after": not_after, "actor": actor}

    async def send(self, agent: str, terminal: str, command: commands.TerminalCommand) -> Pending:
        """Send a command to a terminal. A broker that is away does not raise: the command goes out with the
        first repeat, while its reply or outcome is awaited."""
        return await self._send(agent, terminal, command)

    async def send_agent(self, agent: str, command: commands.AgentCommand) -> Pending:
        """The same for a command to the agent itself."""
        return await self._send(agent, None, command)

    async def sync(self, agent: str, extra: Iterable[commands.OpenOperation] = ()) -> Reply:
        """Tell the agent what is known of it and what is open: our own commands, and `extra` from the
        backend's store. Each try is a command of its own, as its time counts. Raises NoReplyError."""
        listed = {one.operation_id: one for one in (*extra, *self._open_operations(agent))}
        for _ in range(3):
            epoch, seq = self._stored.get(agent, (None, 0))
            born = self._hearing.agents.get(agent)
            body = commands.Sync(
                operation_id=self.new_id(),
                time=self._wall(),
                boot=born.boot if born is not None else None,
                epoch=epoch,
                seq=seq,
                open_operations=tuple(listed.values()),
            )
            try:
                reply = await (await self._send(agent, None, body)).reply(_SYNC_PATIENCE_S)
            except NoReplyError:
                continue
            if reply.code == "sync_outdated":
                continue  # it has started anew since
            self._learn_from(agent, reply.result or {})
            return reply
        raise NoReplyError(f"agent {agent} does not answer sync: it is away, or busy starting; try again")

    async def acknowledge(self, agent: str, epoch: str, seq: int) -> None:
        """Say that every fact of `epoch` up to and with `seq` is stored. Raises BrokerAwayError: the facts
        come again, acknowledge them then."""
        if (epoch, seq) > self._stored.get(agent, ("", 0)):
            self._stored[agent] = (epoch, seq)
        body = Ack(epoch=epoch, seq=seq, time=self._wall())
        stamp = Stamp(self.new_id(), self._wall())
        message = messages.acknowledgement(self._topics(agent), body, stamp, node=self._node)
        await self._connection.publish(message)

    # --- what the agents say ----------------------------------------------------------------------------

    def facts(self) -> AsyncIterator[Fact]:
        """Every fact once, in the order of its agent: acknowledge what is stored. With `auto_ack`, those that
        arrive after the first call."""
        return self._hearing.facts()

    def progress(self) -> AsyncIterator[Notice]:
        """Progress and operation facts (in_doubt, needs_human …) of all terminals from now on. Lossy."""
        return self._hearing.notices()

    def agent_notices(self) -> AsyncIterator[AgentNotice]:
        """Alerts and discovered devices of all agents from now on. Lossy."""
        return self._hearing.agent_notices()

    async def changed(self) -> None:
        """Return after the next change of what any agent or terminal tells of itself."""
        await self._hearing.changed()

    def agents(self) -> Mapping[str, AgentState]:
        """The newest state of each agent; `lost` and `disconnected` are away."""
        return self._hearing.agents

    def terminals(self, agent: str) -> Mapping[str, TerminalState]:
        """The newest state of each terminal of an agent."""
        return {terminal: state for (of, terminal), state in self._hearing.terminals.items() if of == agent}

    def capabilities(self, agent: str, terminal: str) -> Capabilities | None:
        """What a terminal can do, as far as it is known."""
        return self._hearing.capabilities.get((agent, terminal))

    def info(self, agent: str) -> Info | None:
        """What an agent is and has in hand."""
        return self._hearing.infos.get(agent)

    def health(self, agent: str) -> Health | None:
        """How an agent does."""
        return self._hearing.healths.get(agent)

    def is_away(self, agent: str) -> bool:
        """Whether nobody there would hear a command now: it is down, or we are cut off from the broker."""
        return not self._hearing.is_up(agent)

    async def wait_for_agent(self, agent: str, timeout_s: float = 30.0) -> AgentState:
        """The agent's state, once it is up. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while self.is_away(agent):
                await self._hearing.changed()
        return self._hearing.agents[agent]

    async def wait_for_terminal(
        self, agent: str, terminal: str, state: str = "ready", timeout_s: float = 30.0
    ) -> TerminalState:
        """The terminal's state, once it is this one. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while (now := self._hearing.terminals.get((agent, terminal))) is None or now.state != state:
                await self._hearing.changed()
        return now

    # --- inside -----------------------------------------------------------------------------------------

    async def _send(
        self, agent: str, terminal: str | None, command: commands.TerminalCommand | commands.AgentCommand
    ) -> Pending:
        op = _OPS[type(command)]
        data = messages.dump(command)
        data.setdefault("reply_to", self._node)
        topics, stamp = self._topics(agent), Stamp(self.new_id(), self._wall())
        pending = Pending(
            agent=agent,
            terminal=terminal,
            op=op,
            data=data,
            not_after=command.not_after,
            message=messages.command(topics, op, data, stamp, node=self._node, terminal=terminal),
            publish=self._publish,
            repeat_every_s=self._repeat_every_s,
        )
        self._hearing.expect(pending)
        await pending.publish()
        return pending

    async def _publish(self, pending: Pending) -> None:
        expires_in_s = None
        if pending.not_after is not None:
            left_s = (pending.not_after - self._wall()).total_seconds()
            expires_in_s = max(ceil(left_s), _SHORTEST_EXPIRY_S)
        await self._connection.publish(pending.message, expires_in_s)

    def _open_operations(self, agent: str) -> list[commands.OpenOperation]:
        return [
            commands.OpenOperation.model_validate(
                {
                    "operation_id": one.operation_id,
                    "terminal": one.terminal,
                    "op": one.op,
                    "data": one.data,
                    "accepted": one.latest is not None
                    or any(reply.verdict == "accepted" for reply in one.replies),
                }
            )
            for one in self._hearing.open_commands(agent)
            if one.terminal is not None and one.op in commands.OCCUPYING
        ]

    def _learn_from(self, agent: str, result: Mapping[str, Any]) -> None:
        """What another node acknowledged will not come again: nobody need wait for it."""
        epoch, seq = result.get("epoch"), result.get("acked_seq")
        if isinstance(epoch, str) and isinstance(seq, int):
            self._hearing.acknowledged(agent, epoch, seq)

    def _came_up(self, agent: str) -> None:
        if self._auto_sync:
            self._in_background(self._sync_quietly(agent))

    def _fact_came(self, fact: Fact) -> None:
        if self._auto_ack:
            idle = not self._unacknowledged
            self._unacknowledged[fact.agent, fact.epoch] = fact.seq
            if idle:
                self._in_background(self._acknowledge_all())

    async def _acknowledge_all(self) -> None:
        """One word for all facts that came meanwhile."""
        while self._unacknowledged:
            (agent, epoch), seq = next(iter(self._unacknowledged.items()))
            try:
                await self.acknowledge(agent, epoch, seq)
            except BrokerAwayError:
                # What is not acknowledged comes again; the next fact tries anew.
                self._unacknowledged.clear()
                return
            if self._unacknowledged.get((agent, epoch)) == seq:
                del self._unacknowledged[agent, epoch]

    async def _sync_quietly(self, agent: str) -> None:
        try:
            await self.sync(agent, self._open_before(agent))
        except NoReplyError:
            # It went away again; its next birth is answered anew.
            return

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _topics(self, agent: str) -> AgentTopics:
        return AgentTopics(self._clinic, agent, self._root)
