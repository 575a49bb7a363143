"""The loop of a history: virtual time, no system calls, the journal's work done at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.virtual_clock import VirtualTimeLoop

STEP_LIMIT = 50_000
_SHOWN = 5
START_S = 1000.0
_BORN = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


class EndlessError(RuntimeError):
    """What runs on the loop goes on although it was told to stop."""


class ProofLoop(VirtualTimeLoop):
    """Counts what a history does: 2,000 steps at most were seen, so one of more than `limit` does not end.

    `endless` then tells what was about to run, and `on_limit` is to stop it; what goes on for as many steps
    again is ended by an EndlessError.
    """

    def __init__(self, limit: int = STEP_LIMIT) -> None:
        super().__init__(START_S)
        self._limit = limit
        self._stop_at = limit
        self.endless = ""
        self.on_limit: Callable[[], object] = self.stop

    def _run_once(self) -> None:
        if self.steps >= self._stop_at:
            self._too_long()
        super()._run_once()

    def _too_long(self) -> None:
        next_ones = [*self._ready, *(timer for _, _, timer in sorted(self._scheduled))]
        doing = ", ".join(list(dict.fromkeys(map(_told, next_ones)))[:_SHOWN])
        if self.endless:
            raise EndlessError(f"after {self.steps} steps this still goes on: {doing}")
        self.endless = f"after {self.steps} steps and {self._now_s - START_S:.0f} s it goes on with {doing}"
        self._stop_at = self.steps + self._limit
        self.on_limit()


def _told(handle: asyncio.Handle) -> str:
    """Whose turn it is, and where it stands."""
    callback = handle._callback  # type: ignore[attr-defined]  # not in its stubs
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    places = (f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" for frame in task.get_stack(limit=1))
    return " at ".join([getattr(task.get_coro(), "__qualname__", task.get_name()), *places])


class AtOnce(Executor):
    """Runs the journal's work where it is submitted. What a dead process submitted never ends."""

    def __init__(self, dead: Callable[[], bool]) -> None:
        self._dead = dead

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        future: Future[Any] = Future()
        if self._dead():
            return future
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001  # as every executor: the future carries it
            if not self._dead():
                future.set_exception(error)
            return future
        if not self._dead():
            future.set_result(result)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is held."""


class TrueTime:
    """The world's clock: what the backend and the terminal's host go by."""

    def wall(self) -> datetime:
        """Now, UTC."""
        return _BORN + timedelta(seconds=asyncio.get_running_loop().time())

    @staticmethod
    def wall_of(seconds: float) -> datetime:
        """When the loop stood there, UTC."""
        return _BORN + timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """The loop's seconds."""
        return asyncio.get_running_loop().time()


class AgentClock(TrueTime):
    """The agent's machine: its wall clock may be moved."""

    def __init__(self) -> None:
        self.jumped_s = 0.0

    def wall(self) -> datetime:
        """What the machine believes."""
        return super().wall() + timedelta(seconds=self.jumped_s)
