"""The money ledger: JSON lines in a file of its own, appended and fsync'd one by one, never changed.

It outlives the simulator and is the judge of every test: a separate process that has only this file can say
what was charged (`simulator.acquirer.lines` has the keys, `simulator.acquirer.totals` the sums).

A line torn by a crash was never acknowledged to anybody; it is cut off when the file is next opened to write.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from simulator.acquirer.lines import Entry, LedgerError, Line, decode, encode, numbered


class Ledger(Protocol):
    """Where a terminal books."""

    def append(self, entry: Entry) -> Line:
        """Book durably and return the line with its id."""
        ...

    def lines(self) -> tuple[Line, ...]:
        """Every line so far, oldest first."""
        ...


class MemoryLedger:
    """A ledger for tests in virtual time: the same rules, no file."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._count: Counter[str] = Counter()

    def append(self, entry: Entry) -> Line:
        """Book and return the line."""
        self._count[entry.terminal] += 1
        line = numbered(entry, self._count[entry.terminal])
        self._lines.append(line)
        return line

    def lines(self) -> tuple[Line, ...]:
        """Every line so far."""
        return tuple(self._lines)


class FileLedger:
    """The ledger in a file. Several terminals, also of several processes, may share one.

    Raises LedgerError where the file holds anything but lines, OSError where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._known: list[Line] = []
        self._count: Counter[str] = Counter()
        self._read_to = 0
        self._locked(self._catch_up)
        _sync_directory(path.parent)

    def append(self, entry: Entry) -> Line:
        """Book durably: the line is on disk when this returns."""

        def book() -> None:
            self._catch_up()
            data = encode(numbered(entry, self._count[entry.terminal] + 1))
            written = os.write(self._fd, data)
            os.fsync(self._fd)
            if written != len(data):
                raise LedgerError(f"{self.path}: the disk took {written} of {len(data)} bytes; make room")
            self._catch_up()

        self._locked(book)
        return self._known[-1]

    def lines(self) -> tuple[Line, ...]:
        """Every line so far, those of other processes included."""
        self._locked(self._catch_up)
        return tuple(self._known)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _locked(self, work: Callable[[], None]) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            work()
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        """Read what was added since, and cut off a torn last line."""
        size = os.fstat(self._fd).st_size
        data = os.pread(self._fd, size - self._read_to, self._read_to)
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(self._fd, self._read_to + len(whole))
            os.fsync(self._fd)
        added = list(decode(whole, str(self.path), len(self._known) + 1))
        self._known.extend(added)
        self._count.update(line.terminal for line in added)
        self._read_to += len(whole)


def read(path: Path) -> tuple[Line, ...]:
    """The lines of a file, for a process that only looks. A torn last line is left out, not cut off."""
    data = path.read_bytes()
    return tuple(decode(data[: data.rfind(b"\n") + 1], str(path), 1))


def _sync_directory(path: Path) -> None:
    """Make the file's own name durable."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
