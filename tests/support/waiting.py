"""Waiting for what real processes will make true: a poll with a deadline, never a bare sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

LIMIT_S = 45.0  # only what hangs takes longer, on a busy machine too
_PAUSE_S = 0.005

T = TypeVar("T")


class NeverHappenedError(AssertionError):
    """What was waited for did not come true in time."""


async def eventually(look: Callable[[], T | None], what: str, within_s: float = LIMIT_S) -> T:
    """The first true thing that `look` returns. Raises NeverHappenedError saying what never was."""

    async def looked() -> T | None:
        return look()

    return await eventually_asked(looked, what, within_s)


async def eventually_asked(ask: Callable[[], Awaitable[T | None]], what: str, within_s: float = LIMIT_S) -> T:
    """The same for what has to be awaited."""
    deadline = time.monotonic() + within_s
    while not (found := await ask()):
        if time.monotonic() > deadline:
            raise NeverHappenedError(f"{what}: not within {within_s:g} s")
        await asyncio.sleep(_PAUSE_S)
    return found
