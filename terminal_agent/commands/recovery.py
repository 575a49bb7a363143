"""What is asked when nobody knows: at the start, after a broken link, and for how long before a human is.

Nothing is ever sent again. An operation that was accepted and never marked had no byte with an effect: it is
over. Everything that was marked and not concluded is asked about, before its terminal takes money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from protocols.core.facts import Concluded, Mark
from protocols.core.operations import Recover
from protocols.core.outcomes import Approved, Cancelled, Declined, Evidence, NotStarted, Outcome, Unknown
from terminal_agent.commands.entries import Escalated
from terminal_agent.commands.translate import ulid_time
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Reader

# Why an operation is left alone: the backend knew its end before this journal was restored from a copy.
TOLD_BEFORE = "told_before"

Strategy = Literal["by_id", "last", "batch", "none"]

# Operations that move no money and leave nothing that could be asked for: after a loss they are simply over,
# and whoever wanted them asks anew.
HARMLESS = frozenset({"receipt", "diagnose", "verify_card", "delete_card", "list_expiring"})
# Operations that move no money. What became of a card that was to be kept is for the terminal's session to
# say: some terminals keep nothing, a vault can be asked.
NO_MONEY = HARMLESS | {"store_card"}
# Operations whose result a terminal keeps as its last transaction, and among how many it is looked for.
_TOLD_LAST = frozenset({"sale", "refund", "reversal", "preauth", "capture", "reconcile"})
_LOOK_BACK = 50
_CLOCKS_DIFFER = timedelta(seconds=5)  # the backend's, which orders, and ours, which ends: at most by this
# Seconds until the terminal is asked again, by how often it was asked in vain; the last one goes on.
BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
# Seconds in doubt after which a human owns it as well (the stated time of "final or human-owned"). `none` has
# no query to wait for: only the time that the session needs to prove the terminal idle.
GIVE_UP_S: dict[Strategy, float] = {"by_id": 1800.0, "batch": 1800.0, "last": 900.0, "none": 60.0}


def at_start(row: Row) -> Concluded | None:
    """What a restart makes of an open operation; None where it stays as it is."""
    if row.state == "accepted":
        outcome: Outcome = NotStarted(code="agent_restarted", evidence=Evidence("never_sent"))
    elif row.state in ("committed", "result_seen"):
        outcome = Unknown(code="link_lost", evidence=Evidence("dialogue"), ask_again_s=0.0)
    else:
        return None
    return Concluded(row.id, row.attempt.no, outcome)


def left_alone(row: Row) -> Concluded:
    """An open operation whose end was told in the part of the journal that is lost. What the terminal says
    now may be of a later one: nothing more is told of it but what a human says."""
    outcome = Unknown(code=TOLD_BEFORE, owner="human", evidence=Evidence("dialogue"))
    return Concluded(row.id, row.attempt.no, outcome)


def settled_if_harmless(op: str, outcome: Outcome) -> Outcome:
    """Doubt about an operation that cannot have moved money is an end; any other outcome stays as it is."""
    if op not in HARMLESS or not isinstance(outcome, Unknown):
        return outcome
    return Cancelled(
        code="interrupted",
        evidence=outcome.evidence,
        keys=outcome.keys,
        card=outcome.card,
        abort=outcome.abort,
        terminal_text=outcome.terminal_text,
    )


def owed(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Operations that their terminal must still be asked about, oldest first."""
    return tuple(sorted((row for row in rows if row.owed and not row.final), key=lambda row: row.attempt.no))


def due(rows: Iterable[Row], now: datetime) -> Row | None:
    """The operation to ask about now, the oldest first; None while none is due."""
    # A moment further away than any wait of ours was noted by a wall clock that has been set back since.
    furthest = now + timedelta(seconds=BACKOFF_S[-1])
    for row in owed(rows):
        if row.next_check is None or not now < row.next_check <= furthest:
            return row
    return None


def next_check(rows: Iterable[Row]) -> datetime | None:
    """When the next one is due; None when nothing is owed."""
    return min((row.next_check or row.changed for row in owed(rows)), default=None)


def query_of(row: Row, marks: Sequence[Mark], now: datetime) -> Recover | None:
    """The question itself, for the session. None where the journal no longer holds what was asked for."""
    if row.operation is None:
        return None
    return Recover(operation=row.operation, attempt=row.attempt, marks=tuple(marks), asked=now)


def marks_of(row: Row, reader: Reader, strategy: Strategy) -> tuple[Mark, ...]:
    """What was noted of it. In place of nothing a guess, which what is asked for by its id does not need. A
    memory that was empty before it is not believed where this journal knows what should have been in it: a
    terminal that had forgotten may have forgotten this one too."""
    noted = tuple(reader.marks(row.id))
    if not noted and strategy != "by_id":
        return (guess(row, reader),)
    if not any(mark.keys.get("baseline") == "empty" for mark in noted) or not _had_stored(row, reader):
        return noted
    return tuple(
        replace(mark, keys={**mark.keys, "baseline": "unreadable"}) if "baseline" in mark.keys else mark
        for mark in noted
    )


