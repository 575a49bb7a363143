"""The loop of a history: virtual time, no system calls, the journal's work done at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.virtual_clock import VirtualTimeLoop

_BORN = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


class ProofLoop(VirtualTimeLoop):
    """Everything is on one thread, so nobody has to be woken."""

    def _write_to_self(self) -> None:
        """A wake-up by a socket is never needed."""


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
