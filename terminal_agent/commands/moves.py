"""THE table of an operation's states, and the word of it that each entry is.

`absent` is an id that the journal has never seen. Final states move no more: a truth found later is
`contradicted`, which leaves the state and is told as a correction; `repeated` is the same truth again, or
one of an operation that was left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from protocols.core.errors import LocalError
from protocols.core.facts import Concluded, Mark
from protocols.core.machine import Table
from protocols.core.outcomes import Outcome, Unknown
from terminal_agent.commands.entries import AbortAsked, Admitted, Adopted, Entry, Escalated, Resolved
from terminal_agent.commands.recovery import TOLD_BEFORE
from terminal_agent.journal.codec import OUTCOME_NAMES
from terminal_agent.journal.facts import Row, State

Stand = State | Literal["absent"]
Word = Literal[
    "accept",
    "reject",
    "adopt",
    "committed",
    "step_done",
    "result_seen",
    "abort_asked",
    "escalated",
    "unknown_agent",
    "unknown_human",
    "approved",
    "declined",
    "cancelled",
    "not_started",
    "repeated",
    "contradicted",
]

_ENDS: Mapping[Word, Stand] = {
    "approved": "approved",
    "declined": "declined",
    "cancelled": "cancelled",
    "not_started": "not_started",
}
_DOUBTS: Mapping[Word, Stand] = {"unknown_agent": "in_doubt", "unknown_human": "needs_human"}


def _final(state: Stand) -> Mapping[Word, Stand]:
    return {"repeated": state, "contradicted": state}


TABLE: Table[Stand, Word] = Table(
    "operation",
    {
        "absent": {"accept": "accepted", "reject": "rejected", "adopt": "in_doubt"},
        "accepted": {"committed": "committed", "abort_asked": "accepted", **_ENDS, **_DOUBTS},
        "committed": {
            "step_done": "committed",
            "result_seen": "result_seen",
            "abort_asked": "committed",
            **_ENDS,
            **_DOUBTS,
        },
        "result_seen": {
            "step_done": "result_seen",
            "result_seen": "result_seen",
            "abort_asked": "result_seen",
            **_ENDS,
            **_DOUBTS,
        },
        # A result that comes while the terminal is asked is marked, but the answer still decides.
        "in_doubt": {
            "step_done": "in_doubt",
            "result_seen": "in_doubt",
            "abort_asked": "in_doubt",
            "escalated": "needs_human",
            **_ENDS,
            **_DOUBTS,
        },
        # The agent may still find out; that it asked in vain once more does not take it back from the human.
        "needs_human": {
            "step_done": "needs_human",
            "result_seen": "needs_human",
            "unknown_agent": "needs_human",
            "unknown_human": "needs_human",
            "repeated": "needs_human",
            **_ENDS,
        },
        "approved": _final("approved"),
        "declined": _final("declined"),
        "cancelled": _final("cancelled"),
        "not_started": _final("not_started"),
    },
)


_PLAIN: Mapping[type, Word] = {Adopted: "adopt", AbortAsked: "abort_asked", Escalated: "escalated"}


def word_of(entry: Entry, row: Row | None) -> Word:
    """The entry as a word of the table. Raises LocalError for an attempt that is not the row's."""
    match entry:
        case Mark(stage=stage):
            _same_attempt(entry, row)
            return stage
        case Concluded(outcome=outcome):
            _same_attempt(entry, row)
            return _end_word(outcome, row)
        case Admitted(code=code):
            return "accept" if code is None else "reject"
        case Resolved(verdict=verdict):
            return verdict
    if type(entry) not in _PLAIN:
        raise LocalError("illegal_move", f"{type(entry).__name__} moves no operation")
    return _PLAIN[type(entry)]


def name_of(outcome: Outcome) -> Word:
    """The outcome alone as a word, without regard to a row."""
    if isinstance(outcome, Unknown):
        return "unknown_human" if outcome.owner == "human" else "unknown_agent"
    return OUTCOME_NAMES[type(outcome)]  # type: ignore[return-value]  # the four finals are words of the table


def _end_word(outcome: Outcome, row: Row | None) -> Word:
    word = name_of(outcome)
    if row is not None and row.code == TOLD_BEFORE and outcome.evidence.source != "human":
        return "repeated"
    if row is None or not row.final:
        return word
    if isinstance(outcome, Unknown):
        return "repeated"
    return "repeated" if (word, outcome.money) == (row.state, row.money) else "contradicted"


def _same_attempt(fact: Mark | Concluded, row: Row | None) -> None:
    if row is not None and fact.attempt != row.attempt.no:
        raise LocalError(
            "wrong_attempt",
            f"a fact of attempt {fact.attempt} for operation {row.id}, whose attempt is {row.attempt.no}",
        )