def _had_stored(row: Row, reader: Reader) -> bool:
    """Whether the last transaction of its terminal before it, as far as this journal knows, was one that
    stays in a terminal's memory; an end of day empties it."""
    for other in _others_told_last(row, reader):
        own = _own(other.outcome, reader.marks(other.id)) if other.attempt.no < row.attempt.no else None
        if own is not None:
            return own.get("kind") != "batch"
    return False


def _others_told_last(row: Row, reader: Reader) -> Iterator[Row]:
    """The other operations at its terminal that this may keep as its last transaction, the newest first."""
    for other in reader.newest(_LOOK_BACK, row.terminal):
        if other.id != row.id and other.op in _TOLD_LAST and other.state != "rejected":
            yield other


def guess(row: Row, reader: Reader) -> Mark:
    """In place of the mark of an operation that this journal knows from the backend alone: the terminal's
    last transaction before it, as far as this journal knows. If it still is the last one, the operation was
    never done."""
    known: dict[str, str] | None = None
    for other in _others_told_last(row, reader):
        known = _last_of(other, reader, ulid_time(row.id) - _CLOCKS_DIFFER)
        if known is not None:
            break
    # A journal that knows of no transaction does not know that there was none: it may be new.
    known = {"baseline": "unreadable"} if known is None else known
    if row.op == "reversal" and known["baseline"] == "known" and "last.result" not in known:
        # Some terminals undo a transaction without storing another: only its result would tell.
        known = {"baseline": "unreadable"}
    return Mark(row.id, row.attempt.no, "committed", {**known, **_strangers(reader)})


def _strangers(reader: Reader) -> dict[str, str]:
    """An order that another journal may have given ran at a terminal that this one cannot know."""
    return {"strangers": "yes"} if reader.strangers() else {}


def _last_of(row: Row, reader: Reader, ordered: datetime) -> dict[str, str] | None:
    """A transaction that the terminal has stored, in a mark's words: this operation's own, or the one noted
    before it began, unless that may be of what had been `ordered` already. None where it tells none."""
    marks = reader.marks(row.id)
    own = _own(row.outcome, marks)
    if own is not None:
        return {**{f"last.{name}": text for name, text in own.items()}, "baseline": "known"}
    if not marks or row.created >= ordered:
        return None
    before = marks[0].keys
    return {name: text for name, text in before.items() if name.startswith("last.") or name == "baseline"}


def _own(outcome: Outcome | None, marks: Sequence[Mark]) -> Mapping[str, str] | None:
    """The transaction that the operation is, as the terminal told it."""
    if not isinstance(outcome, Approved | Declined | Cancelled):
        return None
    evidence = outcome.evidence
    asked = evidence.source == "last" and not any(name.startswith("last.") for name in evidence.agrees)
    if asked and _is_a_record(evidence.seen):
        return evidence.seen
    if not _is_a_record(outcome.keys):
        return None
    result = {name: text for mark in marks for name, text in mark.keys.items() if mark.stage == "result_seen"}
    told = {**result, **evidence.seen}.get("result")
    return outcome.keys if told is None else {**outcome.keys, "result": told}


def _is_a_record(keys: Mapping[str, str]) -> bool:
    return "receipt" in keys or keys.get("kind") == "batch"


def holds_up(row: Row, strategy: Strategy) -> bool:
    """Whether the terminal takes nothing new because of it: its memory of the last transaction is the only
    proof there is, and the next one would overwrite it. A terminal that is asked by id forgets nothing."""
    return row.owed and not row.final and strategy != "by_id"


def delay_s(checks: int, asked_s: float | None) -> float:
    """Seconds until the next question, after `checks` vain ones; not sooner than the session wants, and never
    longer than our longest wait: a moment beyond that is one of a wall clock that was set back (`due`)."""
    if checks == 0 and asked_s is not None:
        return min(asked_s, BACKOFF_S[-1])
    return min(max(asked_s or 0.0, BACKOFF_S[min(checks, len(BACKOFF_S) - 1)]), BACKOFF_S[-1])


def overdue(rows: Iterable[Row], strategy: Strategy, now: datetime) -> tuple[Escalated, ...]:
    """Those in doubt for too long: a human is asked too. The terminal, if it was away, still is."""
    limit = timedelta(seconds=GIVE_UP_S[strategy])
    return tuple(
        Escalated(row.id)
        for row in owed(rows)
        if row.state == "in_doubt" and row.doubt_since is not None and _for_how_long(row, now) >= limit
    )


def _for_how_long(row: Row, now: datetime) -> timedelta:
    """Since when it is in doubt; by the questions asked in vain where the wall clock was set back since."""
    since = row.doubt_since or now
    return now - since if since <= now else timedelta(seconds=row.checks * BACKOFF_S[-1])
