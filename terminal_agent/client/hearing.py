"""What the client hears: states kept, facts put in order, replies and progress handed to who awaits them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar
from weakref import WeakSet, WeakValueDictionary

from protocols.contract.envelope import Envelope, MalformedError, unpack
from protocols.contract.events import Alert, Discovered, Progress
from protocols.contract.fields import Told
from protocols.contract.messages import model_of, read
from protocols.contract.operation import OperationView
from protocols.contract.projections import AgentState, Capabilities, Health, Info, TerminalState
from protocols.contract.replies import Reply
from protocols.contract.topics import Address, TopicError, parse
from terminal_agent.client.order import Fact, FactOrder
from terminal_agent.client.pending import AgentNotice, Notice, Pending

_UP = ("init", "ready", "degraded", "stopping")
_LACKING_SYNC = ("journal_new", "clock_untrusted")
_KEPT_FACTS = 10_000
_KEPT_NOTICES = 1000


_T = TypeVar("_T")


class Hearing:
    """`on_up` is called when an agent comes up, is found up after we connected, or says that it lacks what
    `sync` tells; `on_fact` for each new fact in its order, once it is kept for `facts()`."""

    def __init__(
        self,
        root: str,
        known: Mapping[str, tuple[str, int]],
        *,
        keep_facts: bool,
        on_up: Callable[[str], None],
        on_fact: Callable[[Fact], None],
    ) -> None:
        self._root = root
        self._on_up = on_up
        self._on_fact = on_fact
        self._keep_facts = keep_facts
        self._orders = {(agent, epoch): FactOrder(seq) for agent, (epoch, seq) in known.items()}
        self._facts: asyncio.Queue[Fact] = asyncio.Queue()
        self._notices: WeakSet[asyncio.Queue[Notice]] = WeakSet()
        self._agent_notices: WeakSet[asyncio.Queue[AgentNotice]] = WeakSet()
        self._up: dict[str, tuple[tuple[str, int], tuple[str, str | None] | None]] = {}
        self._change = asyncio.Event()
        self._pending: WeakValueDictionary[str, Pending] = WeakValueDictionary()
        self._open: dict[str, Pending] = {}
        self.agents: dict[str, AgentState] = {}
        self.infos: dict[str, Info] = {}
        self.healths: dict[str, Health] = {}
        self.terminals: dict[tuple[str, str], TerminalState] = {}
        self.capabilities: dict[tuple[str, str], Capabilities] = {}
        self.malformed = 0

    # --- for the client ---------------------------------------------------------------------------------

    def expect(self, pending: Pending) -> None:
        """Hand what belongs to this command to it; remember it as open until it is settled."""
        self._pending[pending.operation_id] = pending
        self._open[pending.operation_id] = pending

    def open_commands(self, agent: str) -> list[Pending]:
        """Commands to this agent of which we have not seen the end."""
        self._open = {name: one for name, one in self._open.items() if not one.settled}
        return [one for one in self._open.values() if one.agent == agent]

    def is_up(self, agent: str) -> bool:
        """Whether the agent's newest state is that of a living one."""
        return agent in self._up

    def forget_who_is_up(self) -> None:
        """We are away: nobody hears us now. Once we are back the broker tells all states anew, and each agent
        that is up has come up for us."""
        self._up.clear()
        self._changed_now()

    def received(self, agent: str, epoch: str) -> int:
        """The last fact of an epoch that was given out, 0 for none."""
        order = self._orders.get((agent, epoch))
        return order.seq if order else 0

    def acknowledged(self, agent: str, epoch: str, seq: int) -> None:
        """The agent says that somebody acknowledged its facts up to here."""
        self._give_out(self._orders.setdefault((agent, epoch), FactOrder()).skip_to(seq))

    async def changed(self) -> None:
        """Return after the next change of a state."""
        await self._change.wait()

    def facts(self) -> AsyncIterator[Fact]:
        """Facts in order, each given out once, whoever asks."""
        self._keep_facts = True
        return _endless(self._facts)

    def notices(self) -> AsyncIterator[Notice]:
        """Progress and operation facts from now on, for as long as the iterator is held."""
        queue: asyncio.Queue[Notice] = asyncio.Queue(_KEPT_NOTICES)
        self._notices.add(queue)
        return _endless(queue)

    def agent_notices(self) -> AsyncIterator[AgentNotice]:
        """Alerts and discoveries from now on, for as long as the iterator is held."""
        queue: asyncio.Queue[AgentNotice] = asyncio.Queue(_KEPT_NOTICES)
        self._agent_notices.add(queue)
        return _endless(queue)

    # --- from the broker --------------------------------------------------------------------------------

    def hear(self, topic: str, payload: bytes) -> None:
        """Take one message. What is not of the contract is counted and otherwise ignored."""
        if not payload:
            return
        try:
            address = parse(topic, self._root)
            envelope = unpack(payload, max_bytes=1 << 20)
            model = model_of(address)
            body = read(model, envelope) if model else None
        except (TopicError, MalformedError):
            self.malformed += 1
            return
        if isinstance(body, Reply):
            self._hear_reply(body)
        elif address.channel == "evt":
            self._hear_event(address, envelope, body)
        elif body is not None:
            self._hear_state(address, body)

    def _hear_reply(self, reply: Reply) -> None:
        pending = self._pending.get(reply.operation_id or "")
        if pending is not None:
            pending.hear_reply(reply)

    def _hear_event(self, address: Address, envelope: Envelope, body: Told | None) -> None:
        terminal = address.id if address.kind == "terminal" else None
        fresh = True
        due: list[Fact] = []
        if envelope.epoch is not None and envelope.seq is not None:
            known = body if body is not None else dict(envelope.data)
            place = (envelope.epoch, envelope.seq, envelope.boot or 0)
            order = self._orders.setdefault((address.agent, envelope.epoch), FactOrder())
            fresh = order.is_new(envelope.seq)
            fact = Fact(address.agent, terminal, address.leaf, *place, known)
            due = order.take(fact, asyncio.get_running_loop().time())
            if len(due) > _KEPT_FACTS - self._facts.qsize():
                # Nobody reads them. They were not acknowledged, so they come again.
                order.put_back(due)
                return
        if fresh and terminal is not None and isinstance(body, Progress | OperationView):
            self._notify(Notice(address.agent, terminal, body))
        if fresh and isinstance(body, Alert | Discovered):
            _offer(self._agent_notices, AgentNotice(address.agent, terminal, body))
        self._give_out(due)

    def _give_out(self, due: list[Fact]) -> None:
        for one in due:
            if self._keep_facts:
                self._facts.put_nowait(one)
            self._on_fact(one)

    def _notify(self, notice: Notice) -> None:
        _offer(self._notices, notice)
        pending = self._pending.get(notice.body.operation_id or "")
        if pending is not None:
            pending.hear(notice)

    def _hear_state(self, address: Address, body: Told) -> None:
        if isinstance(body, AgentState):
            self._hear_agent(address.agent, body)
        elif isinstance(body, Info):
            self.infos[address.agent] = body
        elif isinstance(body, Health):
            self.healths[address.agent] = body
        elif isinstance(body, TerminalState):
            self.terminals[address.agent, address.id] = body
        elif isinstance(body, Capabilities):
            self.capabilities[address.agent, address.id] = body
        self._changed_now()

    def _changed_now(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def _hear_agent(self, agent: str, state: AgentState) -> None:
        self.agents[agent] = state
        if state.state not in _UP:
            self._up.pop(agent, None)
            return
        life = (state.epoch, state.boot)
        # A journal that was restored from a copy counts its starts anew: what it says that it lacks is heard
        # once for each time that it comes to lack it.
        lacking = (str(state.since), state.code) if state.code in _LACKING_SYNC else None
        known = self._up.get(agent)
        if known is None or known[0] != life or (lacking is not None and known[1] != lacking):
            self._up[agent] = life, lacking
            self._on_up(agent)


def _offer(queues: WeakSet[asyncio.Queue[_T]], item: _T) -> None:
    """Whoever does not read loses the newest ones."""
    for queue in tuple(queues):
        if not queue.full():
            queue.put_nowait(item)


async def _endless(queue: asyncio.Queue[_T]) -> AsyncIterator[_T]:
    while True:
        yield await queue.get()
