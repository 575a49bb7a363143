"""What the terminal answers when it is asked: its status, its last transaction before ours and after."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from protocols.core.evidence import judge, noted
from protocols.core.operations import Recover
from protocols.core.outcomes import Evidence, NotStarted, Outcome, Unknown
from protocols.core.session import Mono
from protocols.zvt.codes import BUSY
from protocols.zvt.greeting import Greeting, told_time
from protocols.zvt.messages import Completion
from protocols.zvt.steps import Errand
from protocols.zvt.terminal_clock import goes_on

if TYPE_CHECKING:
    from protocols.zvt.session import ZvtSession


class Asking:
    """Reads the answers to 05 01 and 06 20; all state is the session's."""

    def __init__(self, session: ZvtSession, greeting: Greeting) -> None:
        self._session = session
        self._greeting = greeting

    def enquired(self, status: int, now: Mono, message: Completion | None = None) -> None:
        """The status enquiry is over: `status` is the terminal's own, or why it refused to tell."""
        session = self._session
        if message is not None:
            if message.software:
                session.peer = replace(session.peer, software=message.software)
            if not self._greeting.identified(message.tlv_terminal_id, now):
                return
            session.clock.hear(told_time(message), now)
            self._compare_clocks(told_time(message), now)
        dialogue = session.dialogue
        if dialogue is None:
            return  # an idle probe: it is there
        # Anything but busy is left to the terminal: it refuses by itself what it cannot do in that state.
        if dialogue.plan is None or status != BUSY:
            session.go_on(now)
        elif dialogue.recovering:
            session.hold(now)
        else:
            evidence = Evidence("dialogue", seen={"status": f"{status:02X}"})
            session.conclude(NotStarted(code="terminal_busy", evidence=evidence))

    def _compare_clocks(self, told: str | None, now: Mono) -> None:
        """Whether the stamp of a transaction still tells how long after our command it was made."""
        dialogue = self._session.dialogue
        if dialogue is None or not isinstance(dialogue.operation, Recover):
            return
        sought, notes = dialogue.operation, noted(dialogue.operation)
        if sought.asked is not None:
            since_s = (sought.asked - sought.attempt.wall).total_seconds() + now - dialogue.begun
            clock_after_s = int(notes.get("clock_after_s", "0"))
            dialogue.steady = goes_on(notes.get("clock"), told, since_s - clock_after_s)

    def answered(self, errand: Errand, now: Mono) -> None:
        """06 0F after 06 20. Without a transaction, that may have been lost on the way: a terminal gives up
        repeating it and ends. So it is asked once more before it counts as having none."""
        dialogue = self._session.dialogue
        assert dialogue is not None
        if dialogue.record is None and not dialogue.asked_again:
            dialogue.asked_again = True
            self._session.start(errand, now)
        elif errand is Errand.NOTE:
            self.noted(now)
        else:
            self._judged(now)

    def noted(self, now: Mono, *, empty: bool = False) -> None:
        """The baseline: what the terminal's last transaction was before ours. A refusal proves nothing:
        only the code that is known to mean so says that there was none."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        record = dialogue.record
        if record is not None:
            if not self._greeting.identified(record.keys.get("terminal_id"), now):
                return
            dialogue.notes = {f"last.{name}": value for name, value in record.keys.items()}
        clock = session.clock.reads(now)
        if clock is not None:
            dialogue.notes["clock"] = clock
            dialogue.notes["clock_after_s"] = str(int(now - dialogue.begun))
        dialogue.notes["baseline"] = "known" if record else ("empty" if empty else "unreadable")
        dialogue.record = None
        session.go_on(now)

    def read_refused(self, code: int, now: Mono) -> None:
        """06 20 was refused: proof of nothing, unless the code is known to mean that nothing is stored."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        if code == BUSY:
            session.hold(now)
        elif code != session.options.nothing_stored_code:
            session.conclude(_unreadable())
        else:
            assert isinstance(dialogue.operation, Recover)
            self._conclude(judge(dialogue.operation, (), "last"), now)

    def _judged(self, now: Mono) -> None:
        """Hold what came against the marks."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        assert isinstance(dialogue.operation, Recover)
        record = dialogue.record
        if record is None:
            session.conclude(_unreadable())
        elif self._greeting.identified(record.keys.get("terminal_id"), now):
            self._conclude(judge(dialogue.operation, (record,), "last", steady=dialogue.steady), now)

    def _conclude(self, outcome: Outcome, now: Mono) -> None:
        """Only the terminal that took the command can tell that it did not book it. One that has not told
        on this line who it is is registered and asked once more: it holds nothing that this could disturb."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        if outcome.code != "not_booked" or self._is_the_one():
            session.conclude(outcome)
        elif not session.registered:
            dialogue.record = None
            dialogue.plan = deque([Errand.REGISTER, Errand.READ])
            session.go_on(now)
        else:
            evidence = outcome.evidence
            session.conclude(Unknown(code="terminal_unidentified", owner="human", evidence=evidence))

    def _is_the_one(self) -> bool:
        """Whether this is the terminal that took the command, as far as it can be known. To which one another
        journal gave an order is known only where the settings name the terminal."""
        session = self._session
        dialogue = session.dialogue
        assert dialogue is not None
        expected = session.options.terminal_id if dialogue.strangers else dialogue.expected_terminal
        if expected is None:
            return not dialogue.strangers and session.capabilities.identity != "none"
        return dialogue.identified or (session.registered and session.peer.terminal_id == expected)


def _unreadable() -> Outcome:
    """Some terminals do not repeat their last result: then only a human can look (sheet chapter 5)."""
    return Unknown(code="terminal_cannot_tell", owner="human", evidence=Evidence("last", differs=("last",)))
