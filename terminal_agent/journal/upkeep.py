"""What happens to a journal besides its changes: born, checked, booted, acknowledged, pruned, renewed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from protocols.contract.ulids import LATEST_MS, make_ulid, ulid_ms
from terminal_agent.errors import JournalUnusable
from terminal_agent.journal.codec import from_ms, to_ms
from terminal_agent.journal.facts import Head, NewEvent
from terminal_agent.journal.schema import APPLICATION_ID, MIGRATIONS
from terminal_agent.journal.statements import Connection

_ENDINGS = 32 * 32  # of two characters of a ULID


def check_kind(db: Connection, path: Path) -> None:
    """Raise JournalUnusable for a database that is not a journal, or one of a later version."""
    kind = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()[0]
    if kind != APPLICATION_ID and tables:
        raise JournalUnusable(
            "journal_foreign", f"{path} is a database of another program; name another file"
        )
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise JournalUnusable(
            "journal_newer",
            f"{path} has schema {version}, this agent knows up to {len(MIGRATIONS)}; run the newer agent",
        )


def migrate(db: Connection) -> None:
    """Apply the migrations that are missing, inside the transaction that is open."""
    done = db.execute("PRAGMA user_version").fetchone()[0]
    for version, statements in enumerate(MIGRATIONS[done:], done + 1):
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def check_sense(db: Connection, path: Path) -> None:
    """Raise JournalUnusable where the tables contradict each other: a gap in `seq`, an ack ahead of it."""
    low, high, count = db.execute(
        "SELECT COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0), COUNT(*) FROM events"
        " WHERE epoch_no = (SELECT no FROM current)"
    ).fetchone()
    acked = db.execute("SELECT acked_seq FROM current").fetchone()[0]
    if high - low + 1 != count or acked > high or low > acked + 1:
        raise JournalUnusable(
            "journal_corrupt",
            f"{path} contradicts itself: events {low} to {high} number {count}, acknowledged up to {acked};"
            " keep the file for evidence and restore a backup or move it away",
        )


def begin_boot(db: Connection, now: datetime, entropy: Callable[[int], bytes]) -> int:
    """Count this start, and begin the first epoch of a new file. Returns the boot's number."""
    if not db.execute("SELECT COUNT(*) FROM epochs").fetchone()[0]:
        begin_epoch(db, now, entropy)
    db.execute("INSERT INTO boots (at_ms) VALUES (?)", (to_ms(now),))
    db.execute(
        "UPDATE epochs SET known_seq = COALESCE(known_seq, (SELECT last_seq FROM current))"
        " WHERE no = (SELECT no FROM current)"
    )
    return int(db.execute("SELECT MAX(no) FROM boots").fetchone()[0])


def everything(_fact: NewEvent) -> bool:
    """No fact is left behind."""
    return True


def begin_epoch(
    db: Connection,
    now: datetime,
    entropy: Callable[[int], bytes],
    later_than: str | None = None,
    take: Callable[[NewEvent], bool] = everything,
) -> None:
    """A new epoch; events that were not acknowledged and are to be taken along move into it, numbered from 1.

    It is later than every one of ours and than `later_than`, the backend's, even where the clock is not: an
    earlier one would be taken for behind, and renewed, for ever. Its last two characters begin the attempts'
    keys and differ from those of every earlier epoch, as long as there are any left.
    """
    earlier = [str(found[0]) for found in db.execute("SELECT ulid FROM epochs").fetchall()]
    known = [ulid_ms(name) for name in (*earlier, later_than) if name is not None]
    born = min(max([to_ms(now), *(ms + 1 for ms in known)]), LATEST_MS)
    name, used = make_ulid(born, entropy(10)), {one[-2:] for one in earlier}
    while name[-2:] in used and len(used) < _ENDINGS:
        name = make_ulid(born, entropy(10))
    old = db.execute("SELECT no, acked_seq FROM epochs ORDER BY no DESC LIMIT 1").fetchone()
    row = (name, to_ms(now), later_than)
    db.execute("INSERT INTO epochs (ulid, born_ms, known_seq, later_than) VALUES (?, ?, 0, ?)", row)
    if old is not None:
        _move_along(db, old[0], old[1], take)


def _move_along(db: Connection, old_no: int, acked: int, take: Callable[[NewEvent], bool]) -> None:
    waiting = db.execute(
        "SELECT seq, type, data, terminal, operation_id FROM events WHERE epoch_no = ? AND seq > ?"
        " ORDER BY seq",
        (old_no, acked),
    ).fetchall()
    taken = [seq for seq, *fact in waiting if take(NewEvent(*fact))]
    for place, seq in enumerate(taken, 1):
        db.execute(
            "UPDATE events SET epoch_no = (SELECT no FROM current), seq = ? WHERE epoch_no = ? AND seq = ?",
            (place, old_no, seq),
        )


def go_on_unmet(db: Connection, now: datetime, entropy: Callable[[int], bytes]) -> bool:
    """Begin an epoch that waits for nobody; False, and nothing done, where no fact waits for the backend."""
    if not head(db, 0).unmet:
        return False
    begin_epoch(db, now, entropy)
    mark_met(db)
    return True


def acknowledge(db: Connection, epoch: str, seq: int) -> bool:
    """Move the cursor, never back. False for another epoch or a number that we have not reached."""
    no, name, acked, last = db.execute("SELECT no, ulid, acked_seq, last_seq FROM current").fetchone()
    if epoch != name or seq > last:
        return False
    if seq > acked:
        db.execute("UPDATE epochs SET acked_seq = ? WHERE no = ?", (seq, no))
    return True


def mark_met(db: Connection) -> None:
    """The backend may know of every fact of this epoch from here on."""
    db.execute("UPDATE epochs SET known_seq = NULL WHERE no = (SELECT no FROM current)")


def mark_synced(db: Connection, at: datetime) -> None:
    """Money may be taken in this epoch, which counts as born `at` this moment of the backend's clock: our own
    may have been wrong."""
    db.execute("UPDATE epochs SET synced = 1, born_ms = ? WHERE no = (SELECT no FROM current)", (to_ms(at),))


def prune(db: Connection, before: datetime) -> int:
    """Drop acknowledged events older than `before`, then the payloads of final operations that are as old and
    have no event left. The newest event stays: it carries the numbering."""
    moment = to_ms(before)
    db.execute(
        "DELETE FROM events WHERE at_ms < ? AND (epoch_no < (SELECT no FROM current)"
        " OR (seq <= (SELECT acked_seq FROM current) AND seq < (SELECT last_seq FROM current)))",
        (moment,),
    )
    db.execute(
        "DELETE FROM marks WHERE operation_id IN (SELECT id FROM prunable WHERE changed_ms < ?)", (moment,)
    )
    db.execute(
        "UPDATE operations SET pruned = 1, operation = NULL, outcome = NULL, receipts = NULL, data = NULL"
        " WHERE id IN (SELECT id FROM prunable WHERE changed_ms < ?)",
        (moment,),
    )
    return int(db.execute("SELECT changes()").fetchone()[0])


def head(db: Connection, boot: int) -> Head:
    """Where the journal stands."""
    name, born_ms, synced, acked, last, known = db.execute(
        "SELECT ulid, born_ms, synced, acked_seq, last_seq,"
        " (SELECT known_seq FROM epochs WHERE epochs.no = current.no) FROM current"
    ).fetchone()
    return Head(name, from_ms(born_ms), boot, last, acked, bool(synced), known)
