"""The SQL of the journal: what is read, and how one change is written. Runs where the connection is.

Names no library: a connection is anything that executes a statement with parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from protocols.core.facts import Mark
from protocols.core.operations import Attempt
from protocols.core.values import Money
from terminal_agent.journal import codec
from terminal_agent.journal.codec import from_ms, to_ms
from terminal_agent.journal.facts import Change, Event, NewEvent, OrphanRow, Row, Written
from terminal_agent.tripwire.forms import SHORTEST
from terminal_agent.tripwire.masking import mask_json_text

# A text on its way to the disk and the name of its column: the text without card numbers.
Guard = Callable[[str, str], str]

_COLUMNS = (
    "id, terminal, op, hash, state, no, attempt_key, created_ms, changed_ms, actor, locale, code, operation,"
    " original_id, amount_minor, currency, money, outcome, receipts, data, abort_asked_ms, owed, checks,"
    " doubt_since_ms, next_check_ms, pruned"
)
_NAMES = tuple(_COLUMNS.split(", "))
_WRITE = (
    f"INSERT INTO operations ({_COLUMNS}) VALUES ({', '.join('?' * 26)})"  # noqa: S608  constants only
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_ms = excluded.changed_ms,"
    " code = excluded.code, money = excluded.money, amount_minor = excluded.amount_minor,"
    " currency = excluded.currency, outcome = excluded.outcome,"
    " receipts = excluded.receipts, abort_asked_ms = excluded.abort_asked_ms, owed = excluded.owed,"
    " checks = excluded.checks, doubt_since_ms = excluded.doubt_since_ms,"
    " next_check_ms = excluded.next_check_ms"
)
_SELECT = f"SELECT {_COLUMNS} FROM operations"  # noqa: S608  constants only
_OPEN = "state IN ('accepted', 'committed', 'result_seen', 'in_doubt', 'needs_human')"


class Cursor(Protocol):
    """The rows of one statement."""

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...


class Connection(Protocol):
    """What this file needs of a database."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""
        ...


