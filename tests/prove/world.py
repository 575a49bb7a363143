"""Everything around the agent in one history, and the hand that lets the planned faults strike."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from protocols.contract.commands import MONEY
from protocols.contract.messages import Message as BrokerMessage
from protocols.contract.topics import AgentTopics
from simulator.acquirer.ledger import MemoryLedger
from simulator.cards import CARDS
from terminal_agent.settings import Settings
from terminal_agent.terminal.lanes import Endpoints
from tests.prove import disk, terminals
from tests.prove.agent import Process
from tests.prove.backend import Backend, Command
from tests.prove.broker import Broker
from tests.prove.cable import Cable
from tests.prove.checker import Books, Others, Violation
from tests.prove.disk import Disk
from tests.prove.double import Double
from tests.prove.loop import START_S, AgentClock, TrueTime
from tests.prove.matrix import Stage
from tests.prove.schedule import Plan, Step
from tests.prove.strikes import Strikes

OTHERS = Others(CARDS[terminals.BY_HAND].brand, CARDS[terminals.CROSSED].brand)
# Where an effect lies. Between two of different sorts lies what must not change places: a mark and its bytes.
_SORTS = {
    "before a write": "disk",
    "before a sync": "disk",
    "after a sync": "disk",
    "before an opening": "line",
    "before bytes to the terminal": "line",
    "after bytes to the terminal": "line",
    "before bytes to the agent": "line",
    "before a message": "broker",
    "after a message": "broker",
}
# Stages that a terminal's own messages tell, also while the agent no longer knows how it will end.
_TOLD_BY_THE_TERMINAL = ("card", "pin", "host", "result_seen")
_TAKES_EVIDENCE = (
    "second_agent",
    "forgetful",
    "hand_sale",
    "other_ecr",
    "crossed",
    "own_end_of_day",
    "other_terminal",
    "journal_deleted",
    "journal_old",
    "wrong_clock",
    "clock_jump",
)
TOPICS = AgentTopics("clinic-1", "agent-1")


class World(Strikes):
    """One station, its cloud, its people. `say` tells the story, when somebody listens."""

    def __init__(self, plan: Plan, settings: Settings, folder: Path, story: list[str] | None) -> None:
        self.plan = plan
        self.chance = Random(f"world {plan.seed}")
        self.time = TrueTime()
        self.clock = AgentClock()
        self.ledger = MemoryLedger()
        self.disk = Disk(self._disk_effect)
        self.cable = Cable(self.effect, tcp=plan.transport == "tcp")
        self.backend = Backend(TOPICS, self.time, Random(f"backend {plan.seed}"))
        self.broker = Broker(self.chance, TOPICS, self._to_backend)
        self.backend.send_to_broker = self.broker.send
        self.broker.on_handed = self.backend.handed
        self.broker.on_early_ack = lambda: self.kill(1.0)
        self.own_tasks: set[asyncio.Task[object]] = set()
        self.process: Process | None = None
        self.boots = 0
        self.stage: Stage = "idle"
        self.op_index = -1
        self.amount_now = 1000
        self.struck: Counter[tuple[str, str]] = Counter()
        self.kinds: set[str] = set()
        self.doubted: set[str] = set()
        self.crashes: list[BaseException] = []
        self.last_trouble_s = 0.0
        self._open: dict[str, Stage] = {}
        self._settings = settings
        self._folder = folder
        self._story = story
        self._pending = list(plan.faults)
        self._counts = [0] * len(self._pending)
        self._last_sort = ""
        self._calm = False
        self._hungry = False  # the last command: what has not struck yet takes what it gets
        self._yanks = 0
        self.ours = terminals.station_of(plan, terminals.OURS, self.ledger, self.time.wall, self._noted)
        self.foreign = terminals.station_of(plan, terminals.FOREIGN, self.ledger, self.time.wall, self._noted)
        self.cable.plug(self.ours)
        self._planned_at: dict[str, str] = {}
        self.double = Double(self, lambda number, its: self._process(number, its, second=True))

    # --- the story ----------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """One line of the story."""
        if self._story is not None:
            self._story.append(f"{self._now() - START_S:9.3f}  {text}")

    def _noted(self, text: str) -> None:
        self.say(text)
        if ": fault: " in text:
            what = text.partition(": fault: ")[2]
            kind = self._planned_at.get(what)
            if kind is not None:
                self._count(kind)

    def _to_backend(self, message: BrokerMessage) -> None:
        if self._story is not None and message.topic.endswith(("/evt/alert", "/state")):
            data = json.loads(message.payload)["data"]
            self.say(
                f"backend hears: {data.get('state', 'alert')} {data.get('code')} {data.get('details', '')}"
            )
        self.backend.hear(message)

    def _count(self, kind: str) -> None:
        self.struck[kind, self.stage] += 1
        if self.stage in _TOLD_BY_THE_TERMINAL and next(reversed(self._open), "") in self.doubted:
            self.struck[kind, "in_doubt"] += 1  # its dialogue goes on, and its end is still not known
        self.kinds.add(kind)
        self.last_trouble_s = asyncio.get_running_loop().time()

    # --- effects and stages -------------------------------------------------------------------------

    def stands(self, operation_id: str, stage: Stage | None) -> None:
        """An operation stands here now; None: it has ended."""
        if stage is None:
            self._open.pop(operation_id, None)
        else:
            self._open.pop(operation_id, None)
            self._open[operation_id] = stage
            if stage == "in_doubt":
                self.doubted.add(operation_id)
        now: Stage = next(reversed(self._open.values()), "idle")
        if now != self.stage:
            self.stage = now
            self._counts = [0] * len(self._pending)
            self.say(f"agent: operation {operation_id[-4:]} stands at {stage or 'its end'}")

    def _disk_effect(self, what: str) -> None:
        if self.process is not None and not self.process.dead:
            self.effect(what)

    def effect(self, what: str) -> None:
        """Something is about to change outside, or has changed: does a fault strike?"""
        if self._calm or not self._pending:
            return
        turned, self._last_sort = _SORTS[what] != self._last_sort, _SORTS[what]
        for place, fault in enumerate(self._pending):
            if fault.after_op > self.op_index or not (fault.stage == self.stage or self._hungry):
                continue
            if fault.between and not turned:
                continue
            if self._counts[place] < fault.skip:
                self._counts[place] += 1
                continue
            del self._pending[place], self._counts[place]
            self.say(f"FAULT {fault.kind} ({fault.seconds:g} s, {fault.value}) {what}, stage {self.stage}")
            self._strike(fault)
            return

    def next_command(self, index: int, last: bool, amount_minor: int) -> None:
        """The desk is about to send its next command."""
        self.op_index, self._hungry = index, last
        self.amount_now = amount_minor

    def console_expects(self, step: Step) -> None:
        """The patient of this step is the next at the terminal."""
        for station in (self.ours, self.foreign):
            cardholder = terminals.console_of(station).cardholder
            if isinstance(cardholder, terminals.Patient):
                cardholder.expect(step)

    @property
    def is_up(self) -> bool:
        """Whether the agent's process runs."""
        return self.process is not None and not self.process.dead and self.process.app is not None

    @property
    def is_connected(self) -> bool:
        """Whether the broker's session is this agent's, or nobody took it away."""
        return self.process is None or self.process.link is None or not self.process.link.stays_away

    @property
    def outbox_depth(self) -> int:
        """Facts that the backend has not acknowledged yet."""
        return self.process.outbox_depth if self.process is not None and self.double.process is None else 1

    @property
    def story(self) -> list[str] | None:
        """What was told so far, where somebody listens."""
        return self._story

    def crashed(self, context: dict[str, object]) -> None:
        """Something died that nobody had asked for."""
        error = context.get("exception")
        if self.process is not None and not self.process.dead and isinstance(error, Exception):
            self.crashes.append(error)
            self.say(f"crash: {error!r}")

    # --- the process --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the agent on what the disk holds."""
        if self.process is not None and not self.process.dead:
            return
        if self.process is not None:
            self.process.forget_lock()
        self.boots += 1
        self._open.clear()
        self.stage = "idle"
        self.say(f"agent: start {self.boots}")
        self.process = self.double.outside.run(self._process, self.boots, self.disk)

    def _process(self, number: int, its_disk: Disk, *, second: bool = False) -> Process:
        return Process(self, self._settings, self._folder, number, its_disk, second=second)

    def kill(
        self, again_in_s: float, *, power: bool = False, then: Callable[[], object] | None = None
    ) -> None:
        """kill -9, or the machine goes down; the agent is started again after a while."""
        process = self.process
        if process is None or process.dead:
            return
        process.die()
        disk.insert(self.disk)
        if power:
            self.disk.lose_power(self.chance)
        else:
            self.disk.restart()
        if then is not None:
            then()
        self.vanish(process)
        asyncio.get_running_loop().call_later(max(again_in_s, 0.3), self.start)

    def endpoints(self, process: Process) -> Endpoints:
        """What its workers open."""
        return {"terminal": process.new_port}

    def vanish(self, process: Process) -> None:
        """What the others notice when a process is gone."""
        self.broker.gone_with(process.link)
        if process.holds_port:
            self.cable.end("closed", "the process is gone")

    # --- the end ------------------------------------------------------------------------------------

    def calm(self) -> None:
        """Nothing goes wrong any more: what is broken is repaired, what was unplugged is plugged in."""
        self._calm = True
        self.disk.full = self.disk.fails = False
        self.cable.muted.clear()
        self.cable.harms = {"to_terminal": [], "to_agent": []}
        self.clock.jumped_s = 0.0
        self.broker.loses = self.broker.doubles = self.broker.swaps = self.broker.early_acks = 0
        self._push(self._yanks)
        self.double.stop()
        self.say("calm: from here on nothing goes wrong")

    def end(self) -> None:
        """Sweep up."""
        self.double.end()
        if self.process is not None:
            self.process.dead = True
            self.process.forget_lock()
        self.disk.scrap()

    def never_ready(self, within_s: float) -> list[Violation]:
        """I10: the journal opens after every start, and the agent says that it is there."""
        process = self.process
        if process is None or process.failed is not None:
            why = "it was not started again" if process is None else repr(process.failed)
            return [Violation("I10", f"the agent does not run at the end: {why}")]
        if process.app is None:
            return [Violation("I10", "the journal did not open")]
        life = process.life
        if (
            self.backend.ready_at.get(life) is None
            and self._now() - max(process.started_s, self.broker.back_s) > within_s
        ):
            return [Violation("I10", f"boot {life[1]} was never heard of by the backend")]
        return []

    def stands_in_ledger(self, command: Command) -> bool:
        """Whether the acquirer's ledger holds by now what was asked."""
        if command.op not in MONEY:
            return False
        return bool(self.books().of(command, self.backend.commands.get(command.original or "")).standing)

    def books(self) -> Books:
        """The ledger's lines by the command that caused them."""
        misled = tuple(map(self.time.wall_of, self.cable.misled_s))
        return Books(self.ledger.lines(), tuple(self.backend.commands.values()), OTHERS, misled)

    def knows_a_transaction(self) -> bool:
        """Whether something was booked before the operation at hand was given."""
        target = self._at_hand()
        return target is not None and self.booked_before(target)

    def booked_before(self, command: Command) -> bool:
        """Whether the terminal had stored anything before this command was given."""
        first = self.time.wall_of(command.handed_s or 0.0)
        return any(line.at < first for line in self.ledger.lines())

    def lost_evidence(self, command: Command, left: Mapping[str, Any]) -> str:
        """What had taken the proof away before the agent could ask, or that it was there all the time."""
        if command.views and command.views[0]["state"] == "in_doubt":
            return "ordered before a start of the agent that does not know it"
        for kind in _TAKES_EVIDENCE:
            if kind in self.kinds:
                return kind
        if not self.plan.tells_empty and not self.booked_before(command):
            return "a terminal that does not say that it is empty"
        if left.get("evidence", {}).get("differs") == ["at"]:
            return "stamped so late that it could be a payment by hand"
        return "evidence held"
