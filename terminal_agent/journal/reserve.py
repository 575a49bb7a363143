"""A file that keeps a place on the disk, so that open operations can finish when it is full."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from terminal_agent.journal.facts import Space

RESERVE_BYTES = 4 * 1024 * 1024  # some thousand commits, more than any open operations can need
FLOOR_BYTES = 64 * 1024 * 1024  # below it nothing new is taken


def free_bytes_at(path: Path) -> int:
    """What an ordinary user may still write on the disk of `path`."""
    return shutil.disk_usage(path).free


class Reserve:
    """Real bytes, written once (a hole in a file keeps no place)."""

    def __init__(
        self,
        path: Path,
        size_bytes: int = RESERVE_BYTES,
        floor_bytes: int = FLOOR_BYTES,
        free_bytes: Callable[[Path], int] = free_bytes_at,
    ) -> None:
        self._path = path
        self._size = size_bytes
        self._floor = floor_bytes
        self._free_bytes = free_bytes
        self._held = path.exists() and path.stat().st_size >= size_bytes

    def space(self) -> Space:
        """The disk as it is now."""
        return Space(self._free_bytes(self._path.parent), self._floor, self._held)

    def fill(self) -> None:
        """Take the place, if it is not held and the disk has room above the floor for it."""
        if self._held or self._free_bytes(self._path.parent) < self._floor + self._size:
            return
        partial = self._path.with_suffix(".filling")
        try:
            partial.write_bytes(bytes(self._size))
        except OSError:
            partial.unlink(missing_ok=True)
            return
        partial.replace(self._path)
        self._held = True

    def release(self) -> bool:
        """Give the place back to the disk. False when there was none to give."""
        if not self._held:
            return False
        self._path.unlink(missing_ok=True)
        self._held = False
        return True
