"""What is known of an attempt whose line is lost, or that somebody asked to stop."""

from __future__ import annotations

from dataclasses import replace

from protocols.core.outcomes import AbortEffect, Cancelled, Evidence, NotStarted, Outcome, Unknown
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
    if not dialogue.books:
        # No money and nothing kept in the terminal: the patient presents the card again.
        return Cancelled(code="interrupted", evidence=evidence)
    return Unknown(code="link_lost", evidence=evidence, ask_again_s=_ASK_AGAIN_S)


def with_abort(outcome: Outcome) -> Outcome:
    """The outcome with what came of the wish to stop. The terminal has one word for both: its stop key, a
    time-out or our 06 B0; staff who asked are told that it was their wish. An unknown end tells neither."""
    if isinstance(outcome, Unknown):
        return outcome
    effect: AbortEffect = "honoured" if isinstance(outcome, Cancelled | NotStarted) else "too_late"
    code = "aborted" if outcome.code == "aborted_at_terminal" else outcome.code
    return replace(outcome, abort=effect, code=code)
