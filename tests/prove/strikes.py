"""What each fault does to the world when it strikes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from protocols.contract.commands import OCCUPYING
from protocols.zvt.data_objects import Message
from simulator.faults import Fault as TerminalFault
from simulator.zvt.effects import PlanFault, PowerCut
from tests.prove import terminals
from tests.prove.agent import Process
from tests.prove.backend import Backend, Command
from tests.prove.broker import Broker
from tests.prove.cable import Cable, Station, Way
from tests.prove.disk import Disk
from tests.prove.double import Double
from tests.prove.loop import AgentClock
from tests.prove.matrix import AT_A_MOMENT, Stage
from tests.prove.schedule import Fault

_HARMS = frozenset({"split", "merge", "drop", "corrupt", "duplicate", "delay", "noise", "foreign_frame"})
_NOTHING = ("not_started", "cancelled", "declined")
_UNKNOWN_CODE = 0x99  # a host code that no table has: proves nothing
NOTHING_STORED = 0xFB  # how the terminals of the histories say that they have no last transaction
_ASKED_BEFORE = frozenset({"committed", "card", "pin", "host", "result_seen"})
_RESTORING_S = 7.0  # nobody restores a file within the two seconds of the broker's will
_BY_HAND_AFTER_S = 60.0
_FREE_LIMIT_S = 150.0  # how long people wait for a busy terminal before they go


class Strikes:
    """One method for each kind of fault that is not a harm of bytes. The world is made of these and more."""

    clock: AgentClock
    disk: Disk
    cable: Cable
    backend: Backend
    broker: Broker
    ours: Station
    foreign: Station
    process: Process | None
    double: Double
    stage: Stage
    op_index: int
    amount_now: int
    last_trouble_s: float
    _open: dict[str, Stage]
    _planned_at: dict[str, str]
    _yanks: int

    def say(self, text: str) -> None:
        """One line of the story."""
        raise NotImplementedError

    def kill(
        self, again_in_s: float, *, power: bool = False, then: Callable[[], object] | None = None
    ) -> None:
        """End the agent's process."""
        raise NotImplementedError

    def stands_in_ledger(self, command: Command) -> bool:
        """Whether the acquirer's ledger holds by now what was asked."""
        raise NotImplementedError

    def knows_a_transaction(self) -> bool:
        """Whether something was booked before the operation at hand was given."""
        raise NotImplementedError

    def booked_before(self, command: Command) -> bool:
        """Whether the terminal had stored anything before this command was given."""
        raise NotImplementedError

    def _count(self, kind: str) -> None:
        raise NotImplementedError

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
        self._later(seconds, lambda yank=self._yanks: self._push(yank))  # type: ignore[misc]  # as in desk: a default of a lambda

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
        """It refuses to tell its last transaction; or says that there is none, where there was one before the
        operation at hand."""
        lost = (
            fault.value % 2
            and self.stage in _ASKED_BEFORE
            and self.knows_a_transaction()
            and not any(self._open_since_empty(one) for one in self.backend.commands.values())
        )
        planned = TerminalFault(
            when="command",
            what="refuse",
            command="repeat_receipt",
            value=NOTHING_STORED if lost else 0x83,
            times=1 if lost else 1 + fault.value % 3,
        )
        self.ours.do(self.ours.device.do(PlanFault(planned), self._now()))

    def _open_since_empty(self, command: Command) -> bool:
        """Whether the terminal may still be asked about this one, before which it had stored nothing."""
        return command.op in OCCUPYING and command.final is None and not self.booked_before(command)

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

    def _at_hand(self) -> Command | None:
        """The newest operation that is open; the last one where nothing is."""
        name = next(reversed(self._open), "")
        ours = [command for command in self.backend.commands.values() if command.op in OCCUPYING]
        return self.backend.commands.get(name, ours[-1] if ours else None)

    def _abort(self, _fault: Fault) -> None:
        target = self._at_hand()
        if target is not None:
            self.backend.order("abort", self.op_index, {"target_operation_id": target.id}, 60.0, 0.0)

    def _resolve(self, fault: Fault) -> None:
        """A human's word on the operation at hand, wanted or not."""
        target = self._at_hand()
        if target is not None:
            self.decide(target, fault.value)

    def decide(self, target: Command, value: int) -> None:
        """As the ledger says by now or (one in four) against it; one in four says it twice, one in eight
        changes their mind."""
        true, nothing = self.stands_in_ledger(target), _NOTHING[value % len(_NOTHING)]
        first = "approved" if true != (value % 4 == 0) else nothing
        other = nothing if first == "approved" else "approved"
        words = {0: (first, first), 1: (first, other), 2: (first, first)}.get(value // 4 % 8, (first,))
        for number, verdict in enumerate(words):
            fields = {
                "target_operation_id": target.id,
                "verdict": verdict,
                "evidence": f"slip {len(self.backend.commands)}",
                "by": "staff-2",
                "reason": "we looked at the terminal",
            }
            self.say(f"desk: {target.id[-4:]} is {verdict}, says a human")
            self.backend.order("resolve", self.op_index, fields, 60.0, 0.5 * number)

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

    def _second_agent(self, fault: Fault) -> None:
        self.double.start()
        self._later(max(fault.seconds, 7.0), self.double.stop)

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
        """The second time at once, or when it has come back to what it delivered last."""
        self.broker.doubles += 1 + fault.value % 5
        self.broker.double_after_s = 0.0 if fault.value % 2 else fault.seconds

    def _broker_swaps(self, fault: Fault) -> None:
        self.broker.swaps += 1 + fault.value % 3
        self.broker.cut(0.2)

    def _early_ack(self, _fault: Fault) -> None:
        """The next message is acknowledged by the library, and the process dies before it looks at it."""
        self.broker.early_acks = 1

    def _backend_restart(self, _fault: Fault) -> None:
        self.backend.restart()
