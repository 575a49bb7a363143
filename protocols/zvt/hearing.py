"""What the terminal says, errand by errand, and what we answer (PA00P015 ch. 1.2, 3).

While the terminal leads, each of its messages gets `80 00 00`; a result gets it only after it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from protocols.core.evidence import is_baseline, judge, same_transaction
from protocols.core.facts import Orphan
from protocols.core.operations import Reconcile, Recover, StoreCard, amount_of
from protocols.core.outcomes import (
    Approved,
    Evidence,
    NotStarted,
    TerminalRecord,
    Unknown,
)
from protocols.core.session import Alert, Mono, Progress
from protocols.zvt import codes
from protocols.zvt.asking import Asking
from protocols.zvt.data_objects import Message
from protocols.zvt.ending import Ending, answers_another
from protocols.zvt.greeting import Greeting, is_registration, told_time
from protocols.zvt.messages import (
    AbortedByTerminal,
    Completion,
    IntermediateStatus,
    Negative,
    Positive,
    PrintBlock,
    PrintLine,
    SetEcrClock,
    StatusInformation,
)
from protocols.zvt.results import answers, keys_of, outcome_of, record_of, refusal, tells_transaction
from protocols.zvt.steps import Errand, Event, Step
from protocols.zvt.text import as_meant

if TYPE_CHECKING:
    from protocols.zvt.session import ZvtSession

_ABORT_INSTRUCTION = 0x1E
_WRONG_CURRENCY = 0x6F
_MOST_RESULTS = 30  # of one dialogue: a PIN typed wrong tells a few; each is a line in the journal


class Hearing:
    """Reads the terminal's messages for one session; all state is the session's."""

    def __init__(self, session: ZvtSession) -> None:
        self._session = session
        self._known: Mapping[str, str] = {}  # the last transaction that this terminal has told us of
        self._asked: Errand | None = None  # our question that the dialogue we had lost (OLD) went over
        self._live = False  # the terminal has told in this dialogue what it waits for: nobody repeats that
        self._greeting = Greeting(session)
        self._asking = Asking(session, self._greeting)
        self._ending = Ending(session, self._greeting, self._asking, self._refused)
        self._readers: Mapping[type, Callable[..., None]] = {
            Positive: self._positive,
            Negative: self._negative,
            IntermediateStatus: self._intermediate,
            StatusInformation: self._status,
            Completion: self._ending.completed,
            AbortedByTerminal: self._ending.aborted,
            PrintLine: self._print,
            PrintBlock: self._print,
        }

    def hear(self, message: Message, now: Mono) -> None:
        """Take one whole message."""
        session = self._session
        if message.masked:
            session.tell(Alert("card_number_masked", {"count": str(message.masked)}))
        if not isinstance(message, Positive | Negative):
            self._led(now, message)
        elif session.line.holds_command:
            session.line.disturbed = True  # an answer to what we never said
            return
        self._readers.get(type(message), self._polite)(message, now)

    def _led(self, now: Mono, message: Message) -> None:
        """A command of the terminal: it leads, whether or not it answered our command first."""
        session = self._session
        if isinstance(message, Completion) and self._answers_asked(message):
            self._asked_is_taken()
        if isinstance(message, Completion) and answers_another(session.errand, message):
            return  # told twice, or late: nothing begins with it
        if session.allows(Event.TAKEN):
            if not _may_answer(session.errand, message):
                # Our question was not answered: the terminal goes on with a dialogue that we lost.
                self._asked, session.errand, self._live = session.errand, Errand.OLD, False
            session.move(Event.LEADS)
        elif session.errand is None and session.allows(Event.LEADS) and session.recovers:
            self._asked, session.errand, self._live = None, Errand.OLD, False  # busy, now it tells why
            session.retries.rest()
            session.move(Event.LEADS)
        if session.errand is not None:
            minutes = message.timeout_minutes if isinstance(message, IntermediateStatus) else None
            session.line.led(now, minutes)

    def _polite(self, message: Message, now: Mono) -> None:
        """The terminal's clock, menus and the like: taken note of."""
        if isinstance(message, SetEcrClock):
            self._session.clock.hear(told_time(message), now)
        self._session.say(Positive(), now)

    # --- answers to our commands ----------------------------------------------------------------

    def _positive(self, _message: Positive | Negative, now: Mono) -> None:
        session = self._session
        if session.errand is Errand.OLD and self._asked is not None and session.recovers:
            self._asked_is_taken()
        if not session.allows(Event.TAKEN):
            return  # the answer to our 06 B0, or to nobody: neither tells an outcome
        session.move(Event.TAKEN)
        session.line.led(now)
        if session.errand is Errand.WORK:
            self._taken(now)

    def _answers_asked(self, message: Completion) -> bool:
        """Whether this is the answer to our status enquiry, given after the end of the dialogue that we had
        lost: a sale's own end tells no terminal status (PA00P015 ch. 2.55)."""
        session = self._session
        waits = session.errand is Errand.OLD and self._asked is Errand.ENQUIRE and session.recovers
        return waits and message.terminal_status is not None

    def _asked_is_taken(self) -> None:
        """The terminal takes our question: it has given up the dialogue that we had lost, and whether it
        booked the result that it told there is what the question is for. Beside an abort of ours, whose
        answer this may be, the dialogue may go on; it concludes nothing any more."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        dialogue.outcome = dialogue.record = None
        if not dialogue.abort_sent:
            session.errand, self._asked = self._asked, None

    def _taken(self, now: Mono) -> None:
        """The terminal has our command: without this mark its last transaction proves less later."""
        session = self._session
        dialogue = session.dialogue
        if dialogue is not None and dialogue.books and not dialogue.taken:
            dialogue.taken = True
            session.mark("step_done", {"taken": "yes"}, session.send_abort)
        else:
            session.send_abort(now)

    def _negative(self, message: Negative, now: Mono) -> None:
        session = self._session
        if not session.allows(Event.TAKEN):
            return  # 84 83 to our 06 B0: too late; the dialogue itself will tell the outcome
        if message.code == 0:
            self._positive(message, now)  # 84 00 accepts, as 80 00 does (PA00P015 ch. 2.2.8)
            return
        # 84 1E with data is an abort dressed as an answer: the result is in the data (seen at registration)
        dressed = message.code == _ABORT_INSTRUCTION and message.data[:1] > b"\0"
        code = message.data[0] if dressed else message.code
        session.line.refuse(code, now)
        if session.options.transport == "tcp" or code == codes.BUSY:
            self.unanswered(now)  # a busy terminal goes on, but with a dialogue that is not ours

    def unanswered(self, now: Mono) -> None:
        """Nothing more came in time: the refusal stands, or there was no answer at all."""
        session = self._session
        code, errand = session.line.refused, session.errand
        if code is None:
            session.lost("no_answer", now)
            return
        session.finish_errand(now)
        self._refused(errand, code, now)

    def _refused(self, errand: Errand | None, code: int, now: Mono) -> None:
        session = self._session
        if errand is Errand.REGISTER and code == codes.BUSY:
            session.lost("terminal_busy", now)
        elif errand is Errand.REGISTER:
            why = "wrong_currency" if code == _WRONG_CURRENCY else "registration_refused"
            currency = session.options.currency
            session.unfit(why, f"it refused to be registered in {currency} ({code:02X})", currency, now)
        elif errand is Errand.NOTE and code == codes.BUSY:
            evidence = Evidence("dialogue", seen={"refused": f"{code:02X}"})
            session.conclude(NotStarted(code="terminal_busy", evidence=evidence))
        elif errand is Errand.NOTE:
            self._asking.noted(now, empty=code == session.options.nothing_stored_code)
        elif errand is Errand.READ:
            self._asking.read_refused(code, now)
        elif errand is Errand.ENQUIRE:
            # 84 9C: busy; an unsupported enquiry (84 83) tells nothing against it
            self._asking.enquired(code, now)
        elif errand is Errand.WORK and session.dialogue is not None:
            evidence = Evidence("dialogue", seen={"refused": f"{code:02X}"})
            if session.line.disturbed and session.dialogue.books:
                # The refusal may be of another frame that came with ours: then ours may run all the same.
                session.conclude(Unknown(code="no_result", evidence=evidence, ask_again_s=0.0))
                return
            outcome = refusal(code, evidence, session.dialogue.sought)
            if not isinstance(outcome, NotStarted):
                # A refused command has done nothing, whatever the reason is called.
                outcome = NotStarted(code=codes.result(code).slug, evidence=evidence)
            session.conclude(outcome)

    def unheard(self, now: Mono) -> None:
        """The terminal may have missed an answer of ours. Only one that waits for people, or for its host,
        has reason to say nothing now."""
        session = self._session
        dialogue = session.dialogue
        waits = session.errand in (Errand.WORK, Errand.OLD) and not (dialogue and dialogue.result_seen)
        if session.step is Step.LED and not waits:
            session.line.soon(now)

    # --- while the terminal leads ---------------------------------------------------------------

    def _intermediate(self, message: IntermediateStatus, now: Mono) -> None:
        session = self._session
        session.say(Positive(), now)
        self._live = True
        dialogue = session.dialogue
        if dialogue is not None and session.errand in (Errand.WORK, Errand.OLD):
            shown = codes.prompt(message.status)
            text = as_meant(" ".join(message.display_lines)) or None
            session.tell(
                Progress(dialogue.sought.operation_id, shown.state, shown.slug, shown.waiting_on, text)
            )
            if session.errand is Errand.WORK:
                self._taken(now)  # some terminals begin without answering first
            else:
                session.send_abort(now)

    def _print(self, message: PrintLine | PrintBlock, now: Mono) -> None:
        session = self._session
        if session.dialogue is not None:
            session.dialogue.receipts.add(message)
        session.say(Positive(), now)

    def _status(self, message: StatusInformation, now: Mono) -> None:
        session = self._session
        dialogue, errand = session.dialogue, session.errand
        if dialogue is not None and errand is Errand.WORK and answers(message, dialogue.sought):
            self._result(message, now)
        elif dialogue is not None and errand in (Errand.NOTE, Errand.READ):
            if tells_transaction(message):
                dialogue.record = record_of(message, dialogue.sought, session.options)
                self._known = dialogue.record.keys
            session.say(Positive(), now)
        elif errand in (Errand.REGISTER, Errand.ENQUIRE) and not tells_transaction(message):
            self._introduced(message, now)
        elif errand is Errand.OLD and session.recovers:
            self._late(message, now)
        else:
            if dialogue is not None and errand is Errand.WORK:
                dialogue.outcome = (
                    None  # the end that comes now is a stranger's: what was seen is to be asked
                )
            self._orphan(message, now)

    def _introduced(self, message: StatusInformation, now: Mono) -> None:
        """Some terminals say here who they are, and nothing in the completion that follows."""
        session = self._session
        if self._greeting.is_foreign(message.terminal_id):
            session.finish_errand(now)
        if self._greeting.identified(message.terminal_id, now):
            session.say(Positive(), now)

    def _result(self, message: StatusInformation, now: Mono) -> None:
        """A result of our own command. A second one may come (PIN repeated): the last one counts."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        keys = keys_of(message)
        session.clock.hear(keys.get("at"), now)
        if not dialogue.results and self._told_before(keys):
            session.say(Positive(), now)
            session.lost("out_of_step", now)
            return
        evidence = Evidence("dialogue", agrees=("dialogue",), seen=keys)
        dialogue.approved_before = dialogue.approved_before or isinstance(dialogue.outcome, Approved)
        dialogue.outcome = outcome_of(message, dialogue.sought, session.options, evidence)
        self._book_result(message, now)

    def _told_before(self, keys: Mapping[str, str]) -> bool:
        """Whether this is the last result that we know once more: it answers a question, and is not ours."""
        at = keys.get("at")
        return at is not None and at == self._known.get("at") and same_transaction(self._known, keys)

    def _book_result(self, message: StatusInformation, now: Mono) -> None:
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        dialogue.result_seen = True
        dialogue.results += 1
        if dialogue.results > _MOST_RESULTS:
            session.lost("flood", now)
            return
        code = message.result_code
        keys = {**keys_of(message), "result": "none" if code is None else f"{code:02X}"}
        if isinstance(dialogue.outcome, Approved):
            keys["approved"] = "yes"
        self._known = keys
        if message.amount_minor is not None:
            keys["amount_minor"] = str(message.amount_minor)
        session.mark("result_seen", keys, self._acknowledge)

    def _acknowledge(self, now: Mono) -> None:
        """`80 00 00` to 04 0F: from here on the terminal may book (PA00P015 ch. 2.2.8)."""
        session = self._session
        session.say(Positive(), now)
        dialogue = session.dialogue
        if dialogue is not None and isinstance(dialogue.sought, StoreCard) and session.errand is Errand.WORK:
            self._ending.end(now)  # 06 C0 has no completion: its status information ends it

    def _late(self, message: StatusInformation, now: Mono) -> None:
        """A result within a dialogue that we had lost: ours if it is about our amount, and not the last
        transaction before ours told once more (a question of ours may have been lost too)."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        assert isinstance(dialogue.operation, Recover)
        asked = amount_of(dialogue.sought)
        record = record_of(message, dialogue.sought, session.options, stored=False)
        is_batch = record.keys.get("kind") == "batch"
        if is_baseline(dialogue.operation, record):
            session.say(Positive(), now)
        elif asked is not None and record.amount not in (None, asked):
            self._orphan(message, now)
        elif isinstance(dialogue.sought, Reconcile) is not is_batch or not self._live:
            # Somebody else's, or the answer to a question asked before us: kept, and then asked about.
            self._orphan(message, now)
        else:
            dialogue.record = record
            dialogue.outcome = judge(dialogue.operation, (record,), "late_message")
            self._book_result(message, now)

    def _orphan(self, message: StatusInformation, now: Mono) -> None:
        """A result for nobody is kept before it is acknowledged. One that we know is only told once more: an
        answer of ours was lost."""
        session = self._session
        keys = {**keys_of(message), "result": f"{message.result_code or 0:02X}"}
        told = all(self._known.get(name) == keys.get(name) for name in ("result", "terminal_id"))
        if told and same_transaction(self._known, keys):
            self._orphan_kept(now)
            return
        self._known = keys
        if message.amount_minor is not None:
            keys = {**keys, "amount_minor": str(message.amount_minor)}
        session.tell(Alert("orphan_result", {"receipt": message.receipt or "?"}))
        session.persist(Orphan(TerminalRecord(keys)), self._orphan_kept)

    def _orphan_kept(self, now: Mono) -> None:
        session = self._session
        session.say(Positive(), now)
        if session.errand is Errand.OLD and not session.recovers:
            session.line.soon(now)  # a card that was only read has no other end


def _may_answer(errand: Errand | None, message: Message) -> bool:
    """Whether a terminal that says this without 80 00 00 can mean our command."""
    if errand is Errand.REGISTER:
        return isinstance(message, Completion) and is_registration(message)
    if errand is Errand.ENQUIRE:
        return isinstance(message, Completion) and message.terminal_status is not None
    return errand in (Errand.WORK, Errand.READ)
