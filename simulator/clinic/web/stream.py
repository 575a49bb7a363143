"""A part of a page that keeps itself up to date, by server-sent events (HTML standard, ch. 9.2).

Each event is a whole part anew, sent when it is another than before; `end` when no more will come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.responses import StreamingResponse

from simulator.clinic.live import Live
from simulator.clinic.web.page import Page

_KEEP_ALIVE_S = 15.0


Parts = Mapping[str, Callable[[], str]]
"""The parts by the names of their events, each with what makes its text."""


def stream(page: Page, parts: Parts, over: Callable[[], bool] = lambda: False) -> StreamingResponse:
    """`over` tells whether these are the last ones; all are asked after each change. Nothing more is sent to
    a browser that has logged out meanwhile, in whichever window, or whose time is over."""
    return StreamingResponse(
        events(page.clinic.live, parts, over, page.is_known),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def events(
    live: Live, parts: Parts, over: Callable[[], bool], known: Callable[[], bool]
) -> AsyncIterator[str]:
    """What is sent, until the end or until the browser is not known any more."""
    shown: dict[str, str] = {}
    while known():
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