class SqlReader:
    """`Reader` over a connection; on the connection's own thread."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def operation(self, operation_id: str) -> Row | None:
        """The operation of this id."""
        found = self._db.execute(f"{_SELECT} WHERE id = ?", (operation_id,)).fetchone()
        return _row(found) if found else None

    def marks(self, operation_id: str) -> tuple[Mark, ...]:
        """Its marks, oldest first."""
        rows = self._db.execute(
            "SELECT attempt, stage, keys FROM marks WHERE operation_id = ? ORDER BY no", (operation_id,)
        )
        return tuple(
            Mark(operation_id, attempt, stage, codec.load_keys(keys))
            for attempt, stage, keys in rows.fetchall()
        )

    def open_operations(self, terminal: str | None = None) -> tuple[Row, ...]:
        """Operations that are not final, oldest first; of one terminal or of all."""
        if terminal is None:
            return self._rows(f"{_SELECT} WHERE {_OPEN} ORDER BY no")
        return self._rows(f"{_SELECT} WHERE {_OPEN} AND terminal = ? ORDER BY no", terminal)

    def naming(self, original_id: str) -> tuple[Row, ...]:
        """Operations that undo or complete this one and were not rejected, oldest first."""
        return self._rows(f"{_SELECT} WHERE original_id = ? AND state != 'rejected' ORDER BY no", original_id)

    def since(self, terminal: str, op: str, moment: datetime) -> tuple[Row, ...]:
        """Operations of a kind taken since, rejected ones left out, oldest first."""
        where = "WHERE terminal = ? AND op = ? AND created_ms >= ? AND state != 'rejected' ORDER BY no"
        return self._rows(f"{_SELECT} {where}", terminal, op, to_ms(moment))

    def newest(self, limit: int, terminal: str | None = None) -> tuple[Row, ...]:
        """The newest operations first."""
        if terminal is None:
            return self._rows(f"{_SELECT} ORDER BY no DESC LIMIT ?", limit)
        return self._rows(f"{_SELECT} WHERE terminal = ? ORDER BY no DESC LIMIT ?", terminal, limit)

    def orphans(self, terminal: str | None = None) -> tuple[OrphanRow, ...]:
        """Results for nobody, oldest first."""
        rows = self._db.execute("SELECT terminal, at_ms, record, fits FROM orphans ORDER BY no").fetchall()
        return tuple(
            OrphanRow(where, from_ms(at_ms), codec.load_record(record), fits)
            for where, at_ms, record, fits in rows
            if terminal in (None, where)
        )

    def next_no(self) -> int:
        """The number of the next attempt: durable, never used before."""
        return int(self._db.execute("SELECT COALESCE(MAX(no), 0) + 1 FROM operations").fetchone()[0])

    def epoch(self) -> str:
        """The epoch that a change would be written in."""
        return str(self._db.execute("SELECT ulid FROM current").fetchone()[0])

    def strangers(self) -> bool:
        """Whether the backend has named an epoch that is not ours: another journal was here, too."""
        sql = "SELECT EXISTS (SELECT 1 FROM epochs WHERE later_than NOT IN (SELECT ulid FROM epochs))"
        return bool(self._db.execute(sql).fetchone()[0])

    def last_seq(self) -> int:
        """The number of the newest event of the current epoch, 0 for none."""
        return int(self._db.execute("SELECT last_seq FROM current").fetchone()[0])

    def events_after(self, seq: int, limit: int) -> tuple[Event, ...]:
        """Events of the current epoch after `seq`, in order."""
        rows = self._db.execute(
            "SELECT seq, boot, at_ms, type, data, terminal, operation_id FROM events"
            " WHERE epoch_no = (SELECT no FROM current) AND seq > ? ORDER BY seq LIMIT ?",
            (seq, limit),
        ).fetchall()
        epoch = self.epoch()
        return tuple(Event(epoch, no, boot, from_ms(at), NewEvent(*fact)) for no, boot, at, *fact in rows)

    def _rows(self, sql: str, *parameters: object) -> tuple[Row, ...]:
        return tuple(_row(found) for found in self._db.execute(sql, parameters).fetchall())


def masked(text: str, column: str) -> str:
    """The guard of whoever has nobody to tell."""
    return mask_json_text(text, column)[0]


def write(db: Connection, change: Change, boot: int, now: datetime, guard: Guard = masked) -> Written:
    """Write one change inside the transaction that is open; the events get their places."""
    at = change.at or now
    if change.row is not None:
        db.execute(_WRITE, _guarded(change.row, guard))
    if (mark := change.mark) is not None:
        db.execute(
            "INSERT INTO marks SELECT ?, COUNT(*), ?, ?, ?, ? FROM marks WHERE operation_id = ?",
            (
                mark.operation_id,
                mark.attempt,
                mark.stage,
                guard(codec.dump_keys(mark.keys), "keys"),
                to_ms(at),
                mark.operation_id,
            ),
        )
    if (orphan := change.orphan) is not None:
        db.execute(
            "INSERT INTO orphans (terminal, at_ms, record, fits) VALUES (?, ?, ?, ?)",
            (
                orphan.terminal,
                to_ms(orphan.at),
                guard(codec.dump_record(orphan.record), "record"),
                orphan.fits,
            ),
        )
    return Written(change, tuple(_append(db, change.events, boot, at, guard)))


def _append(
    db: Connection, facts: Sequence[NewEvent], boot: int, at: datetime, guard: Guard
) -> Iterable[Event]:
    if not facts:
        return
    no, epoch, last = db.execute("SELECT no, ulid, last_seq FROM current").fetchone()
    for seq, fact in enumerate(facts, last + 1):
        db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                no,
                seq,
                boot,
                to_ms(at),
                fact.type,
                fact.terminal,
                fact.operation_id,
                guard(fact.data, "event"),
            ),
        )
        yield Event(epoch, seq, boot, from_ms(to_ms(at)), fact)


def _guarded(row: Row, guard: Guard) -> tuple[object, ...]:
    """The row's columns. What is shorter than a card number holds none."""
    columns = zip(_NAMES, _parameters(row), strict=True)
    return tuple(
        guard(value, name) if isinstance(value, str) and len(value) >= SHORTEST else value
        for name, value in columns
    )


def _parameters(row: Row) -> tuple[object, ...]:
    return (
        *(row.id, row.terminal, row.op, row.hash, row.state, row.attempt.no, row.attempt.key),
        *(to_ms(row.created), to_ms(row.changed), row.actor, row.locale, row.code),
        codec.dump_request(row.operation) if row.operation else None,
        row.original_id,
        *((row.amount.amount_minor, row.amount.currency) if row.amount else (None, None)),
        row.money,
        codec.dump_outcome(row.outcome) if row.outcome else None,
        codec.dump_receipts(row.receipts) if row.receipts else None,
        row.data,
        to_ms(row.abort_asked) if row.abort_asked else None,
        *(int(row.owed), row.checks),
        to_ms(row.doubt_since) if row.doubt_since else None,
        to_ms(row.next_check) if row.next_check else None,
        int(row.pruned),
    )


def _row(values: Sequence[Any]) -> Row:
    held: dict[str, Any] = dict(zip(_NAMES, values, strict=True))
    plain = (
        "id",
        "terminal",
        "op",
        "hash",
        "state",
        "actor",
        "locale",
        "code",
        "original_id",
        "money",
        "data",
    )
    fields: dict[str, Any] = {name: held[name] for name in (*plain, "checks")}
    for name in ("created", "changed", "abort_asked", "doubt_since", "next_check"):
        ms = held[f"{name}_ms"]
        fields[name] = None if ms is None else from_ms(ms)
    return Row(
        **fields,
        attempt=Attempt(held["no"], held["attempt_key"], fields["created"]),
        operation=codec.load_request(held["op"], held["operation"]) if held["operation"] else None,
        amount=Money(held["amount_minor"], held["currency"]) if held["currency"] else None,
        outcome=codec.load_outcome(held["outcome"]) if held["outcome"] else None,
        receipts=codec.load_receipts(held["receipts"]) if held["receipts"] else (),
        owed=bool(held["owed"]),
        pruned=bool(held["pruned"]),
    )
