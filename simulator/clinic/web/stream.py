"""A part of a page that keeps itself up to date, by server-sent events (HTML standard, ch. 9.2).

Each event is a whole part anew, sent when it is another than before; `end` when no more will come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.responses import StreamingResponse

from simulator.clinic.live import Live

_KEEP_ALIVE_S = 15.0


Parts = Mapping[str, Callable[[], str]]
"""The parts by the names of their events, each with what makes its text."""


def stream(live: Live, parts: Parts, over: Callable[[], bool] = lambda: False) -> StreamingResponse:
    """`over` tells whether these are the last ones; all are asked after each change."""
    return StreamingResponse(
        _events(live, parts, over),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(live: Live, parts: Parts, over: Callable[[], bool]) -> AsyncIterator[str]:
    shown: dict[str, str] = {}
    while True:
        change = live.next_change()
        last = over()
        for name, part in parts.items():
            if (text := part()) != shown.get(name):
                shown[name] = text
                yield _event(name, text)
        if last:
            yield _event("end", "")
            return
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                await change.wait()
        except TimeoutError:
            yield ": still here\n\n"


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
