"""An event loop whose time is virtual: when every task waits, it jumps to the next timer.

Deterministic and without I/O: sockets, threads and signals are never looked at, so an hour of timers takes
a moment and two runs are the same. Waiting with no timer set is an error, not a hang.

    result = run_virtual(main())
"""

from __future__ import annotations

import asyncio
import heapq
import math
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_SAME_S = 1e-9  # asyncio calls a timer due within this resolution of its clock


class StandsStillError(RuntimeError):
    """Every task waits and no timer is set: nothing would ever happen again."""


class _NoInput(selectors.SelectSelector):
    """Reports no input; where a real selector would sleep, it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.pass_time: Callable[[float | None], None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.pass_time is not None and (timeout is None or timeout > 0):
            self.pass_time(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at `start_s` and moves only when nothing else is left to do."""

    def __init__(self, start_s: float = 1000.0) -> None:
        selector = _NoInput()
        self._now_s = start_s
        self._timers_s: list[float] = []
        super().__init__(selector)
        selector.pass_time = self._pass_time

    def time(self) -> float:
        """Virtual seconds."""
        return self._now_s

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio's; also remembers the exact time, so that the clock lands on it to the last bit."""
        heapq.heappush(self._timers_s, when)
        return super().call_at(when, callback, *args, context=context)

    def _pass_time(self, timeout_s: float | None) -> None:
        if timeout_s is None:
            raise StandsStillError(
                "every task waits and no timer is set; virtual time has no sockets and no threads: "
                "something that should have been posted, written or set was not"
            )
        target_s = self._now_s + timeout_s
        # Two timers may be closer than what asyncio can tell apart: the clock still moves on between them.
        past_s = max(target_s - _SAME_S, math.nextafter(self._now_s, math.inf))
        while self._timers_s and self._timers_s[0] < past_s:
            heapq.heappop(self._timers_s)
        exact = self._timers_s and self._timers_s[0] <= target_s + _SAME_S
        self._now_s = self._timers_s[0] if exact else target_s


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time, then cancel what was left behind, as asyncio.run does."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


async def settle() -> None:
    """Let every task that can go on do so, without time passing: past the usual few hops of a cause."""
    for _ in range(50):
        await asyncio.sleep(0)
