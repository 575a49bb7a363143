"""One reader with its vault as a terminal: causes in with the time, ordered effects out.

An order is one request to the vault under the operation's own id. Before it the mark `committed` is on disk;
its answer ends the operation, except that a card which is to be kept is verified first, marked, and then kept
by that verification's reference: each step can be asked for, or repeated, without the card's frame.
The frame lives here only between the reader and the vault's answer. Two such sessions make a whole terminal:
one with the reader, and one without it for what needs the vault alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from protocols.core.bookings import Bookings, GoOn
from protocols.core.card_source import CardSource, Ready
from protocols.core.deadlines import soonest
from protocols.core.errors import LocalError
from protocols.core.facts import Concluded, Mark, Stage
from protocols.core.outcomes import Cancelled, Evidence, NotStarted, Outcome, with_abort
from protocols.core.retries import Retries, due
from protocols.core.session import (
    Abort,
    Begin,
    Capabilities,
    Cause,
    Closed,
    Effect,
    Greet,
    Mono,
    Opened,
    Peer,
    Persisted,
    Phase,
    Progress,
    Received,
    Status,
    Tell,
    Wake,
)
from protocols.core.vault import NoAnswer, Vault, VaultAnswer, VaultRequest
from protocols.reader_vault.capabilities import capabilities_of
from protocols.reader_vault.capturing import Capturing
from protocols.reader_vault.dialogue import Dialogue, dialogue_of
from protocols.reader_vault.options import ReaderVaultOptions
from protocols.reader_vault.ordering import Ordering
from protocols.reader_vault.recovering import Recovering
from protocols.reader_vault.standing import parts_of, reason_of, resting_phase
from protocols.reader_vault.steps import STEPS, Event, Step

_LONGEST_REDIAL_S = 5.0
_AT_WORK = {
    Step.REACHING: Phase.PREPARING,
    Step.CARD: Phase.PREPARING,
    Step.LOOKING: Phase.PREPARING,
}


class ReaderVaultSession:
    """One lane of one terminal. `source` None: what needs the vault alone."""

    def __init__(self, options: ReaderVaultOptions, vault: Vault, source: CardSource | None) -> None:
        self.options = options
        self.vault = vault
        self.source = source
        self.dialogue: Dialogue | None = None
        self.step = Step.FREE
        self._out: list[Effect] = []
        self._bookings = Bookings()
        self._retries = Retries(_LONGEST_REDIAL_S, options.probe_s)
        self._reachable: bool | None = None  # as the vault was last met; None before that
        self._greeted = False
        self._told: Status | None = None
        self._capturing = Capturing(self)
        self._recovering = Recovering(self)
        self.ordering = Ordering(self, self._capturing)
        self._handlers: Mapping[type, Callable[..., None]] = {
            Begin: self._begin,
            Abort: self._abort,
            Greet: self._greet,
            Opened: self._of_link,
            Received: self._of_link,
            Closed: self._of_link,
            Persisted: self._persisted,
            Wake: self._wake,
        }
        self._answered: Mapping[Step, Callable[[VaultAnswer | NoAnswer, Mono], None]] = {
            Step.LOOKING: self.ordering.looked,
            Step.ASKED: self.ordering.asked,
            Step.SEEKING: self._recovering.sought,
            Step.KEEPING: self.ordering.kept,
        }

    # --- the contract ---------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Where the terminal stands, as the rest of the agent sees it."""
        if self.dialogue is not None:
            if self.dialogue.recovering or self.step is Step.ENDING:
                return Phase.SETTLING
            return _AT_WORK.get(self.step, Phase.COMMITTED)
        return resting_phase(self.source, self._reachable, greeted=self._greeted)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do with this reader."""
        return capabilities_of(self.options, self.source)

    def next_deadline(self) -> Mono | None:
        """The earliest of all that is awaited."""
        times = [self.vault.next_deadline(), *self._retries.deadlines()]
        if self.source is not None:
            times.append(self.source.next_deadline())
        if self.dialogue is not None:
            times.append(self.dialogue.card_by)
        return soonest(*times)

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
        self._retries.rest()
        dialogue = self.dialogue = dialogue_of(cause.operation, cause.attempt, cause.commit_before)
        if dialogue.recovering:
            if self.source is not None and self.source.ready is Ready.DOWN:
                # After a restart the question comes first; the reader need not wait for its end.
                self.emit(self.source.handle(Greet(), now))
            self._recovering.begin(dialogue, now)
            return
        self.move(Event.REACH)
        self.emit(self.vault.reach(now))
        self._look_at_vault(now)

    def _abort(self, cause: Abort, now: Mono) -> None:
        dialogue = self.dialogue
        if dialogue is None or dialogue.sought.operation_id != cause.operation_id:
            return
        dialogue.abort_asked = True
        if self.step in (Step.REACHING, Step.CARD):
            self.conclude(Cancelled(code="aborted", evidence=Evidence("never_sent")), now)

    def _greet(self, cause: Greet, now: Mono) -> None:
        self._greeted = True
        if self.source is not None:
            self.emit(self.source.handle(cause, now))
        if self.dialogue is None and not self.vault.busy:
            self.emit(self.vault.reach(now))
            self._look_at_vault(now)

    def _of_link(self, cause: Opened | Received | Closed, now: Mono) -> None:
        if cause.link.to == "gateway":
            self.emit(self.vault.handle(cause, now))
            self._look_at_vault(now)
        elif self.source is not None:
            self.emit(self.source.handle(cause, now))
            self._capturing.look(now)

    def _persisted(self, cause: Persisted, now: Mono) -> None:
        self._bookings.done(cause.ref)(now)

    def _wake(self, cause: Wake, now: Mono) -> None:
        if self.source is not None:  # first: what ends an order is booked, and nothing may follow that
            self.emit(self.source.handle(cause, now))
            self._capturing.look(now)
        self.emit(self.vault.handle(cause, now))
        self._look_at_vault(now)
        dialogue = self.dialogue
        if dialogue is not None and due(dialogue.card_by, now):
            self._capturing.timed_out(now)
        elif dialogue is None and (due(self._retries.probe_at, now) or due(self._retries.redial_at, now)):
            self._retries.rest()
            self.emit(self.vault.reach(now))
            self._look_at_vault(now)

    # --- the vault ------------------------------------------------------------------------------

    def _look_at_vault(self, now: Mono) -> None:
        vault = self.vault
        answer = vault.take_answer()
        if answer is not None and self.step in self._answered:
            self._answered[self.step](answer, now)
        elif self.step is Step.REACHING and vault.reached:
            self.ordering.reached(now)
        elif self.step is Step.REACHING and vault.why:
            seen = {"why": vault.why}
            self.conclude(
                NotStarted(code="vault_unreachable", evidence=Evidence("never_sent", seen=seen)), now
            )
        self._note_reach(now)

    def _note_reach(self, now: Mono) -> None:
        """What is known of the way to the vault; while nothing is at work it is looked at now and then. An
        opening that is under way tells nothing yet."""
        vault, retries = self.vault, self._retries
        if vault.reached or vault.why:
            self._reachable = vault.reached
        if self.dialogue is not None:
            return
        if vault.why and retries.redial_at is None:
            retries.rest()
            retries.redial(now)
        elif self._reachable and retries.probe_at is None and retries.redial_at is None:
            retries.reached()
            retries.probe(now)

    # --- what everybody here uses ---------------------------------------------------------------

    def emit(self, effects: Iterable[Effect]) -> None:
        """To be done, in order."""
        self._out.extend(effects)

    def ask(self, event: Event, request: VaultRequest, now: Mono) -> None:
        """Ask the vault."""
        self.move(event)
        self.emit(self.vault.ask(request, now))

    def mark(self, stage: Stage, keys: Mapping[str, str], go_on: GoOn) -> None:
        """Book a mark of the current attempt, then go on."""
        dialogue = self.current()
        self.move(Event.MARK)
        dialogue.keys |= keys
        fact = Mark(dialogue.sought.operation_id, dialogue.attempt.no, stage, dict(keys))
        self._out.append(self._bookings.ask(fact, go_on))

    def conclude(self, outcome: Outcome, now: Mono) -> None:
        """End the attempt; nothing of a card stays, and the terminal is free once the end is on disk."""
        dialogue = self.current()
        dialogue.wipe()
        dialogue.card_by = None
        if self.source is not None and self.source.ready is Ready.ARMED:
            self.emit(self.source.disarm(now))
        if dialogue.abort_asked:
            outcome = with_abort(outcome)
        self.move(Event.END)
        fact = Concluded(dialogue.sought.operation_id, dialogue.attempt.no, outcome)
        self._out.append(self._bookings.ask(fact, self._concluded))

    def _concluded(self, now: Mono) -> None:
        self.dialogue = None
        self.move(Event.FREED)
        self._note_reach(now)

    def progress(self, state: str, code: str, waiting_on: str) -> None:
        """Tell what is awaited."""
        name = self.current().sought.operation_id
        self._out.append(Tell(Progress(name, state, code, waiting_on)))  # type: ignore[arg-type]  # words of the two literals

    def move(self, event: Event) -> None:
        """The one place where the step changes."""
        self.step = STEPS.step(self.step, event)

    def current(self) -> Dialogue:
        """The operation in work. Raises LocalError where there is none."""
        if self.dialogue is None:
            raise LocalError("no_operation", "no operation is in work")
        return self.dialogue

    def _tell_status(self) -> None:
        phase, source = self.phase, self.source
        parts = parts_of(source, self.vault, self._reachable)
        peer = source.peer if source is not None else Peer("")
        status = Status(phase, reason_of(phase, source, parts), peer, self.capabilities, parts)
        if status != self._told:
            self._told = status
            self._out.append(Tell(status))
