"""Who holds a serial port: process number and program name, from Linux's /proc. Elsewhere nobody is named.

A lock is listed for every user in /proc/locks; a plain open only shows among the open files of processes
that we may look into (our own user's, or all of them as root).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_INTERPRETERS = ("python", "perl", "ruby", "node", "sh", "bash")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the port open."""

    pid: int
    program: str

    def __str__(self) -> str:
        """For an error text."""
        return "this program itself" if self.pid == os.getpid() else f"{self.program} (pid {self.pid})"


def holders(path: str) -> tuple[Holder, ...]:
    """Who has the device locked, us included, or open, us excluded. Empty also where it cannot be known."""
    if not _PROC.joinpath("locks").exists():
        return ()
    device = os.path.realpath(path)
    pids = sorted({*_locking(device), *_having_open(device)})
    return tuple(Holder(pid, _program(pid)) for pid in pids)


def _locking(device: str) -> Iterator[int]:
    """Lines like `1: FLOCK  ADVISORY  WRITE 4242 00:18:5 0 EOF`: the process, then major:minor:inode."""
    try:
        status = os.stat(device)
        lines = _PROC.joinpath("locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    where = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for words in map(str.split, lines):
        if len(words) > 5 and words[1] != "->" and words[5] == where and int(words[4]) > 0:
            yield int(words[4])


def _having_open(device: str) -> Iterator[int]:
    for folder in _PROC.iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid() and _has_open(folder, device):
            yield int(folder.name)


def _has_open(process: Path, device: str) -> bool:
    """Whether the process competes for the device. Who holds a pty's master is the other end of the cable."""
    open_files = _open_files(process)
    if device not in open_files.values():
        return False
    masters = [name for name, target in open_files.items() if target.endswith("/ptmx")]
    return not any(_is_master(process / "fdinfo" / name, device) for name in masters)


def _open_files(process: Path) -> dict[str, str]:
    """Descriptor -> path; empty for processes that are not ours to look into or just ended."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(process / "fd"):
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                found[name] = os.readlink(process / "fd" / name)
    return found


def _is_master(fdinfo: Path, device: str) -> bool:
    """Linux writes `tty-index: 5` for the master of /dev/pts/5."""
    try:
        lines = fdinfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    return any(line.split() == ["tty-index:", os.path.basename(device)] for line in lines)


def _program(pid: int) -> str:
    """The program's name; for an interpreter also the script, never further arguments."""
    folder = _PROC / str(pid)
    try:
        name = folder.joinpath("comm").read_text(encoding="utf-8", errors="replace").strip()
        words = folder.joinpath("cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return "a program that just ended"
    if name.startswith(_INTERPRETERS) and len(words) > 1 and words[1] and not words[1].startswith("-"):
        return f"{name} {os.path.basename(words[1])}"
    return name
