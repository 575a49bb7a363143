"""Processes of the bench, and what Linux says they use."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STOP_LIMIT_S = 20.0


@contextmanager
def running(command: Sequence[str], log: Path, *, piped: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process that is asked to end afterwards. What it says on standard error goes to `log`."""
    with log.open("a", encoding="utf-8") as said:
        pipe = subprocess.PIPE if piped else subprocess.DEVNULL
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=pipe, stdout=pipe if piped else said, stderr=said, text=True
        )
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            process.wait(_STOP_LIMIT_S)
            if process.stdout is not None:
                process.stdout.close()


def module(name: str, *arguments: str) -> list[str]:
    """The command of a module of ours."""
    return [sys.executable, "-m", name, *arguments]


def cpu_s(pid: int) -> float:
    """CPU time of a process since its start, all threads, in seconds, to the nanosecond."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total_ns / 1e9


def rss_mib(pid: int) -> float:
    """Resident memory: what is in RAM, shared pages counted whole."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def pss_mib(pid: int) -> float | None:
    """Proportional memory: shared pages divided by those who share them. None where only root may look: the
    agent keeps its memory private."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except PermissionError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def cpu_percent(pid: int, window_s: float) -> float:
    """CPU of a process over the next seconds, in percent of one core."""
    before, began = cpu_s(pid), time.monotonic()
    time.sleep(window_s)
    return 100 * (cpu_s(pid) - before) / (time.monotonic() - began)


def cores() -> int:
    """The cores that we may use."""
    return len(os.sched_getaffinity(0))
