"""What the agent says of itself: its state and will, its `info` and `health`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from protocols.contract import messages
from protocols.contract.messages import Message, Stamp
from protocols.contract.projections import AgentState, ContractRange, Info, OpenEntry, TerminalEntry
from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from protocols.contract.wording import words
from protocols.contract.words import AgentStateWord
from terminal_agent.clock import BackendTime, Clock
from terminal_agent.cloud.notices import Notices
from terminal_agent.journal.codec import to_ms
from terminal_agent.journal.port import Journal
from terminal_agent.observability.health import HealthReport
from terminal_agent.settings import Settings
from terminal_agent.terminal.fleet import Fleet

_HEALTH_EVERY_S = 60.0
_LOOK_EVERY_S = 5.0
# Changes of the open operations are told together, at most this often.
_PAUSE_S = 1.0
# What is wanted because an operation moves waits until its bytes have gone out.
_SETTLE_S = 0.1


@cache
def agent_version() -> str:
    """The installed version, or `checkout` when the agent runs from its source."""
    try:
        return version("terminal-agent")
    except PackageNotFoundError:
        return "checkout"


class Voice:
    """Tells the agent's state whenever it may have changed, its numbers now and then.

    `money_stopped` says why no money is taken any more, None while it is.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        topics: AgentTopics,
        journal: Journal,
        backend_time: BackendTime,
        clock: Clock,
        entropy: Callable[[int], bytes],
        notices: Notices,
        fleet: Fleet,
        health: HealthReport,
        money_stopped: Callable[[], str | None],
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._journal = journal
        self._backend_time = backend_time
        self._clock = clock
        self._entropy = entropy
        self._notices = notices
        self._fleet = fleet
        self._health = health
        self._money_stopped = money_stopped
        self._wanted = asyncio.Event()
        self._word: AgentStateWord = "init"
        self._since = clock.wall()
        self._leaving = False

    def will(self) -> Message:
        """What the broker says when we vanish."""
        now = self._clock.wall()
        stamp = Stamp(make_ulid(to_ms(now), self._entropy(10)), now)
        return messages.state(self._topics, "state", self._state("lost", now=now), stamp)

    def state(self) -> None:
        """Tell where we stand: ready, or degraded and why."""
        if not self._leaving:
            code = self._trouble()
            self._tell("degraded" if code else "ready", code)

    def leaving(self, word: AgentStateWord) -> None:
        """Tell that we stop: from here on nothing else is said of our state."""
        self._leaving = True
        self._tell(word, "shutting_down")

    def born(self) -> None:
        """A new connection: everything retained anew."""
        self.state()
        self._notices.state("info", self._info())
        self._notices.all_anew()

    def want(self) -> None:
        """Tell `info` and `health` anew, soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Tell them until cancelled."""
        while True:
            self._wanted.clear()
            self._notices.state("health", await self._health.read())
            self._notices.state("info", self._info())
            self.state()
            await asyncio.sleep(_PAUSE_S)
            if await self._somebody_wants():
                await asyncio.sleep(_SETTLE_S)

    async def _somebody_wants(self) -> bool:
        """Until somebody does, or the health is due. The clock and the disk say nothing when they change, so
        that our state is looked at more often."""
        until = asyncio.get_running_loop().time() + _HEALTH_EVERY_S
        while (left_s := until - asyncio.get_running_loop().time()) > 0:
            try:
                async with asyncio.timeout(min(left_s, _LOOK_EVERY_S)):
                    return await self._wanted.wait()
            except TimeoutError:
                self.state()
        return False

    def _tell(self, word: AgentStateWord, code: str | None) -> None:
        if word != self._word:
            self._word, self._since = word, self._clock.wall()
        self._notices.state("state", self._state(word, code))

    def _state(
        self, word: AgentStateWord, code: str | None = None, now: datetime | None = None
    ) -> AgentState:
        head = self._journal.head
        return AgentState(
            state=word,
            epoch=head.epoch,
            boot=head.boot,
            since=now or self._since,
            code=code,
            text=words(code) if code else None,
        )

    def _trouble(self) -> str | None:
        """Why money is not taken now, if it is not."""
        if self._money_stopped() is not None:
            return "money_stopped"
        head, clock = self._journal.head, self._backend_time
        # Told a wrong time, it waits for the right one first: that it lacks a `sync` is news again then.
        if not head.synced and (clock.trusted or clock.now() is None):
            return "journal_new"
        if not clock.trusted:
            return "clock_untrusted"
        return "disk_low" if self._journal.space().low else None

    def _info(self) -> Info:
        standings = self._fleet.standings()
        rows = [row for standing in standings.values() for row in standing.open.values()]
        return Info(
            version=agent_version(),
            contract=ContractRange(),
            point_of_service=self._settings.agent.point_of_service,
            terminals=tuple(
                TerminalEntry(
                    terminal=terminal.id,
                    protocol=terminal.protocol,
                    where=standings[terminal.id].peer.where or None,
                )
                for terminal in self._settings.terminals
            ),
            open_operations=tuple(
                OpenEntry(
                    operation_id=row.id, terminal=row.terminal, op=row.op, state=row.state, since=row.created
                )
                for row in rows
            ),
        )
