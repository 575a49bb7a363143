"""How a dialogue ends: 06 0F or 06 1E (PA00P015 ch. 3.2, 3.3), and what its outcome is then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from protocols.core.operations import Reconcile, StoreCard
from protocols.core.outcomes import Approved, Cancelled, Evidence, Outcome, Unknown
from protocols.core.session import Mono
from protocols.zvt import codes
from protocols.zvt.asking import Asking
from protocols.zvt.greeting import Greeting, is_registration
from protocols.zvt.messages import AbortedByTerminal, Completion, Positive
from protocols.zvt.results import refusal, told_by
from protocols.zvt.steps import Errand

if TYPE_CHECKING:
    from protocols.zvt.session import ZvtSession

Refused = Callable[[Errand | None, int, Mono], None]


class Ending:
    """Reads the terminal's ends, errand by errand; all state is the session's."""

    def __init__(self, session: ZvtSession, greeting: Greeting, asking: Asking, refused: Refused) -> None:
        self._session = session
        self._greeting = greeting
        self._asking = asking
        self._refused = refused

    def completed(self, message: Completion, now: Mono) -> None:
        """06 0F."""
        session = self._session
        session.say(Positive(), now)
        errand = session.errand
        if errand is None:
            return
        if answers_another(errand, message):
            return  # a late answer to a question that we had repeated: that to our newer one follows
        if errand is Errand.OLD and not session.recovers:
            session.lost("out_of_step", now)
        elif errand is Errand.REGISTER:
            session.finish_errand(now)
            self._greeting.registered(message, now)
        elif errand is Errand.ENQUIRE:
            session.finish_errand(now)
            self._asking.enquired(message.terminal_status or 0, now, message)
        elif errand in (Errand.NOTE, Errand.READ):
            session.finish_errand(now)
            self._asking.answered(errand, now)
        else:
            self.end(now, message.result_code)

    def aborted(self, message: AbortedByTerminal, now: Mono) -> None:
        """06 1E."""
        session = self._session
        session.say(Positive(), now)
        errand = session.errand
        if errand is None:
            return
        code = message.result_code
        if errand is Errand.OLD and not session.recovers:
            session.lost("out_of_step", now)
            return
        if errand in (Errand.WORK, Errand.OLD):
            self.end(now, code, aborted=True, told=told_by(message))
            return
        session.finish_errand(now)
        self._refused(errand, codes.BUSY if code is None else code, now)

    def end(
        self, now: Mono, code: int | None = None, *, aborted: bool = False, told: str | None = None
    ) -> None:
        """06 0F or 06 1E of a dialogue: only now is its outcome final."""
        session = self._session
        dialogue, errand = session.dialogue, session.errand
        assert dialogue is not None
        session.finish_errand(now)
        outcome = self._outcome_at_end(code, aborted=aborted)
        if errand is Errand.OLD and (dialogue.outcome is None or isinstance(outcome, Unknown)):
            # The lost dialogue ended without telling; it may even have been a mere question of ours: ask.
            dialogue.plan = None
            session.go_on(now)
            return
        if outcome is None:
            outcome = Unknown(code="no_result", evidence=Evidence("dialogue"), ask_again_s=0.0)
        session.conclude(replace(outcome, terminal_text=outcome.terminal_text or told))

    def _outcome_at_end(self, code: int | None, *, aborted: bool) -> Outcome | None:
        dialogue = self._session.dialogue
        assert dialogue is not None
        told = dialogue.outcome
        approved = isinstance(told, Approved)
        if told is not None and ((approved and aborted) or (dialogue.approved_before and not approved)):
            # Approved, and then not: printing failed or the host took it back. Ask, never guess.
            return Unknown(code="aborted_after_approval", evidence=told.evidence, ask_again_s=0.0)
        if told is not None and not isinstance(told, Unknown):
            return told
        evidence = Evidence("dialogue", agrees=("dialogue",))
        if code and dialogue.books and not dialogue.taken:
            # Before it took our command, by 80 00 00 or a status: perhaps another dialogue's end, told twice.
            return Unknown(code="no_result", evidence=Evidence("dialogue"), ask_again_s=0.0)
        if code:
            return refusal(code, evidence, dialogue.sought)
        if not aborted and (not dialogue.books or isinstance(dialogue.sought, Reconcile)):
            return self._done(evidence)
        return None if dialogue.books else Cancelled(code="aborted", evidence=evidence)

    def _done(self, evidence: Evidence) -> Outcome:
        """Completed without a result to tell: diagnosis, initialisation, a day that some end without one."""
        dialogue = self._session.dialogue
        assert dialogue is not None
        if isinstance(dialogue.sought, StoreCard):
            return Cancelled(code="no_token", evidence=evidence)
        return Approved(code="done", money="none", evidence=evidence)


def answers_another(errand: Errand | None, message: Completion) -> bool:
    """Read as the answer to this question, it would put us one question off from here on."""
    if errand is Errand.ENQUIRE:
        return message.terminal_status is None and is_registration(message)
    # A terminal's status is the answer to 05 01 alone (PA00P015 ch. 2.55).
    return message.terminal_status is not None and errand in (Errand.NOTE, Errand.READ, Errand.WORK)
