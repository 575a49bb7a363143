"""The tables, as numbered migrations. One that has shipped is never edited; a change is a new one below it.

`PRAGMA user_version` is the number of the last one applied; it changes in the same transaction.
"""

from __future__ import annotations

# "tagt" in ASCII: told apart from any other SQLite file (sqlite.org, fileformat2 ch. 1.3.17).
APPLICATION_ID = 0x74616774

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE epochs (no INTEGER PRIMARY KEY, ulid TEXT NOT NULL UNIQUE, born_ms INTEGER NOT NULL,"
        " synced INTEGER NOT NULL DEFAULT 0, acked_seq INTEGER NOT NULL DEFAULT 0)",
        "CREATE TABLE boots (no INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL)",
        # `no` is the attempt's number: an alias of the rowid, so it costs no index and is never used twice
        # as long as no row is deleted, and none ever is.
        "CREATE TABLE operations (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, terminal TEXT NOT NULL,"
        " op TEXT NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL, attempt_key TEXT NOT NULL,"
        " created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, actor TEXT NOT NULL,"
        " locale TEXT NOT NULL, code TEXT, operation TEXT, original_id TEXT, amount_minor INTEGER,"
        " currency TEXT, money TEXT NOT NULL, outcome TEXT, receipts TEXT, data TEXT,"
        " abort_asked_ms INTEGER, owed INTEGER NOT NULL, checks INTEGER NOT NULL, doubt_since_ms INTEGER,"
        " next_check_ms INTEGER, pruned INTEGER NOT NULL DEFAULT 0)",
        "CREATE INDEX operations_open ON operations (terminal, no)"
        " WHERE state IN ('accepted', 'committed', 'result_seen', 'in_doubt', 'needs_human')",
        "CREATE INDEX operations_naming ON operations (original_id) WHERE original_id IS NOT NULL",
        "CREATE INDEX operations_refunds ON operations (terminal, op, created_ms)",
        "CREATE TABLE marks (operation_id TEXT NOT NULL, no INTEGER NOT NULL, attempt INTEGER NOT NULL,"
        " stage TEXT NOT NULL, keys TEXT NOT NULL, at_ms INTEGER NOT NULL,"
        " PRIMARY KEY (operation_id, no)) WITHOUT ROWID",
        "CREATE TABLE orphans (no INTEGER PRIMARY KEY, terminal TEXT NOT NULL, at_ms INTEGER NOT NULL,"
        " record TEXT NOT NULL, fits TEXT)",
        "CREATE TABLE events (epoch_no INTEGER NOT NULL REFERENCES epochs (no), seq INTEGER NOT NULL,"
        " boot INTEGER NOT NULL, at_ms INTEGER NOT NULL, type TEXT NOT NULL, terminal TEXT,"
        " operation_id TEXT, data TEXT NOT NULL, PRIMARY KEY (epoch_no, seq)) WITHOUT ROWID",
        "CREATE INDEX events_of ON events (operation_id)",
        "CREATE VIEW current AS SELECT no, ulid, born_ms, synced, acked_seq,"
        " (SELECT COALESCE(MAX(seq), 0) FROM events WHERE epoch_no = no) AS last_seq"
        " FROM epochs ORDER BY no DESC LIMIT 1",
        "CREATE VIEW prunable AS SELECT id, changed_ms FROM operations WHERE pruned = 0"
        " AND state IN ('rejected', 'approved', 'declined', 'cancelled', 'not_started')"
        " AND NOT EXISTS (SELECT 1 FROM events WHERE operation_id = operations.id)",
    ),
    # The last fact that the backend can know of, where it was not met since; NULL once it was.
    ("ALTER TABLE epochs ADD COLUMN known_seq INTEGER",),
    # The backend's epoch that was ahead of ours when this one was begun; NULL where none was.
    ("ALTER TABLE epochs ADD COLUMN later_than TEXT",),
)
