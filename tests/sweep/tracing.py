"""strace at a process that runs already: it records, and ends the process before or after one call."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import eventually
from tests.sweep.calls import WATCHED, Point, When

# After the call is done strace holds the thread for so long: enough to see that in the record, and to kill.
_HELD_US = 5_000_000
_DONE = "(DELAYED)"
_KILLED = "+++ killed by SIGKILL +++"
_NOT_TRACED = re.compile(r"^TracerPid:\s+0$", re.MULTILINE)
_END_LIMIT_S = 10.0
_LONGEST_TRACE_S = 600.0


@dataclass(frozen=True, slots=True)
class Traced:
    """A process, and those of its threads that strace leaves alone. With any of them, it leaves alone what
    threads begin later, too."""

    pid: int
    but: frozenset[int] = frozenset()

    @property
    def where(self) -> list[str]:
        """For strace's command line."""
        if not self.but:
            return ["-f", "-p", str(self.pid)]
        return [word for thread in sorted(self.threads()) for word in ("-p", str(thread))]

    @property
    def watched(self) -> bool:
        """Whether each thread of it is traced now."""
        task = Path(f"/proc/{self.pid}/task")
        return not any(
            _NOT_TRACED.search((task / str(thread) / "status").read_text("utf-8"))
            for thread in self.threads()
        )

    def threads(self) -> frozenset[int]:
        """Those that are traced."""
        return frozenset(int(path.name) for path in Path(f"/proc/{self.pid}/task").iterdir()) - self.but


@dataclass(slots=True)
class Trace:
    """The record of a process, as it grows. `struck`: it was killed after its call."""

    log: Path
    struck: bool = False

    @property
    def record(self) -> str:
        """All calls so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    @property
    def killed(self) -> bool:
        """Whether the process was killed, though it may not be gone yet."""
        return self.struck or _KILLED in self.record


@asynccontextmanager
async def traced(
    who: Traced, log: Path, point: Point | None = None, when: When = "before"
) -> AsyncIterator[Trace]:
    """Record; with a point, kill the process there. Lets go of a process that is still alive in the end."""
    trace = Trace(log)
    what = ["-yy", "-s", "0", "-e", f"trace={','.join(WATCHED)}"]
    if point is not None:
        how = "error=EIO:signal=KILL" if when == "before" else f"delay_exit={_HELD_US}"
        what += ["-e", f"inject={point.call}:{how}:when={point.number}"]
    async with attached(who, log, what) as strace:
        ending = _kill_when_done(who.pid, trace, strace) if point and when == "after" else None
        killer = asyncio.create_task(ending) if ending is not None else None
        try:
            yield trace
        finally:
            if killer is not None:
                killer.cancel()
                await asyncio.wait([killer])


@asynccontextmanager
async def attached(who: Traced, log: Path, what: Sequence[str]) -> AsyncIterator[subprocess.Popen[bytes]]:
    """strace at the threads of a process, told what to do. Lets go in the end."""
    strace = _started(["strace", "-o", str(log), *what, *who.where], log)
    try:
        await eventually(lambda: strace.poll() is not None or who.watched, "strace watches every thread")
        yield strace
    finally:
        if strace.poll() is None:
            strace.send_signal(signal.SIGINT)
        await asyncio.to_thread(strace.wait, _END_LIMIT_S)


def _started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    log.unlink(missing_ok=True)
    with log.with_suffix(".said").open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=said)


async def _kill_when_done(pid: int, trace: Trace, strace: subprocess.Popen[bytes]) -> None:
    await eventually(lambda: _DONE in trace.record, "the call is done", _LONGEST_TRACE_S)
    trace.struck = True
    os.kill(pid, signal.SIGKILL)
    # It may wait for the end of its delay, or for ever for a thread that is dead; and nobody is told of the
    # death before it lets go.
    strace.kill()
