"""A cable that is out for a while: shared by all wire ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Outage:
    """`what` is None while the cable is in, else "cut" or "mute"."""

    def __init__(self, end_it: Callable[[], None]) -> None:
        self.what: str | None = None
        self._end_it = end_it
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, what: str, seconds: float) -> None:
        """Out from now on; after `seconds` (0: never) the end's own `restore` is called."""
        self._disarm()
        self.what = what
        if seconds > 0:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._end_it)

    def end(self) -> None:
        """In again."""
        self._disarm()
        self.what = None

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
