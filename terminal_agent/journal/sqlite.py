"""The journal in SQLite: the only file here that names it.

WAL with synchronous=FULL: a commit returns when the log is on disk (sqlite.org/pragma.html, synchronous).
One connection, one thread; a transaction for each batch of writers. Folding the log back into the file is
left to quiet moments (`tidy`), so that no command waits for it; SQLite does it by itself only when the log is
long.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from protocols.core.errors import LocalError
from terminal_agent.clock import Clock
from terminal_agent.errors import AgentError, JournalFailed, JournalUnusable
from terminal_agent.journal import upkeep
from terminal_agent.journal.batches import Batches, Work
from terminal_agent.journal.facts import Event, Head, NewEvent, Space, Written
from terminal_agent.journal.port import Decide, Reader
from terminal_agent.journal.reserve import Reserve
from terminal_agent.journal.statements import Guard, SqlReader, masked, write

T = TypeVar("T")

Connect = Callable[[Path], sqlite3.Connection]
LOG_PAGES = 4000  # 16 MiB of log at 4 KiB a page: only then does SQLite fold it in the middle of a commit


def connect(path: Path) -> sqlite3.Connection:
    """An ordinary connection whose transactions are ours to begin and end."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)


class SqliteJournal:
    """`Journal` in a file. Made by `open_journal`."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        entropy: Callable[[int], bytes] = os.urandom,
        *,
        reserve: Reserve | None = None,
        executor: Executor | None = None,
        connect: Connect = connect,
        guard: Guard = masked,
    ) -> None:
        self._path = path
        self._guard = guard
        self._clock = clock
        self._entropy = entropy
        self._reserve = reserve or Reserve(path.with_suffix(".reserve"))
        self._executor = executor or ThreadPoolExecutor(1, "journal")
        self._connect = connect
        self._broken: str | None = None
        self._closed = False
        self._held: list[sqlite3.Connection] = []
        self._batches: Batches[Head] = Batches(self._executor, self._transaction, self._moved)

    async def start(self) -> None:
        """Open, verify, bring the tables up to date, count the boot. Raises JournalUnusable."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._open)

    @property
    def head(self) -> Head:
        """Where it stands after the last write."""
        return self._head

    def space(self) -> Space:
        """The disk it lies on."""
        return self._reserve.space()

    async def transact(self, decide: Decide) -> Written:
        """Decide and write in one transaction; return when it is on disk."""
        return await self._run(partial(self._decide, decide))

    async def read(self, look: Callable[[Reader], T]) -> T:
        """Look without writing."""
        return await self._run(partial(look, self._reader))

    async def events_after(self, seq: int, limit: int) -> tuple[Event, ...]:
        """Events of the current epoch after `seq`, in order."""
        return await self._run(partial(self._reader.events_after, seq, limit))

    async def acknowledge(self, epoch: str, seq: int) -> bool:
        """The backend has stored everything up to here. False: another epoch, or not ours yet."""
        return await self._run(partial(upkeep.acknowledge, self._db, epoch, seq))

    async def mark_synced(self, at: datetime) -> None:
        """The backend has listed, `at` this moment of its clock, what it holds open: all is known here."""
        await self._run(partial(upkeep.mark_synced, self._db, at))

    async def mark_met(self) -> None:
        """The backend may know of every fact from here on."""
        await self._run(partial(upkeep.mark_met, self._db))

    async def begin_epoch(
        self, later_than: str | None = None, take: Callable[[NewEvent], bool] = upkeep.everything
    ) -> None:
        """Go on under a new epoch, not synced; unacknowledged events are numbered anew from 1."""
        now = self._clock.wall()
        await self._run(partial(upkeep.begin_epoch, self._db, now, self._entropy, later_than, take))

    async def go_on_unmet(self) -> bool:
        """Begin an epoch in which no fact waits for the backend; False where none waits."""
        now = self._clock.wall()
        return await self._run(partial(upkeep.go_on_unmet, self._db, now, self._entropy))

    async def prune(self, before: datetime) -> int:
        """Drop acknowledged payloads older than `before`; how many operations lost theirs."""
        return await self._run(partial(upkeep.prune, self._db, before))

    async def tidy(self) -> None:
        """Fold the log into the file and refill the reserve."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._tidy)

    async def backup(self, to: Path) -> None:
        """Write a consistent copy while running, over a connection of its own."""
        await asyncio.to_thread(_copy, self._connect, self._path, to)

    async def aclose(self) -> None:
        """Write what is queued, then close."""
        if self._closed:
            return
        with suppress(JournalFailed):
            await self._run(_nothing)
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self._close)
        self._executor.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise JournalFailed(
                "journal_closed", f"the journal {self._path} is closed; the agent is stopping"
            )
        return await self._batches.run(work)

    # --- on the journal's thread --------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._held.append(_claim(self._path))
            self._db = self._connect(self._path)
            self._held.append(self._db)
            self._verify_and_prepare()
        except sqlite3.DatabaseError as error:
            self._close()
            raise _unusable(self._path, error) from error
        except JournalUnusable:
            self._close()
            raise
        self._reserve.fill()

    def _verify_and_prepare(self) -> None:
        db = self._db
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"wal_autocheckpoint={LOG_PAGES}"):
            db.execute(f"PRAGMA {pragma}")
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise JournalUnusable("journal_corrupt", _advice(self._path, str(verdict)))
        upkeep.check_kind(db, self._path)
        with _transaction(db):
            upkeep.migrate(db)
            self._boot = upkeep.begin_boot(db, self._clock.wall(), self._entropy)
        self._reader = SqlReader(db)
        upkeep.check_sense(db, self._path)
        self._head = upkeep.head(db, self._boot)

    def _decide(self, decide: Decide) -> Written:
        return write(self._db, decide(self._reader), self._boot, self._clock.wall(), self._guard)

    def _transaction(self, batch: Sequence[Work]) -> tuple[list[Any], Head]:
        if self._broken is not None:
            raise JournalFailed(
                "journal_io", f"the journal failed earlier ({self._broken}); restart the agent"
            )
        try:
            return self._try_once(batch)
        except sqlite3.Error as error:
            if not _is_full(error):
                raise self._failed(error) from error
        if not self._reserve.release():
            raise JournalFailed(
                "journal_full", f"the disk of {self._path} is full and the reserve is used up"
            )
        try:
            return self._try_once(batch)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _try_once(self, batch: Sequence[Work]) -> tuple[list[Any], Head]:
        with _transaction(self._db):
            results = [_result(work) for work in batch]
            head = upkeep.head(self._db, self._boot)
        return results, head

    def _failed(self, error: sqlite3.Error) -> JournalFailed:
        """After a failed sync nobody knows what is on disk, so nothing more is written to this file."""
        if _is_full(error):
            return JournalFailed("journal_full", f"the disk of {self._path} is full; free some space")
        self._broken = _name_of(error)
        return JournalFailed(
            "journal_io", f"writing {self._path} failed ({self._broken}); check the disk, restart the agent"
        )

    def _moved(self, head: Head) -> None:
        self._head = head

    def _tidy(self) -> None:
        try:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self._reserve.fill()

    def _close(self) -> None:
        while self._held:
            self._held.pop().close()


async def open_journal(
    path: Path,
    clock: Clock,
    entropy: Callable[[int], bytes] = os.urandom,
    *,
    reserve: Reserve | None = None,
    executor: Executor | None = None,
    connect: Connect = connect,
    guard: Guard = masked,
) -> SqliteJournal:
    """The journal of a file, made if it is missing. `guard` masks card numbers in each text that is written.
    Raises JournalUnusable: nobody may take money then."""
    journal = SqliteJournal(
        path, clock, entropy, reserve=reserve, executor=executor, connect=connect, guard=guard
    )
    await journal.start()
    return journal


@contextmanager
def look_at(path: Path) -> Iterator[SqlReader]:
    """Read a journal, also while its agent runs. Raises JournalUnusable where there is none."""
    with _reading(path) as db:
        yield SqlReader(db)


def verify(path: Path, *, every_page: bool = True) -> Head:
    """Hold the tables against each other, and read every page if wanted; also while its agent runs.
    Returns where the journal stands. Raises JournalUnusable."""
    with _reading(path) as db:
        if every_page and (verdict := db.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise JournalUnusable("journal_corrupt", _advice(path, str(verdict)))
        upkeep.check_sense(db, path)
        return upkeep.head(db, int(db.execute("SELECT MAX(no) FROM boots").fetchone()[0]))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)) as db:
            upkeep.check_kind(db, path)
            yield db
    except sqlite3.DatabaseError as error:
        raise _unusable(path, error) from error


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    done = False
    try:
        yield
        db.execute("COMMIT")
        done = True
    finally:
        if not done and db.in_transaction:
            db.execute("ROLLBACK")


def _nothing() -> None:
    """The last of the queue."""


def _result(work: Work) -> Any:
    """What the work gives, or the refusal it ends with; it had written nothing then."""
    try:
        return work()
    except (LocalError, AgentError) as error:
        return error


def _claim(path: Path) -> sqlite3.Connection:
    """Hold the journal for this process alone, until it ends in whatever way."""
    lock = sqlite3.connect(
        path.with_suffix(".lock"), isolation_level=None, check_same_thread=False, timeout=0
    )
    try:
        lock.execute("PRAGMA journal_mode=MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise JournalUnusable(
            "journal_in_use", f"{path} is held by another agent; one agent at a time, stop the other first"
        ) from error
    return lock


def _copy(connect: Connect, path: Path, to: Path) -> None:
    try:
        with closing(connect(path)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        why = f"no copy of {path} could be written to {to} ({_name_of(error)})"
        raise JournalFailed("backup_failed", f"{why}; is its folder there, yours, and with room?") from error


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _unusable(path: Path, error: sqlite3.Error) -> JournalUnusable:
    """A file that cannot be opened is the operator's path or rights; anything else is what it holds."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CANTOPEN:
        return JournalUnusable("journal_corrupt", _advice(path, _name_of(error)))
    return JournalUnusable("journal_unreadable", _why_not_opened(path))


def _why_not_opened(path: Path) -> str:
    try:
        path.lstat()
    except PermissionError:
        return f"the journal {path} cannot be reached; run this as the agent's user, who must own its folder"
    except FileNotFoundError:
        if path.parent.is_dir() and not os.access(path.parent, os.W_OK):
            return f"the journal {path} cannot be made; the agent's user must own the folder {path.parent}"
        return f"there is no journal {path}; is the path right? The agent makes it where its folder is there"
    return (
        f"the journal {path} cannot be opened for writing; it and its folder must belong to the agent's user,"
        " on a disk that is not mounted read-only"
    )


def _name_of(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _advice(path: Path, what: str) -> str:
    return (
        f"the journal {path} cannot be trusted: {what}. No money is taken. Keep the file for evidence,"
        " restore a backup or move it away; a new journal asks the backend what is open before it takes money"
    )
