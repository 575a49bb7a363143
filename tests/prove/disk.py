"""A disk in memory under SQLite (apsw's file system in Python): it can be full, fail, tear, and lose what was
not synced. SQLite itself is the real one.

The product wants a `sqlite3.Connection`; what it uses of one is here over apsw's, errors translated. Each
process of the agent opens the disk anew; the handles of a dead process write nothing any more.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import apsw

_SECTOR = 512
_FULL = (apsw.FullError,)


class Stored:
    """One file: what the system has, and what a loss of power would take back, newest last."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.unsynced: list[tuple[int, bytes, int]] = []  # offset, the bytes that were there, the old size

    def write(self, data: bytes, offset: int) -> None:
        """Write, and remember what was there."""
        held, size = self.data, len(self.data)
        self.unsynced.append((offset, bytes(held[offset : offset + len(data)]), size))
        if offset > size:
            held.extend(bytes(offset - size))
        held[offset : offset + len(data)] = data

    def truncate(self, size: int) -> None:
        """Cut off."""
        self.unsynced.append((size, bytes(self.data[size:]), len(self.data)))
        del self.data[size:]

    def lose(self, keep: int, torn: bool) -> None:
        """Lose all but the first `keep` unsynced writes; `torn`: half of the next one stays too."""
        spared = bytes(self.data)
        lost = self.unsynced[keep:]
        for offset, before, size in reversed(lost):
            del self.data[size:]
            self.data.extend(bytes(size - len(self.data)))
            self.data[offset : offset + len(before)] = before
        if torn and lost:
            offset, _, size = lost[0]
            half = spared[offset : offset + _SECTOR]
            if offset <= size:
                self.data[offset : offset + len(half)] = half
        self.unsynced.clear()


class Disk:
    """All files of one machine. `on_effect` is called before and after each write and sync."""

    def __init__(self, on_effect: Callable[[str], None], capacity_bytes: int = 8_000_000) -> None:
        self.files: dict[str, Stored] = {}
        self.on_effect = on_effect
        self.capacity_bytes = capacity_bytes
        self.full = False
        self.fails = False
        self.boot = 0
        self.connections: list[Connection] = []  # also those of dead processes: closing one deletes files
        self._yesterday: dict[str, bytes] | None = None

    def free_bytes(self) -> int:
        """What may still be written."""
        return 0 if self.full else self.capacity_bytes

    def restart(self) -> None:
        """The process that had the files open is gone: its handles are dead, its written bytes stay."""
        self.boot += 1

    def lose_power(self, chance: Random) -> None:
        """The machine goes down: of what was not synced any first part may have reached the platter."""
        self.restart()
        for stored in self.files.values():
            stored.lose(chance.randint(0, len(stored.unsynced)), chance.random() < 0.5)

    def copy(self) -> None:
        """Keep a copy of every file: yesterday's backup."""
        self._yesterday = {name: bytes(stored.data) for name, stored in self.files.items()}

    def restore(self) -> bool:
        """Put yesterday's copy in place; False where none was made."""
        if self._yesterday is None:
            return False
        self.files.clear()
        for name, data in self._yesterday.items():
            stored = self.files[name] = Stored()
            stored.data[:] = data
        return True

    def delete(self) -> None:
        """Somebody tidied up."""
        self.files.clear()

    def scrap(self) -> None:
        """The history is over: let go of everything that was ever opened."""
        self.restart()
        for connection in self.connections:
            connection.close()
        self.connections.clear()

    def content(self) -> bytes:
        """Everything that lies on it."""
        return b"".join(bytes(stored.data) for stored in self.files.values())


def _quietly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """apsw prints what we raise in here; it also reaches SQLite, which is all that is wanted."""
    if not isinstance(error, apsw.Error):
        sys.__excepthook__(kind, error, trace)


