"""What is known of an attempt whose line is lost, or that somebody asked to stop."""

from __future__ import annotations

from dataclasses import replace

from protocols.core.operations import ChargeCard
from protocols.core.outcomes import Cancelled, Evidence, NotStarted, Outcome, Unknown, with_abort
from protocols.zvt.dialogue import Dialogue

_ASK_AGAIN_S = 2.0
# A terminal that is there and did not come to our command.
_WHY = {"terminal_busy": "terminal_busy", "out_of_step": "terminal_busy"}


def lost_outcome(dialogue: Dialogue, why: str) -> Outcome:
    """The outcome at the moment of the loss: what was committed is unknown from here on, never failed."""
    if not dialogue.committed:
        code = "aborted" if dialogue.abort_asked else _WHY.get(why, "terminal_offline")
        return NotStarted(code=code, evidence=Evidence("never_sent", seen={"why": why}))
    evidence = Evidence("dialogue", seen={"why": why})
    if isinstance(dialogue.sought, ChargeCard):
        # Never begun here: another terminal had this one's name, or the backend says that it did.
        return Unknown(code="terminal_cannot_tell", owner="human", evidence=evidence)
    if not dialogue.books:
        # No money and nothing kept in the terminal: the patient presents the card again.
        return Cancelled(code="interrupted", evidence=evidence)
    return Unknown(code="link_lost", evidence=evidence, ask_again_s=_ASK_AGAIN_S)


def stopped(outcome: Outcome) -> Outcome:
    """The end of an operation that we asked to stop. The terminal has one word for its stop key, a time-out
    and our 06 B0; staff who asked are told that it was their wish."""
    told = with_abort(outcome)
    by_wish = told.abort is not None and told.code == "aborted_at_terminal"
    return replace(told, code="aborted") if by_wish else told
