"""An event loop whose time is virtual: when every task waits, it jumps to the next timer.

Deterministic and without I/O: there are no sockets, threads and signals, so an hour of timers takes a moment
and two runs are the same. Waiting with no timer set is an error, not a hang.

    result = run_virtual(main())
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_SAME_S = 1e-9  # asyncio calls a timer due within this resolution of its clock
# As in asyncio: of more timers than this, mostly cancelled ones, the cancelled are swept out.
_MANY, _MOSTLY = 100, 0.5


class StandsStillError(RuntimeError):
    """Every task waits and no timer is set: nothing would ever happen again."""


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """`time()` starts at `start_s` and moves only when nothing else is left to do, to the next timer exactly.

    A turn is that of asyncio's own loops without their selector, as nothing comes from outside. `steps`
    counts the callbacks that were run.
    """

    _ready: deque[asyncio.Handle]
    _scheduled: list[tuple[float, int, asyncio.TimerHandle]]
    _timer_cancelled_count: int
    _stopping: bool

    def __init__(self, start_s: float = 1000.0) -> None:
        super().__init__()
        self._now_s = start_s
        self._numbers = itertools.count()
        self.steps = 0

    def time(self) -> float:
        """Virtual seconds."""
        return self._now_s

    def _write_to_self(self) -> None:
        """Everything is on one thread: nobody sleeps and has to be woken."""

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio's, but of two timers of one moment the first set is the first to run: what goes one way
        does not overtake itself. The heap compares times, which costs less than timers."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._scheduled, (when, next(self._numbers), timer))
        timer._scheduled = True  # type: ignore[attr-defined]  # by this asyncio counts the cancelled ones
        return timer

    def _run_once(self) -> None:
        """One turn."""
        self._forget_cancelled()
        ready, timers = self._ready, self._scheduled
        if not ready and not self._stopping:
            self._pass_time()
        due_s = self._now_s + _SAME_S
        while timers and timers[0][0] < due_s:
            timer = heapq.heappop(timers)[2]
            timer._scheduled = False  # type: ignore[attr-defined]  # as above
            ready.append(timer)
        self.steps += len(ready)
        for _ in range(len(ready)):  # what these make ready waits for the next turn
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _forget_cancelled(self) -> None:
        timers = self._scheduled
        if len(timers) > _MANY and self._timer_cancelled_count > _MOSTLY * len(timers):
            timers[:] = [entry for entry in timers if not entry[2].cancelled()]
            heapq.heapify(timers)
            self._timer_cancelled_count = 0
        while timers and timers[0][2].cancelled():
            self._timer_cancelled_count -= 1
            heapq.heappop(timers)

    def _pass_time(self) -> None:
        if not self._scheduled:
            raise StandsStillError(
                "every task waits and no timer is set; virtual time has no sockets and no threads: "
                "something that should have been posted, written or set was not"
            )
        self._now_s = max(self._now_s, self._scheduled[0][0])


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time, then cancel what was left behind, as asyncio.run does."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


async def settle() -> None:
    """Let every task that can go on do so, without time passing: past the usual few hops of a cause."""
    for _ in range(50):
        await asyncio.sleep(0)
