"""What came of the wish to stop."""

from __future__ import annotations

from dataclasses import replace

from protocols.core.outcomes import Cancelled, NotStarted, Outcome, Unknown


def with_abort(outcome: Outcome) -> Outcome:
    """The end of an operation that somebody asked to stop; an unknown end tells nothing of it."""
    if isinstance(outcome, Unknown):
        return outcome
    return replace(outcome, abort="honoured" if isinstance(outcome, Cancelled | NotStarted) else "too_late")
