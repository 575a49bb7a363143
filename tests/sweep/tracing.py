"""strace at a process that runs already: it records, and ends the process before or after one call."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import eventually
from tests.sweep.calls import WATCHED, Point, When

# After the call is done strace holds the thread for so long: enough to see that in the record, and to kill.
_HELD_US = 5_000_000
_DONE = "(DELAYED)"
_NOT_TRACED = re.compile(r"^TracerPid:\s+0$", re.MULTILINE)
_END_LIMIT_S = 10.0
_LONGEST_TRACE_S = 600.0


@dataclass(frozen=True, slots=True)
class Trace:
    """The record of a process, as it grows."""

    log: Path

    @property
    def record(self) -> str:
        """All calls so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


@asynccontextmanager
async def traced(
    pid: int, log: Path, point: Point | None = None, when: When = "before"
) -> AsyncIterator[Trace]:
    """Record; with a point, kill the process there. Lets go of a process that is still alive in the end."""
    trace = Trace(log)
    strace = _started(_command(pid, log, point, when), log)
    killer = asyncio.create_task(_kill_when_done(pid, trace)) if point and when == "after" else None
    try:
        await eventually(lambda: strace.poll() is not None or _all_traced(pid), "strace watches every thread")
        yield trace
    finally:
        if killer is not None:
            killer.cancel()
            await asyncio.wait([killer])
        if strace.poll() is None:
            strace.send_signal(signal.SIGINT)
        await asyncio.to_thread(strace.wait, _END_LIMIT_S)


def _started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    log.unlink(missing_ok=True)
    with log.with_suffix(".said").open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=said)


def _command(pid: int, log: Path, point: Point | None, when: When) -> list[str]:
    what = ["strace", "-f", "-yy", "-s", "0", "-o", str(log), "-e", f"trace={','.join(WATCHED)}"]
    if point is not None:
        how = "error=EIO:signal=KILL" if when == "before" else f"delay_exit={_HELD_US}"
        what += ["-e", f"inject={point.call}:{how}:when={point.number}"]
    return [*what, "-p", str(pid)]


def _all_traced(pid: int) -> bool:
    tasks = Path(f"/proc/{pid}/task")
    return not any(_NOT_TRACED.search((task / "status").read_text("utf-8")) for task in tasks.iterdir())


async def _kill_when_done(pid: int, trace: Trace) -> None:
    await eventually(lambda: _DONE in trace.record, "the call is done", _LONGEST_TRACE_S)
    os.kill(pid, signal.SIGKILL)