class _Handle:
    """One open file of one process."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        self._boot = disk.boot
        self._file = disk.files.setdefault(name, Stored())

    def _dead(self) -> bool:
        return self._boot != self._disk.boot

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.data[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        disk = self._disk
        if self._dead():
            return
        disk.on_effect("before a write")
        if self._dead():
            return
        if disk.fails:
            raise apsw.IOError("the disk does not write")
        if disk.full and offset + len(data) > len(self._file.data):
            raise apsw.FullError("the disk is full")
        self._file.write(bytes(data), offset)

    def xTruncate(self, size: int) -> None:
        if not self._dead():
            self._file.truncate(size)

    def xSync(self, _flags: int) -> None:
        disk = self._disk
        if self._dead():
            return
        if disk.fails:
            raise apsw.IOError("the disk does not sync")
        disk.on_effect("before a sync")
        if self._dead():
            return
        self._file.unsynced.clear()
        disk.on_effect("after a sync")

    def xFileSize(self) -> int:
        return len(self._file.data)

    def xLock(self, _level: int) -> None:
        """One process has the file."""

    def xUnlock(self, _level: int) -> None:
        """One process has the file."""

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None:
        """Nothing is held back here."""

    def xSectorSize(self) -> int:
        return _SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0

    def xFileControl(self, _op: int, _pointer: int) -> bool:
        return False


class _Files(apsw.VFS):
    """SQLite's door to whichever disk is in the machine now."""

    def __init__(self) -> None:
        self.disk: Disk | None = None
        self.closed_in: int | None = None  # the boot of the connection that is being closed
        self._temporary = 0
        super().__init__("prove", base="")

    def _in(self) -> Disk:
        if self.disk is None:
            raise apsw.CantOpenError("there is no disk in the machine")
        return self.disk

    def xOpen(self, name: Any, _flags: list[int]) -> Any:
        return _Handle(self._in(), name.filename() if hasattr(name, "filename") else str(name))

    def xAccess(self, path: str, _flags: int) -> bool:
        return path in self._in().files

    def xDelete(self, path: str, _sync: bool) -> None:
        if self.closed_in in (None, self._in().boot):
            self._in().files.pop(path, None)

    def xFullPathname(self, name: str) -> str:
        return name


_FILES = _Files()
NAME = "journal"


def insert(disk: Disk) -> None:
    """Put a disk into the machine: what is opened from now on lies on it."""
    sys.excepthook = _quietly
    _FILES.disk = disk


class Connection:
    """As much of a `sqlite3.Connection` as the journal uses."""

    def __init__(self) -> None:
        self._boot = _FILES.disk.boot if _FILES.disk is not None else 0
        self._db = apsw.Connection(NAME, vfs="prove", statementcachesize=60)
        self.execute("PRAGMA locking_mode=EXCLUSIVE")  # WAL without shared memory (sqlite.org/wal.html ch. 8)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any:
        """Run one statement."""
        try:
            return self._db.execute(sql, parameters)
        except apsw.Error as error:
            raise _translated(error) from None

    def close(self) -> None:
        """Let go of the files. A process that is dead, or dies in here, deletes none of them."""
        _FILES.closed_in = self._boot
        try:
            self._db.close(True)
        finally:
            _FILES.closed_in = None


def connect(_path: Path) -> sqlite3.Connection:
    """The journal on the disk that is in the machine. What comes back quacks like sqlite3's."""
    try:
        connection = Connection()
        if _FILES.disk is not None:
            _FILES.disk.connections.append(connection)
        return connection  # type: ignore[return-value]  # the part of it that the journal uses
    except apsw.Error as error:
        raise _translated(error) from None


def _translated(error: apsw.Error) -> sqlite3.DatabaseError:
    kind: type[sqlite3.DatabaseError]
    if isinstance(error, _FULL):
        kind, code, name = sqlite3.OperationalError, sqlite3.SQLITE_FULL, "SQLITE_FULL"
    elif isinstance(error, apsw.CantOpenError):
        kind, code, name = sqlite3.OperationalError, sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN"
    else:
        kind, code, name = sqlite3.DatabaseError, getattr(error, "result", 10), type(error).__name__
    told = kind(str(error))
    told.sqlite_errorcode, told.sqlite_errorname = code, name
    return told
