"""The composition root: settings in, a running agent out. Everything is made and wired here, nowhere else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import timedelta

from protocols.contract.messages import Message
from terminal_agent.checks.devices import list_all
from terminal_agent.clock import BackendTime, Clock, SystemClock
from terminal_agent.cloud.answers import Answers
from terminal_agent.cloud.guarded import Guarded
from terminal_agent.cloud.inbox import Inbox
from terminal_agent.cloud.link import Link
from terminal_agent.cloud.notices import Notices
from terminal_agent.cloud.outbox import Outbox
from terminal_agent.cloud.syncing import Syncing
from terminal_agent.cloud.traffic import Inbound
from terminal_agent.commands.lifecycle import Applied, Lifecycle
from terminal_agent.commands.restart import begin_again
from terminal_agent.errors import JournalFailed
from terminal_agent.journal.reserve import Reserve
from terminal_agent.journal.sqlite import SqliteJournal, open_journal
from terminal_agent.observability.counters import Counters
from terminal_agent.observability.health import HealthReport
from terminal_agent.observability.logs import get_logger, when_masked
from terminal_agent.observability.tallies import Tallies
from terminal_agent.settings import Settings
from terminal_agent.supervision.signals import asking_to_stop
from terminal_agent.supervision.supervisor import Supervisor
from terminal_agent.supervision.unit import Crash, Unit
from terminal_agent.terminal.fleet import Fleet
from terminal_agent.terminal.lanes import Around, make_workers
from terminal_agent.terminal.sighting import Sighting
from terminal_agent.terminal.worker import Worker
from terminal_agent.tripwire.alarm import Alarm
from terminal_agent.voice import Voice
from terminal_agent.wiring import link_config, topics

log = get_logger(__name__)

Entropy = Callable[[int], bytes]
_MIB = 1024 * 1024
# How long a stop waits for the terminals to finish what they are at; after it, restart and recovery.
_STOP_GRACE_S = 10.0
_UPKEEP_EVERY_S = 300.0


class App:
    """One agent. Make it with `await App.make(settings)`, then `await app.run()`."""

    def __init__(
        self,
        settings: Settings,
        journal: SqliteJournal,
        clock: Clock,
        entropy: Entropy,
        alarm: Alarm | None = None,
    ) -> None:
        self._settings = settings
        self._alarm = alarm or Alarm()
        self._journal = journal
        self._clock = clock
        self._entropy = entropy
        self._stop = asyncio.Event()
        self._topics = topics(settings)
        self._backend_time = BackendTime(clock, settings.clock.max_offset_s)
        self._lifecycle = Lifecycle(journal, clock)
        self._counters = Counters()
        self._supervisor = Supervisor(on_crash=self._crashed, on_money_stopped=self._money_stopped)
        self._link = self._make_link()
        self._door = Guarded(self._link, self._alarm)
        self._notices = Notices(self._topics, self._door, clock, entropy, lambda: journal.head)
        self._outbox = Outbox(journal, self._door, self._topics, renewed=self._moved)
        self._fleet = self._make_fleet()
        self._sighting = Sighting(
            settings.terminals, list_all, self._notices.discovered, self._fleet.greet, clock
        )
        self._inbox = self._make_inbox()
        self._voice = self._make_voice()
        # The outbox first: a fact leaves before the states that follow from it.
        for heard in (self._outbox.applied, self._fleet.heard, Tallies(self._counters).heard, self._applied):
            self._lifecycle.listen(heard)

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
        alarm = Alarm()
        journal = await open_journal(path, clock, entropy, reserve=reserve, guard=alarm.guard("journal"))
        return cls(settings, journal, clock, entropy, alarm)

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then finish what is at work, say goodbye, close."""
        self._alarm.connect(self._alert)
        when_masked(lambda logger, forms: self._alarm.fired(f"log {logger}", forms))
        configured = {terminal.id for terminal in self._settings.terminals}
        await begin_again(self._journal, self._lifecycle, configured)
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
            Unit("voice", self._voice.run),
            Unit("sighting", self._sighting.run),
            Unit("upkeep", self._keep_tidy),
        )

    def _make_fleet(self) -> Fleet:
        around = Around(
            lifecycle=self._lifecycle,
            journal=self._journal,
            clock=self._clock,
            herald=self._notices,
            entropy=self._entropy,
        )
        workers: dict[str, Worker] = {}
        for terminal in self._settings.terminals:
            workers |= make_workers(terminal, around)
        return Fleet(workers, report=self._report, rescan=self._look_again)

    def _make_inbox(self) -> Inbox:
        return Inbox(
            topics=self._topics,
            journal=self._journal,
            lifecycle=self._lifecycle,
            fleet=self._fleet,
            publisher=self._door,
            syncing=Syncing(
                journal=self._journal,
                lifecycle=self._lifecycle,
                fleet=self._fleet,
                backend_time=self._backend_time,
                alert=self._alert,
                moved=self._moved,
                met=self._outbox.met,
            ),
            answers=Answers(self._lifecycle, self._fleet, self._backend_time, self._clock),
            backend_time=self._backend_time,
            clock=self._clock,
            entropy=self._entropy,
            stopping=self._stop.is_set,
        )

    def _make_link(self) -> Link:
        return Link(
            link_config(self._settings),
            will=self._will,
            on_message=self._received,
            on_connected=self._connected,
            on_alert=self._alert,
            on_lost=self._link_lost,
            on_refused=self._refused,
        )

    def _make_voice(self) -> Voice:
        tls = self._settings.broker.tls
        health = HealthReport(
            journal=self._journal,
            journal_path=self._settings.journal_path,
            clock=self._clock,
            backend=self._backend_time,
            counters=self._counters,
            certificate=tls.certificate if tls else None,
        )
        return Voice(
            settings=self._settings,
            topics=self._topics,
            journal=self._journal,
            backend_time=self._backend_time,
            clock=self._clock,
            entropy=self._entropy,
            notices=self._notices,
            fleet=self._fleet,
            health=health,
            money_stopped=lambda: self._supervisor.money_stopped,
        )

    # --- what happens -------------------------------------------------------------------------------

    # The next four are asked of parts that are made later than those that ask.

    def _report(self) -> None:
        self._voice.want()

    def _look_again(self) -> None:
        self._sighting.look_again()

    def _will(self) -> Message:
        return self._voice.will()

    async def _received(self, inbound: Inbound) -> None:
        """The first failure of the journal ends the unit and thereby stops money. Later ones must not take
        the link down again and again: through it staff read why nothing is taken. There is no reply: it could
        not be kept, and the same command might run after a restart."""
        try:
            await self._inbox.receive(inbound)
        except JournalFailed as failure:
            if self._supervisor.money_stopped is None:
                raise
            log.warning("not_answered", code=failure.code, channel=inbound.address.channel)

    async def _connected(self) -> None:
        log.info("broker_link_up", host=self._settings.broker.host)
        self._voice.born()
        self._outbox.connected()

    def _link_lost(self, why: str) -> None:
        where = f"{self._settings.broker.host}:{self._settings.broker.port}"
        log.warning("broker_link_lost", broker=where, why=why)

    def _refused(self, why: str) -> None:
        """The backend hears nothing of us then, and so cannot be told of it."""
        log.error("publish_refused", topics=self._topics.base, why=why, advice="terminal-agent check")

    def _moved(self) -> None:
        self._outbox.wake()
        self._voice.state()

    def _applied(self, _applied: Applied) -> None:
        self._voice.want()

    def _alert(self, code: str, details: Mapping[str, str]) -> None:
        self._notices.alert(code, details)

    def _crashed(self, crash: Crash) -> None:
        self._alert("unit_crashed", {"unit": crash.unit, "code": crash.code})
        terminal = self._fleet.terminal_of(crash.unit)
        if terminal is not None:
            self._counters.happened(terminal, "restarts")

    def _money_stopped(self, why: str) -> None:
        self._alert("money_stopped", {"why": why})
        self._voice.state()

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
        self._voice.leaving("stopping")
        if self._supervisor.money_stopped is None:  # else nothing is at work, whatever was begun
            await self._fleet.idle(_STOP_GRACE_S)
        terminals = [unit.name for unit in self._fleet.units()]
        await self._supervisor.stop([*terminals, "voice", "upkeep", "sighting"])
        self._voice.leaving("disconnected")
        await self._notices.flush()
        await self._supervisor.stop()
        await self._journal.aclose()


async def run(settings: Settings) -> None:
    """Run an agent until it is asked to stop. Raises JournalUnusable, CertificatesUnusable."""
    app = await App.make(settings)
    await app.run()
