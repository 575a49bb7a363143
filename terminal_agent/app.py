"""The composition root: settings in, a running agent out. Everything is made and wired here, nowhere else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

from protocols.contract import messages
from protocols.contract.messages import Message, Stamp
from protocols.contract.projections import AgentState, ContractRange, Info, OpenEntry, TerminalEntry
from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from protocols.contract.wording import words
from protocols.contract.words import AgentStateWord
from terminal_agent.clock import BackendTime, Clock, SystemClock
from terminal_agent.cloud.answers import Answers
from terminal_agent.cloud.inbox import Inbox
from terminal_agent.cloud.link import Link
from terminal_agent.cloud.notices import Notices
from terminal_agent.cloud.outbox import Outbox
from terminal_agent.cloud.syncing import Syncing
from terminal_agent.cloud.tls import client_context
from terminal_agent.cloud.traffic import Inbound, LinkConfig
from terminal_agent.commands.lifecycle import Applied, Lifecycle
from terminal_agent.journal.codec import to_ms
from terminal_agent.journal.reserve import Reserve
from terminal_agent.journal.sqlite import SqliteJournal, open_journal
from terminal_agent.observability.counters import Counters
from terminal_agent.observability.health import HealthReport
from terminal_agent.observability.logs import get_logger
from terminal_agent.settings import Settings
from terminal_agent.supervision.signals import asking_to_stop
from terminal_agent.supervision.supervisor import Supervisor
from terminal_agent.supervision.unit import Crash, Unit
from terminal_agent.tallies import Tallies
from terminal_agent.terminal.fleet import Fleet, make_worker

log = get_logger(__name__)

Entropy = Callable[[int], bytes]
_MIB = 1024 * 1024
# How long a stop waits for the terminals to finish what they are at; after it, restart and recovery.
_STOP_GRACE_S = 10.0
_HEALTH_EVERY_S = 60.0
# Changes of the open operations are told together, at most this often.
_REPORT_PAUSE_S = 1.0
_UPKEEP_EVERY_S = 300.0


def agent_version() -> str:
    """The installed version, or `checkout` when the agent runs from its source."""
    try:
        return version("terminal-agent")
    except PackageNotFoundError:
        return "checkout"


class App:
    """One agent. Make it with `await App.make(settings)`, then `await app.run()`."""

    def __init__(self, settings: Settings, journal: SqliteJournal, clock: Clock, entropy: Entropy) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._entropy = entropy
        self._topics = AgentTopics(settings.agent.clinic, settings.agent.id, settings.broker.root_topic)
        self._backend_time = BackendTime(clock, settings.clock.max_offset_s)
        self._lifecycle = Lifecycle(journal, clock)
        self._counters = Counters()
        self._link = Link(
            self._link_config(),
            will=self._will,
            on_message=self._received,
            on_connected=self._connected,
            on_alert=self._alert,
            on_lost=lambda why: log.info("broker_lost", why=why),
        )
        self._notices = Notices(self._topics, self._link, clock, entropy, lambda: journal.head)
        self._outbox = Outbox(journal, self._link, self._topics)
        self._report_wanted = asyncio.Event()
        self._stop = asyncio.Event()
        self._fleet = self._make_fleet()
        self._syncing = Syncing(
            journal=journal,
            lifecycle=self._lifecycle,
            fleet=self._fleet,
            backend_time=self._backend_time,
            alert=self._alert,
            moved=self._moved,
        )
        self._inbox = self._make_inbox()
        self._supervisor = Supervisor(on_crash=self._crashed, on_money_stopped=self._money_stopped)
        self._since = clock.wall()
        self._word: AgentStateWord = "init"
        self._health = HealthReport(
            journal=journal,
            journal_path=settings.journal_path,
            clock=clock,
            backend=self._backend_time,
            counters=self._counters,
            certificate=settings.broker.tls.certificate if settings.broker.tls else None,
        )
        tallies = Tallies(self._counters, clock)
        self._lifecycle.listen(self._fleet.heard)
        self._lifecycle.listen(self._outbox.applied)
        self._lifecycle.listen(tallies.heard)
        self._lifecycle.listen(self._applied)

    @classmethod
    async def make(cls, settings: Settings, clock: Clock | None = None, entropy: Entropy = os.urandom) -> App:
        """Open the journal and wire everything. Raises JournalUnusable."""
        clock = clock or SystemClock()
        path = settings.journal_path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        reserve = Reserve(
            path.with_suffix(".reserve"),
            settings.journal.reserve_mib * _MIB,
            settings.journal.floor_mib * _MIB,
        )
        journal = await open_journal(path, clock, entropy, reserve=reserve)
        return cls(settings, journal, clock, entropy)

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then finish what is at work, say goodbye, close."""
        head = self._journal.head
        log.info("agent_started", agent=self._settings.agent.id, epoch=head.epoch, boot=head.boot)
        with asking_to_stop(self._stop.set):
            for unit in self._units():
                self._supervisor.add(unit)
            await self._stop.wait()
            await self._wind_down()
        log.info("agent_stopped")

    # --- the parts --------------------------------------------------------------------------------

    def _units(self) -> tuple[Unit, ...]:
        return (
            Unit("notices", self._notices.run),
            Unit("outbox", self._outbox.run),
            Unit("link", self._link.run),
            *self._fleet.units(),
            Unit("report", self._keep_reporting),
            Unit("upkeep", self._keep_tidy),
        )

    def _make_fleet(self) -> Fleet:
        workers = {
            terminal.id: make_worker(
                terminal,
                lifecycle=self._lifecycle,
                journal=self._journal,
                clock=self._clock,
                herald=self._notices,
                entropy=self._entropy,
            )
            for terminal in self._settings.terminals
        }
        return Fleet(workers, self._report_wanted.set)

    def _make_inbox(self) -> Inbox:
        answers = Answers(self._lifecycle, self._fleet, self._backend_time, self._clock)
        return Inbox(
            topics=self._topics,
            journal=self._journal,
            lifecycle=self._lifecycle,
            fleet=self._fleet,
            publisher=self._link,
            syncing=self._syncing,
            answers=answers,
            backend_time=self._backend_time,
            clock=self._clock,
            entropy=self._entropy,
            stopping=self._stop.is_set,
        )

    def _link_config(self) -> LinkConfig:
        broker = self._settings.broker
        tls = None
        if broker.tls is not None:
            tls = client_context(
                broker.tls.ca, broker.tls.certificate, broker.tls.key, broker.tls.server_name
            )
        return LinkConfig(
            host=broker.host,
            port=broker.port,
            topics=self._topics,
            tls=tls,
            protocol=broker.protocol,
            keepalive_s=broker.keepalive_s,
            session_expiry_s=broker.session_expiry_s,
        )

    # --- the agent's own state ----------------------------------------------------------------------

    def _will(self) -> Message:
        """What the broker says when we vanish."""
        return self._state_message("lost")

    def _state_message(self, word: AgentStateWord) -> Message:
        now = self._clock.wall()
        stamp = Stamp(make_ulid(to_ms(now), self._entropy(10)), now)
        return messages.state(self._topics, "state", self._state(word), stamp)

    def _state(self, word: AgentStateWord, code: str | None = None) -> AgentState:
        if word != self._word:
            self._word, self._since = word, self._clock.wall()
        head = self._journal.head
        return AgentState(
            state=word,
            epoch=head.epoch,
            boot=head.boot,
            since=self._since,
            code=code,
            text=words(code) if code else None,
        )

    def _tell_state(self) -> None:
        if self._stop.is_set():
            return
        code = self._trouble()
        self._notices.state("state", self._state("degraded" if code else "ready", code))

    def _trouble(self) -> str | None:
        """Why money is not taken now, if it is not."""
        if self._supervisor.money_stopped is not None:
            return "money_stopped"
        if not self._journal.head.synced:
            return "journal_new"
        if not self._backend_time.trusted:
            return "clock_untrusted"
        return "disk_low" if self._journal.space().low else None

    def _info(self) -> Info:
        standings = self._fleet.standings()
        open_rows = [row for standing in standings.values() for row in standing.open.values()]
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
                for row in open_rows
            ),
        )

    # --- what happens -------------------------------------------------------------------------------

    async def _received(self, inbound: Inbound) -> None:
        await self._inbox.receive(inbound)

    async def _connected(self) -> None:
        self._tell_state()
        self._notices.state("info", self._info())
        self._notices.all_anew()
        self._outbox.connected()

    def _moved(self) -> None:
        self._outbox.wake()
        self._tell_state()

    def _applied(self, _applied: Applied) -> None:
        self._report_wanted.set()

    def _alert(self, code: str, details: Mapping[str, str]) -> None:
        self._notices.alert(code, details)

    def _crashed(self, crash: Crash) -> None:
        self._alert("unit_crashed", {"unit": crash.unit, "code": crash.code})

    def _money_stopped(self, why: str) -> None:
        self._alert("money_stopped", {"why": why})
        self._tell_state()

    async def _keep_reporting(self) -> None:
        while True:
            self._notices.state("health", await self._health.read())
            self._notices.state("info", self._info())
            self._tell_state()
            try:
                async with asyncio.timeout(_HEALTH_EVERY_S):
                    await self._report_wanted.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(_REPORT_PAUSE_S)
            self._report_wanted.clear()

    async def _keep_tidy(self) -> None:
        while True:
            await asyncio.sleep(_UPKEEP_EVERY_S)
            before = self._clock.wall() - timedelta(days=self._settings.journal.retention_days)
            pruned = await self._journal.prune(before)
            if pruned:
                log.info("journal_pruned", operations=pruned)
            if all(standing.asking is None for standing in self._fleet.standings().values()):
                await self._journal.tidy()

    async def _wind_down(self) -> None:
        """No new work; what is at work may end; then each unit, the link last, and the journal."""
        self._notices.state("state", self._state("stopping", "shutting_down"))
        await self._fleet.idle(_STOP_GRACE_S)
        terminals = [unit.name for unit in self._fleet.units()]
        await self._supervisor.stop([*terminals, "report", "upkeep"])
        self._notices.state("state", self._state("disconnected", "shutting_down"))
        await self._notices.flush()
        await self._supervisor.stop()
        await self._journal.aclose()


async def run(settings: Settings) -> None:
    """Run an agent until it is asked to stop. Raises JournalUnusable, OSError for unreadable certificates."""
    app = await App.make(settings)
    await app.run()
