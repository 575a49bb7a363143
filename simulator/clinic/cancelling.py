"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

_AGAIN_S = 0.2


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they are over; their errors are dropped, as nobody waits for them any more.

    Once may not do: Python 3.11's `wait_for`, which the MQTT library uses, swallows a cancellation that comes
    together with its result (github.com/python/cpython/issues/86296).
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        over, waiting = await asyncio.wait(waiting, timeout=_AGAIN_S)
        await asyncio.gather(*over, return_exceptions=True)
