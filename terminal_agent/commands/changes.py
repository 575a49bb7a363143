"""The transaction of one entry, as a pure function of the entry and of what the journal holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from protocols.core.errors import LocalError
from protocols.core.evidence import IDENTITY_KEYS
from protocols.core.facts import Concluded, Mark, Orphan
from protocols.core.operations import Attempt
from protocols.core.outcomes import (
    Approved,
    MoneyEffect,
    Outcome,
    TerminalRecord,
    Unknown,
    with_abort,
)
from terminal_agent.commands import batch, human, recovery, report
from terminal_agent.commands.entries import AbortAsked, Admitted, Adopted, Entry, Escalated, Put, Resolved
from terminal_agent.commands.moves import TABLE, Word, word_of
from terminal_agent.journal.facts import FINAL, Change, NewEvent, OrphanRow, Row, State, attempt_key
from terminal_agent.journal.port import Reader

ORPHAN_LOOKBACK = 50  # operations among which the owner of a result for nobody is looked for
# Steps that nobody outside has to hear of.
_SILENT: frozenset[Word] = frozenset({"reject", "abort_asked", "step_done"})


def change_of(put: Put, reader: Reader) -> Change:
    """What one entry writes. Raises LocalError for a move that the table does not have."""
    if isinstance(put.entry, Orphan):
        return _orphan(put.entry.record, put, reader)
    before = reader.operation(put.entry.operation_id)
    if before is None:
        return _begin(put, reader)
    entry = _understood(put.entry, before, reader)
    word = word_of(entry, before)
    state = TABLE.step(before.state, word)
    if word == "repeated":
        return Change(at=put.at)
    if word == "contradicted" and isinstance(entry, Concluded):
        return Change(events=(report.corrected_event(before, entry.outcome, put.at),), at=put.at)
    if state == "absent":
        raise LocalError("illegal_move", "an operation that was taken cannot become unknown again")
    row = _moved(before, state, entry, put.at)
    return Change(
        row=row, mark=entry if isinstance(entry, Mark) else None, events=_events(word, row), at=put.at
    )


def _begin(put: Put, reader: Reader) -> Change:
    entry = put.entry
    command = entry.command if isinstance(entry, Adopted) else entry
    if not isinstance(command, Admitted):
        raise LocalError("operation_unknown", f"{type(entry).__name__} for an operation that was never taken")
    word = word_of(entry, None)
    row = _born(command, TABLE.step("absent", word), reader, put.at)
    if isinstance(entry, Adopted):
        row = replace(
            row, code="in_doubt", owed=True, doubt_since=put.at, next_check=put.at, money=_in_doubt(row)
        )
    return Change(row=row, events=_events(word, row), at=put.at)


def _born(command: Admitted, state: State | str, reader: Reader, at: datetime) -> Row:
    no = reader.next_no()
    return Row(
        id=command.operation_id,
        terminal=command.terminal,
        op=command.op,
        hash=command.hash,
        state=state,  # type: ignore[arg-type]  # the table never leads back to absent
        attempt=Attempt(no, attempt_key(reader.epoch(), no), at),
        created=at,
        changed=at,
        actor=command.actor,
        locale=command.locale,
        code=command.code,
        operation=command.operation if command.code is None else None,
        original_id=command.original_id,
        amount=command.amount,
        data=command.data if command.code is None else None,
    )


def _understood(entry: Entry, before: Row, reader: Reader) -> Entry:
    """A human's verdict as a conclusion; doubt where no money can hang on it as an end; the end of a day
    with the journal's own totals."""
    if isinstance(entry, Resolved) and not before.final:
        return human.conclusion(entry, before, reader.marks(before.id))
    if isinstance(entry, Concluded):
        outcome = recovery.settled_if_harmless(before.op, entry.outcome)
        if before.op == "reconcile" and isinstance(outcome, Approved):
            outcome = batch.compared(outcome, before.terminal, reader)
        return replace(entry, outcome=outcome)
    return entry


def _events(word: Word, row: Row) -> tuple[NewEvent, ...]:
    return () if word in _SILENT else (report.operation_event(row),)


def _moved(before: Row, state: State, entry: Entry, at: datetime) -> Row:
    """The row after the entry, with everything that hangs on its state."""
    row = replace(before, state=state, changed=at)
    match entry:
        case AbortAsked():
            return replace(before, state=state, abort_asked=before.abort_asked or at)
        case Mark():
            return replace(row, money=_in_doubt(before), code=None)
        case Escalated(code=code):
            return replace(row, code=code)
        case Concluded(outcome=Unknown()):
            return _doubted(row, before, entry, at)
        case Concluded():
            return _ended(row, entry)
    return row


def _in_doubt(row: Row) -> MoneyEffect:
    """The effect while nobody knows how it ended."""
    return "none" if row.op in recovery.NO_MONEY else "unknown"


def _doubted(row: Row, before: Row, fact: Concluded, at: datetime) -> Row:
    """Somebody still has to find out. Asked by a human's question alone, the terminal is free."""
    outcome = fact.outcome
    row = replace(
        row,
        outcome=outcome,
        code=outcome.code,
        money=_in_doubt(before),
        receipts=fact.receipts or before.receipts,
        doubt_since=before.doubt_since or at,
    )
    if isinstance(outcome, Unknown) and outcome.owner == "human":
        return replace(row, owed=False, next_check=None)
    checks = before.checks + 1 if before.doubt_since else 0
    wait_s = recovery.delay_s(checks, outcome.ask_again_s if isinstance(outcome, Unknown) else None)
    # What a human was told to look into keeps its reason; asking in vain once more adds nothing to it.
    code = before.code if before.state == "needs_human" else outcome.code
    return replace(
        row,
        code=code,
        owed=before.owed or before.state != "needs_human",
        checks=checks,
        next_check=at + timedelta(seconds=wait_s),
    )


def _ended(row: Row, fact: Concluded) -> Row:
    outcome = _with_wish(fact.outcome, row)
    amount = outcome.amount if isinstance(outcome, Approved) and outcome.amount is not None else row.amount
    return replace(
        row,
        outcome=outcome,
        code=outcome.code,
        money=outcome.money,
        amount=amount,
        receipts=fact.receipts or row.receipts,
        owed=False,
        next_check=None,
    )


def _with_wish(outcome: Outcome, row: Row) -> Outcome:
    """The end of an operation that somebody asked to stop says what came of that, also where the session has
    lost sight of the wish: after a loss, a restart, or because both crossed."""
    return outcome if row.abort_asked is None or outcome.abort is not None else with_abort(outcome)


def _orphan(record: TerminalRecord, put: Put, reader: Reader) -> Change:
    fits = next(
        (row.id for row in reader.newest(ORPHAN_LOOKBACK, put.terminal) if _carries(row, record)), None
    )
    orphan = OrphanRow(put.terminal, put.at, record, fits)
    return Change(orphan=orphan, events=(report.orphan_event(orphan),), at=put.at)


def _carries(row: Row, record: TerminalRecord) -> bool:
    """Whether the operation ended with these very references."""
    if row.state not in FINAL or row.outcome is None:
        return False
    both = [key for key in IDENTITY_KEYS if key in row.outcome.keys and key in record.keys]
    return bool(both) and all(row.outcome.keys[key] == record.keys[key] for key in both)
