"""The ECR side of one ZVT terminal (PA00P015, PA00P016): causes in with the time, ordered effects out.

An operation is a plan of errands (register, enquire, note the baseline, work). Before the first byte with an
effect the mark `committed` is on disk with all the keys a later query needs; a result is on disk before it is
acknowledged, because the terminal books on our acknowledgement; the terminal's own end concludes.
What the terminal says is read in `hearing`, who it is in `greeting`, what it is asked in `asking`, when it is
called in `connecting`; only this file changes the session's step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from protocols.core.bookings import Bookings, GoOn
from protocols.core.deadlines import soonest
from protocols.core.errors import DecodingError, LocalError
from protocols.core.facts import Concluded, Fact, Mark, Stage
from protocols.core.operations import Recover
from protocols.core.outcomes import Cancelled, Evidence, NotStarted, Outcome, Unknown
from protocols.core.retries import due
from protocols.core.session import (
    Abort,
    Alert,
    Begin,
    Capabilities,
    Cause,
    Closed,
    Effect,
    Greet,
    Mono,
    Notice,
    Opened,
    Peer,
    Persisted,
    Phase,
    Received,
    Status,
    Tell,
    Wake,
)
from protocols.zvt import requests
from protocols.zvt.capabilities import capabilities_of
from protocols.zvt.codec import decode, encode
from protocols.zvt.connecting import Connecting
from protocols.zvt.data_objects import Message
from protocols.zvt.dialogue import MOST_HOLDS, Dialogue, phase_of, plan_of
from protocols.zvt.hearing import Hearing
from protocols.zvt.line import Line, News
from protocols.zvt.link import Arrived, Failed, Lapsed
from protocols.zvt.losing import lost_outcome, stopped
from protocols.zvt.messages import Abort as AbortCommand
from protocols.zvt.options import ZvtOptions
from protocols.zvt.steps import STEPS, Errand, Event, Step
from protocols.zvt.terminal_clock import TerminalClock

# Told once in each exchange: they come as often as the peer likes.
_ONCE = frozenset({"line_noise", "garbage", "card_number_masked"})


class ZvtSession:
    """One terminal. Built once with its options; survives every loss of its line."""

    def __init__(self, options: ZvtOptions) -> None:
        self.options = options
        self.line = Line(options)
        self.dialogue: Dialogue | None = None
        self.errand: Errand | None = None
        self.peer = Peer("")
        self.registered = False
        self.terminal_id = options.terminal_id
        self.clock = TerminalClock()
        self._step = Step.DOWN
        self._why = "not_connected"
        self._out: list[Effect] = []
        self._bookings = Bookings()
        self._unread: deque[News] = deque()
        self._told: Status | None = None
        self._alerted: set[str] = set()
        self._hearing = Hearing(self)
        self._connecting = Connecting(self)
        self.retries = self._connecting.retries
        self._handlers: Mapping[type, Callable[..., None]] = {
            Begin: self._begin,
            Abort: self._abort,
            Greet: self._connecting.greet,
            Opened: self._connecting.opened,
            Received: self._received,
            Closed: self._connecting.closed,
            Persisted: self._persisted,
            Wake: self._wake,
        }

    # --- the contract ---------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Where the terminal stands, as the rest of the agent sees it."""
        return phase_of(
            self._step, self.dialogue, greeting=self._connecting.greeting, registered=self.registered
        )

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: ZVT's table, cut by the options and by what is known of its identity."""
        return capabilities_of(self.options, self.peer, self.terminal_id)

    def next_deadline(self) -> Mono | None:
        """The earliest of all that is awaited."""
        return soonest(*self.line.deadlines(), *self.retries.deadlines())

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """Take one cause; return what is to be done, in order."""
        self._out = []
        self._handlers[type(cause)](cause, now)
        self._tell_status()
        return tuple(self._out)

    # --- causes ---------------------------------------------------------------------------------

    def _begin(self, cause: Begin, now: Mono) -> None:
        if self.dialogue is not None:
            raise LocalError("busy", f"{self.dialogue.sought.operation_id} is in work; one at a time")
        recovering = isinstance(cause.operation, Recover)
        self._connecting.owed = recovering
        self.dialogue = Dialogue(
            cause.operation, cause.attempt, cause.commit_before, now, committed=recovering
        )
        if recovering and not self.dialogue.books:
            self.conclude(lost_outcome(self.dialogue, "restarted"))
        elif self._step is Step.IDLE and self.errand is None and self.line.open:
            self.go_on(now)
        elif self._step is not Step.OPENING and self.errand is None:
            self._connecting.dial()

    def _abort(self, cause: Abort, now: Mono) -> None:
        dialogue = self.dialogue
        if dialogue is None or dialogue.sought.operation_id != cause.operation_id:
            return
        dialogue.abort_asked = True
        self.line.hurry(now)
        self.send_abort(now)

    def _received(self, cause: Received, now: Mono) -> None:
        if cause.link != self.line.wire or not isinstance(cause.data, bytes):
            return
        effects, news = self.line.feed(cause.data, now)
        self.emit(effects)
        self._read(news, now)

    def _read(self, news: tuple[News, ...], now: Mono) -> None:
        self._unread.extend(news)
        self._read_on(now)

    def _read_on(self, now: Mono) -> None:
        """Read in order, one message at a time; nothing is read while a fact is being booked."""
        while self._unread and not self._bookings.waiting:
            item = self._unread.popleft()
            if isinstance(item, Arrived):
                self._decoded(item.apdu, now)
            elif isinstance(item, Failed):
                self.lost("transmission_failed", now)
            elif isinstance(item, Lapsed):
                self._hearing.unheard(now)
            else:
                self.tell(Alert("line_noise", {"kind": item.code}))

    def _decoded(self, apdu: bytes, now: Mono) -> None:
        try:
            message = decode(apdu, from_terminal=True, salvage=True)
        except DecodingError as error:
            # Answering would acknowledge what we could not read; silence leaves it to be asked.
            self.tell(Alert("garbage", {"code": error.code}))
            self.lost("garbage", now)
            return
        self._hearing.hear(message, now)

    def _persisted(self, cause: Persisted, now: Mono) -> None:
        self._bookings.done(cause.ref)(now)
        self._read_on(now)

    def _wake(self, _cause: Wake, now: Mono) -> None:
        line = self.line
        effects, news = line.wake(now)
        self.emit(effects)
        self._read(news, now)
        if due(line.answer_by, now):
            self._hearing.unanswered(now)
        elif due(line.message_by, now):
            self.lost("silent", now)
        elif due(line.silent_at, now):
            line.silent_at = None
            self.tell(Alert("silent", {"after_s": str(int(self.options.silence_alert_s))}))
        self._connecting.wake(now)

    # --- errands --------------------------------------------------------------------------------

    def go_on(self, now: Mono) -> None:
        """The next errand of the plan; before our own command comes the commit."""
        dialogue = self._current()
        if dialogue.plan is None:
            dialogue.plan = plan_of(dialogue.operation, registered=self.registered)
        errand = dialogue.plan.popleft()
        if errand is Errand.WORK:
            self._commit(now)
        else:
            self.start(errand, now)

    def start(self, errand: Errand, now: Mono) -> None:
        """Send the command of an errand."""
        request = self.dialogue.sought if self.dialogue is not None else None
        command = requests.command_of(errand, request, self.options)
        self.errand = errand
        self.retries.probe_at = None
        self._alerted.clear()
        self.move(Event.ASK)
        self.emit(self.line.ask(command, now))

    def _commit(self, now: Mono) -> None:
        """The last moment at which nothing has happened: abort and expiry end here, or it is marked."""
        dialogue = self._current()
        if dialogue.abort_asked:
            self.conclude(Cancelled(code="aborted", evidence=Evidence("never_sent")))
            return
        if now >= dialogue.commit_before:
            self.conclude(NotStarted(code="expired", evidence=Evidence("never_sent")))
            return
        try:
            encode(requests.command_for(dialogue.sought, self.options))
        except LocalError as error:
            self.conclude(NotStarted(code=error.code, evidence=Evidence("never_sent")))
            return
        keys = {**dialogue.notes, "key": dialogue.attempt.key}
        if self.terminal_id:
            keys["terminal_id"] = self.terminal_id
        self.mark("committed", keys, self._committed)

    def _committed(self, now: Mono) -> None:
        self._current().committed = True
        self.start(Errand.WORK, now)

    def finish_errand(self, now: Mono) -> None:
        """The terminal gave mastership back (or our command was refused): the line is ours again."""
        self.errand = None
        self.line.rest()
        self.move(Event.ENDED)
        self.retries.probe(now)

    def hold(self, now: Mono) -> None:
        """The terminal that is to be asked is busy, perhaps with what is sought: listen, and ask again."""
        dialogue = self._current()
        dialogue.plan = None
        dialogue.held += 1
        if dialogue.held > MOST_HOLDS:
            self.conclude(Unknown(code="terminal_busy", evidence=Evidence("dialogue"), ask_again_s=0.0))
        else:
            self.retries.ask(now)

    def greeted(self, now: Mono) -> None:
        """Registered: ready for work."""
        self.registered = True
        self._connecting.greeting = False
        self.retries.reached()
        if self.dialogue is not None:
            self.go_on(now)

    def unfit(self, why: str, detail: str, expected: str, now: Mono) -> None:
        """A terminal that must not be used: another currency, or not the one we know. `detail` says for a
        technician what was told instead of what is `expected`."""
        self.registered = self._connecting.greeting = False
        self._why = f"{why}: {detail}"
        self.tell(Alert(why, {"terminal_id": self.peer.terminal_id or "?", "expected": expected}))
        self.emit(self.line.hang_up())
        self._unread.clear()
        self.move(Event.REFUSED)
        self.retries.rest()
        self.retries.redial_after_unfit(now)
        if self.dialogue is None:
            return
        if self.dialogue.committed:
            self.conclude(Unknown(code=why, evidence=Evidence("dialogue"), ask_again_s=60.0))
        else:
            self.conclude(NotStarted(code=why, evidence=Evidence("never_sent")))

    # --- what everybody here uses ---------------------------------------------------------------

    def say(self, message: Message, now: Mono) -> None:
        """Send an answer."""
        self.emit(self.line.say(message, now))

    def emit(self, effects: Iterable[Effect]) -> None:
        """To be done, in order."""
        self._out.extend(effects)

    def tell(self, notice: Notice) -> None:
        """A lossy notice."""
        if isinstance(notice, Alert) and notice.code in _ONCE:
            if notice.code in self._alerted:
                return
            self._alerted.add(notice.code)
        self._out.append(Tell(notice))

    def send_abort(self, now: Mono) -> None:
        """06 B0 once the terminal leads and has not told a result; earlier the commit point sees the wish."""
        dialogue = self._current()
        led = self._step is Step.LED and self.errand in (Errand.WORK, Errand.OLD)
        if dialogue.abort_asked and led and not dialogue.abort_sent and not dialogue.result_seen:
            dialogue.abort_sent = True
            self.say(AbortCommand(), now)

    def mark(self, stage: Stage, keys: Mapping[str, str], go_on: GoOn) -> None:
        """Book a mark of the current attempt, then go on."""
        dialogue = self._current()
        fact = Mark(dialogue.sought.operation_id, dialogue.attempt.no, stage, dict(keys))
        self.persist(fact, go_on)

    def persist(self, fact: Fact, go_on: GoOn) -> None:
        """The barrier: nothing more is read or said until the fact is on disk."""
        self._out.append(self._bookings.ask(fact, go_on))

    def conclude(self, outcome: Outcome) -> None:
        """End the attempt with this outcome; the terminal is free once that is on disk."""
        dialogue = self._current()
        receipts = dialogue.receipts.receipts()
        if dialogue.abort_asked:
            outcome = stopped(outcome)
        fact = Concluded(dialogue.sought.operation_id, dialogue.attempt.no, outcome, receipts)
        self._connecting.owed = isinstance(outcome, Unknown) and outcome.owner == "agent"
        self.persist(fact, self._concluded)

    def _concluded(self, now: Mono) -> None:
        self.dialogue = None
        self._connecting.free(now)

    def lost(self, why: str, now: Mono) -> None:
        """The line is gone or not to be trusted. What was committed is unknown from here on, never failed."""
        self.emit(self.line.hang_up())
        self._unread.clear()
        self.move(Event.LOST)
        self.errand = None
        self.registered = False
        self._why = why
        self._connecting.left(now)
        if self.dialogue is not None:
            self.conclude(lost_outcome(self.dialogue, why))

    @property
    def recovers(self) -> bool:
        """Whether the operation in work only asks what became of an earlier attempt."""
        return self.dialogue is not None and self.dialogue.recovering

    @property
    def step(self) -> Step:
        """Who may speak on the line."""
        return self._step

    def move(self, event: Event) -> None:
        """The one place where the step changes."""
        self._step = STEPS.step(self._step, event)

    def allows(self, event: Event) -> bool:
        """Whether the table has this move now."""
        return STEPS.allows(self._step, event)

    def _current(self) -> Dialogue:
        if self.dialogue is None:
            raise LocalError("no_operation", "no operation is in work")
        return self.dialogue

    def _tell_status(self) -> None:
        phase = self.phase
        reason = self._why if phase in (Phase.DOWN, Phase.UNFIT) else phase.value
        status = Status(phase, reason, self.peer, self.capabilities)
        if status != self._told:
            self._told = status
            self.tell(status)
