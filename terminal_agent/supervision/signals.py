"""SIGTERM and SIGINT ask for an orderly end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def asking_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the event loop at each SIGTERM or SIGINT; the former handlers return at the end.

    For the main thread. Where the loop cannot wait for signals (Windows) the plain kind is used.
    """
    loop = asyncio.get_running_loop()

    def plain(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    before = {number: signal.getsignal(number) for number in ASKING}
    for number in ASKING:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            signal.signal(number, plain)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
