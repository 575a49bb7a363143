"""The clinic's database: SQLite, one connection, durable before anything is acknowledged.

It is used from the event loop's thread alone: a statement takes some hundred microseconds, and what must
hold together is written in one transaction without an `await` in between.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from protocols.contract.fields import write_time
from protocols.contract.ulids import make_ulid

_SCHEMA = Path(__file__).with_name("schema.sql")
_VERSION = 2
Row = sqlite3.Row
Value = str | int | None


_ALREADY_THERE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


class AlreadyThereError(Exception):
    """A row with this key, or one that rules it out, is there already."""


class DatabaseError(Exception):
    """The file is not a database of this clinic: which, and what it says."""


class Database:
    """Opened, and made where it is new. `is_new` tells which. Raises DatabaseError, OSError."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        except sqlite3.Error as error:
            raise DatabaseError(f"{path}: {error}; give another file, or move it away") from None
        if version not in (0, _VERSION):
            raise DatabaseError(f"{path}: is of version {version}; this program writes version {_VERSION}")
        self.is_new = version == 0
        if self.is_new:
            self._connection.executescript(
                f"BEGIN; {_SCHEMA.read_text(encoding='utf-8')} PRAGMA user_version = {_VERSION}; COMMIT;"
            )

    def close(self) -> None:
        """Close it; what was committed is on disk."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Within another one it is part of that."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, statement: str, *values: Value) -> int:
        """Execute one statement; how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def one(self, statement: str, *values: Value) -> Row | None:
        """The first row."""
        row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, *values: Value) -> list[Row]:
        """Every row."""
        return self._connection.execute(statement, values).fetchall()

    def add(self, table: str, **values: Value) -> None:
        """Insert one row. Raises AlreadyThereError."""
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        try:
            self.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *values.values())  # noqa: S608  # our own names
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode in _ALREADY_THERE:
                raise AlreadyThereError(str(error)) from None
            raise


def stamp(instant: datetime) -> str:
    """How a moment is written in the database."""
    return write_time(instant)


def moment(text: str) -> datetime:
    """A moment as it is written in the database, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def new_id(now: datetime) -> str:
    """A fresh id that sorts by its time."""
    return make_ulid(int(now.timestamp() * 1000), os.urandom(10))
