"""Opening a port in a thread, because drivers may take their time, and giving up on it safely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from drivers.transport import EndpointUnavailable

T = TypeVar("T")


async def open_in_thread(
    open_it: Callable[[], T], close_it: Callable[[T], None], name: str, timeout_s: float
) -> T:
    """What `open_it` gives. Raises EndpointUnavailable timeout. One that comes back too late, or after we
    were cancelled, is closed again."""
    opening = asyncio.get_running_loop().run_in_executor(None, open_it)

    def close_late(late: asyncio.Future[T]) -> None:
        if not late.cancelled() and late.exception() is None:
            close_it(late.result())

    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(opening)
    except TimeoutError:
        opening.add_done_callback(close_late)
        raise EndpointUnavailable("timeout", f"{name} did not open within {timeout_s} s") from None
    except asyncio.CancelledError:
        opening.add_done_callback(close_late)
        raise
