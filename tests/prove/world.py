"""Everything around the agent in one history, and the hand that lets the planned faults strike."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from protocols.contract.messages import Message as BrokerMessage
from protocols.contract.topics import AgentTopics
from protocols.zvt.data_objects import Message
from simulator.acquirer.ledger import MemoryLedger
from simulator.faults import Fault as TerminalFault
from simulator.zvt.effects import PlanFault, PowerCut
from terminal_agent.settings import Settings
from tests.prove import terminals
from tests.prove.agent import Process
from tests.prove.backend import Backend, Command
from tests.prove.broker import Broker
from tests.prove.cable import Cable, Way
from tests.prove.checker import Violation
from tests.prove.disk import Disk
from tests.prove.loop import AgentClock, TrueTime
from tests.prove.schedule import AT_A_MOMENT, Fault, Plan, Stage, Step

TOPICS = AgentTopics("clinic-1", "agent-1")
_HARMS = frozenset({"split", "merge", "drop", "corrupt", "duplicate", "delay", "noise", "foreign_frame"})
_UNKNOWN_CODE = 0x99  # a host code that no table has: proves nothing
_RESTORING_S = 7.0  # nobody restores a file within the two seconds of the broker's will
_BY_HAND_AFTER_S = 60.0
_FREE_LIMIT_S = 150.0  # how long people wait for a busy terminal before they go


class World:
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
        self._calm = False
        self._hungry = False  # the last command: what has not struck yet takes what it gets
        self._yanks = 0
        self.ours = terminals.station_of(plan, terminals.OURS, self.ledger, self.time.wall, self._noted)
        self.foreign = terminals.station_of(plan, terminals.FOREIGN, self.ledger, self.time.wall, self._noted)
        self.cable.plug(self.ours)
        self._planned_at: dict[str, str] = {}

    # --- the story ----------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """One line of the story."""
        if self._story is not None:
            self._story.append(f"{asyncio.get_running_loop().time() - 1000:9.3f}  {text}")

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
        for place, fault in enumerate(self._pending):
            if fault.after_op > self.op_index or not (fault.stage == self.stage or self._hungry):
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
    def outbox_depth(self) -> int:
        """Facts that the backend has not acknowledged yet."""
        return self.process.outbox_depth if self.process is not None else 1

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
        self.process = Process(self, self._settings, self._folder, self.boots)

    def kill(
        self, again_in_s: float, *, power: bool = False, then: Callable[[], object] | None = None
    ) -> None:
        """kill -9, or the machine goes down; the agent is started again after a while."""
        process = self.process
        if process is None or process.dead:
            return
        process.die()
        if power:
            self.disk.lose_power(self.chance)
        else:
            self.disk.restart()
        if then is not None:
            then()
        if process.app is not None:
            self.broker.gone_with(process)
        self.cable.end("closed", "the process is gone")
        asyncio.get_running_loop().call_later(max(again_in_s, 0.3), self.start)

    # --- faults -------------------------------------------------------------------------------------

    def _strike(self, fault: Fault) -> None:
        if fault.kind not in AT_A_MOMENT:
            self._count(fault.kind)
        if fault.kind in _HARMS:
            way: Way = "to_agent" if fault.value % 2 else "to_terminal"
            self.cable.harms[way].append((fault.kind, min(fault.seconds, 7.0), fault.value))
            return
        getattr(self, f"_{fault.kind}")(fault)

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, do)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _trouble(self, what: str, times: int = 1) -> None:
        for _ in range(times):
            self.ours.device._line.trouble(what)

    def _nak_storm(self, fault: Fault) -> None:
        self._trouble("nak", 1 + fault.value % 4)

    def _lost_ack(self, fault: Fault) -> None:
        self._trouble("lose_ack", 1 + fault.value % 3)

    def _repeated_frame(self, _fault: Fault) -> None:
        self._trouble("twice")

    def _silence(self, fault: Fault) -> None:
        self._mute({"to_terminal", "to_agent"}, fault.seconds)

    def _half_open(self, fault: Fault) -> None:
        self._mute({"to_agent" if fault.value % 2 else "to_terminal"}, fault.seconds)

    def _mute(self, ways: set[Way], seconds: float) -> None:
        self.cable.muted |= ways
        self._later(seconds, lambda: self.cable.muted.difference_update(ways))

    def _cut(self, fault: Fault) -> None:
        self._pull(fault.seconds)

    def _replugged(self, fault: Fault) -> None:
        self.cable.path = f"/dev/ttyUSB{1 + fault.value % 4}"
        self._pull(min(fault.seconds, 7.0))

    def _pull(self, seconds: float) -> None:
        self.cable.unplug()
        self._yanks += 1
        self._later(seconds, lambda yank=self._yanks: self._push(yank))  # type: ignore[misc]

    def _push(self, yank: int) -> None:
        if yank == self._yanks and self.cable.station is not self.ours:
            self.cable.unplug()
            self.cable.plug(self.ours)
            self.last_trouble_s = self._now()
            self.say("cable: our terminal is plugged in again")

    def _other_terminal(self, fault: Fault) -> None:
        self._pull(max(fault.seconds, 7.0) + 1.0)
        yank = self._yanks
        self._later(0.5, lambda: self.cable.plug(self.foreign) if yank == self._yanks else None)

    def _plan(self, kind: str, **keys: object) -> None:
        planned = TerminalFault(**keys)  # type: ignore[arg-type]  # the fields of each row below
        self._planned_at[f"{planned.what} at {planned.when}"] = kind
        self.ours.do(self.ours.device.do(PlanFault(planned), self._now()))

    def _busy(self, fault: Fault) -> None:
        self._plan("busy", when="command", what="busy", times=1 + fault.value % 2)

    def _hung(self, fault: Fault) -> None:
        moment = ("command", "answered", "host")[fault.value % 3]
        self._plan("hung", when=moment, what="silence", seconds=fault.seconds * 5 + 1.0)

    def _power_lost(self, fault: Fault) -> None:
        self.ours.do(self.ours.device.do(PowerCut(fault.seconds), self._now()))
        self._later(fault.seconds + 0.01, self.ours.arm)

    def _power_before_booking(self, fault: Fault) -> None:
        moment = ("before_result", "result_sent")[fault.value % 2]
        self._plan("power_before_booking", when=moment, what="power_cut", seconds=fault.seconds)

    def _power_after_booking(self, fault: Fault) -> None:
        moment = ("booked", "completed")[fault.value % 2]
        self._plan("power_after_booking", when=moment, what="power_cut", seconds=fault.seconds)

    def _late_answer(self, fault: Fault) -> None:
        moment = ("answered", "before_result", "booked")[fault.value % 3]
        self._plan("late_answer", when=moment, what="delay", seconds=fault.seconds)

    def _slow(self, fault: Fault) -> None:
        self._plan("slow", when="host", what="delay", seconds=fault.seconds)

    def _approved_late(self, fault: Fault) -> None:
        self._plan("approved_late", when="host", what="delay", seconds=fault.seconds + 200.0)

    def _host_timeout(self, fault: Fault) -> None:
        self._plan("slow", when="host", what="delay", seconds=30.0)
        self._plan("host_timeout", when="host", what="decline", value=91)

    def _unmasked(self, _fault: Fault) -> None:
        self._plan("unmasked", when="before_result", what="whole_card_numbers")

    def _unreachable(self, _fault: Fault) -> None:
        self._plan("unreachable", when="host", what="decline", value=_UNKNOWN_CODE)

    def _forgetful(self, fault: Fault) -> None:
        planned = TerminalFault(
            when="command", what="refuse", command="repeat_receipt", value=0x83, times=1 + fault.value % 3
        )
        self.ours.do(self.ours.device.do(PlanFault(planned), self._now()))

    def _wrong_clock(self, fault: Fault) -> None:
        console = terminals.console_of(self.ours)
        console.state.clock_offset_s += (fault.value - 128) * 60.0
        console.save()

    def _when_free(self, do: Callable[[], None], until_s: float) -> None:
        if terminals.is_idle(self.ours):
            do()
        elif self._now() < until_s:
            self._later(1.0, lambda: self._when_free(do, until_s))

    def _by_hand(self, *messages: Message) -> None:
        terminals.used_by_hand(self.ours, *messages)
        self.last_trouble_s = self._now()
        self.say("people: used the terminal by hand")

    def _own_end_of_day(self, _fault: Fault) -> None:
        self._when_free(lambda: self._by_hand(terminals.end_of_day()), self._now() + _FREE_LIMIT_S)

    def _hand_sale(self, fault: Fault) -> None:
        self._while_out(fault, terminals.sale_by_hand(self.amount_now))

    def _other_ecr(self, fault: Fault) -> None:
        sale = terminals.sale_by_hand(self.amount_now)
        self._while_out(fault, terminals.registration_of_another(), sale)

    def _crossed(self, _fault: Fault) -> None:
        """Another ECR's payment reaches our cable while we say nothing on it ourselves."""
        sale, until_s = terminals.sale_by_hand(self.amount_now + 1), self._now() + _FREE_LIMIT_S

        def begin() -> None:
            if self.stage in ("idle", "needs_human"):
                terminals.begun_by_another(self.ours, sale)
            elif self._now() < until_s:
                self._later(1.0, lambda: self._when_free(begin, until_s))

        self._when_free(begin, until_s)

    def _while_out(self, fault: Fault, *messages: Message) -> None:
        """The cable is out; as soon as the terminal is free it is used by hand; then the cable is back."""
        self._pull(_FREE_LIMIT_S + _BY_HAND_AFTER_S + 20.0)
        yank = self._yanks

        started_s = self._now()

        def use() -> None:
            if yank == self._yanks:
                self._by_hand(*messages)
                self._later(2.0, lambda: self._push(yank))

        # Nobody sees that the cable is out, goes there and types an amount in less time.
        wait_s = max(fault.seconds, _BY_HAND_AFTER_S)
        self._later(wait_s, lambda: self._when_free(use, started_s + wait_s + _FREE_LIMIT_S))

    def _abort(self, _fault: Fault) -> None:
        target = next(reversed(self._open), None)
        if target is not None:
            self.backend.order("abort", self.op_index, {"target_operation_id": target}, 60.0, 0.0)

    def _walks_away(self, _fault: Fault) -> None:
        cardholder = terminals.console_of(self.ours).cardholder
        if isinstance(cardholder, terminals.Patient):
            cardholder.walk_away()

    def _disk_full(self, fault: Fault) -> None:
        self.disk.full = True
        self._later(fault.seconds, self._disk_mended)

    def _disk_fails(self, fault: Fault) -> None:
        self.disk.fails = True
        self._later(fault.seconds, self._disk_mended)

    def _disk_mended(self) -> None:
        """The disk works again; an agent whose journal failed is restarted, as its text says."""
        self.disk.full = self.disk.fails = False
        process = self.process
        if process is not None and (process.app is None or process.app.money_stopped):
            self.kill(1.0)

    def _machine_down(self, fault: Fault) -> None:
        self.kill(fault.seconds, power=True)

    def _kill(self, fault: Fault) -> None:
        self.kill(fault.seconds)

    def _journal_deleted(self, fault: Fault) -> None:
        self.kill(fault.seconds, then=self.disk.delete)

    def _journal_old(self, fault: Fault) -> None:
        self.kill(max(fault.seconds, _RESTORING_S), then=self.disk.restore)

    def _clock_jump(self, fault: Fault) -> None:
        self.clock.jumped_s += ((-3600.0, -30.0, 30.0, 3600.0)[fault.value % 4]) - self.clock.jumped_s
        self._later(max(fault.seconds, 7.0), self._clock_set_right)

    def _clock_set_right(self) -> None:
        self.clock.jumped_s = 0.0
        self.last_trouble_s = self._now()

    def _broker_away(self, fault: Fault) -> None:
        self.broker.cut(fault.seconds)

    def _takeover(self, fault: Fault) -> None:
        self.broker.cut(60.0, forget=True)

    def _broker_loses(self, fault: Fault) -> None:
        """It restarts without its persistence: what it had taken just before is lost."""
        self.broker.loses += 1 + fault.value % 5
        self._later(1.0, lambda: self.broker.cut(0.5, forget=True))

    def _broker_doubles(self, fault: Fault) -> None:
        self.broker.doubles += 1 + fault.value % 5

    def _broker_swaps(self, fault: Fault) -> None:
        self.broker.swaps += 1 + fault.value % 3
        self.broker.cut(0.2)

    def _early_ack(self, _fault: Fault) -> None:
        """The next message is acknowledged by the library, and the process dies before it looks at it."""
        self.broker.early_acks = 1

    def _backend_restart(self, _fault: Fault) -> None:
        self.backend.restart()

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
        self.say("calm: from here on nothing goes wrong")

    def end(self) -> None:
        """Sweep up."""
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

    def _booked_before(self, command: Command) -> bool:
        """Whether the terminal had stored anything before this command was given."""
        first = self.time.wall_of(command.handed_s or 0.0)
        return any(line.at < first for line in self.ledger.lines())

    def lost_evidence(self, command: Command) -> str:
        """What had taken the proof away before the agent could ask, or that it was there all the time."""
        for kind in ("forgetful", "hand_sale", "other_ecr", "crossed", "own_end_of_day", "other_terminal"):
            if kind in self.kinds:
                return kind
        for kind in ("journal_deleted", "journal_old", "wrong_clock"):
            if kind in self.kinds:
                return kind
        if not self.plan.tells_empty and not self._booked_before(command):
            return "a terminal that does not say that it is empty"
        return "evidence held"
