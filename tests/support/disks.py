"""Disks that fail under a running process: a small one that is filled, and one that refuses every write.

Both need root: the first is mounted, the second is strace at a process that keeps its memory private.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.sweep.tracing import Traced, attached

Refusal = Literal["EROFS", "EIO"]
_WRITES = "pwrite64,fsync,fdatasync,ftruncate,unlink"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk of its own, in memory, mounted at `path`."""

    path: Path

    def fill(self, *, leave_bytes: int = 0) -> None:
        """Let something else take all but so much of it."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (65_536, 4096):
                while self._free() >= leave_bytes + size:
                    ballast.write(bytes(size))

    def empty(self) -> None:
        """Free it again."""
        self._ballast.unlink()

    def remount(self, how: Literal["ro", "rw"]) -> None:
        """Read only, or writable again; nobody may have a file open for writing."""
        _run("mount", "-o", f"remount,{how}", str(self.path))

    @property
    def _ballast(self) -> Path:
        return self.path / "ballast"

    def _free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(at: Path, mib: int) -> Iterator[SmallDisk]:
    """Mount one over a folder."""
    _run("mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "tmpfs", str(at))
    try:
        yield SmallDisk(at)
    finally:
        _run("umount", "--lazy", str(at))


@asynccontextmanager
async def refusing(pid: int, journal: Path, refusal: Refusal) -> AsyncIterator[None]:
    """While this lasts every write of that process to its journal is answered so by the system."""
    files = [f"{journal}{end}" for end in ("", "-wal", "-shm")]
    what = ["-e", f"trace={_WRITES}", "-e", f"inject={_WRITES}:error={refusal}"]
    where = [word for file in files for word in ("-P", file)]
    async with attached(Traced(pid), journal.parent / "refusals", [*what, *where]):
        yield


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=10)
