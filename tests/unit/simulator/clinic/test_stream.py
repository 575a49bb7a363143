"""Parts of pages that keep themselves up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from simulator.clinic.live import Live
from simulator.clinic.web.stream import stream


def following(live: Live, part: Callable[[], str], over: Callable[[], bool]) -> AsyncIterator[str]:
    """The events of a part."""
    return aiter(stream(live, {"part": part}, over).body_iterator)  # type: ignore[arg-type]  # it is our text


async def test_what_changes_while_a_part_is_sent_is_sent_too() -> None:
    live, told = Live(), ["Prêt"]
    events = following(live, lambda: told[-1], lambda: False)
    assert await anext(events) == "event: part\ndata: Prêt\n\n"
    # Nothing else has run since: what waits for the change has not been begun.
    told.append("Occupé")
    live.changed()
    async with asyncio.timeout(5):
        assert await anext(events) == "event: part\ndata: Occupé\n\n"


async def test_the_same_part_is_not_sent_again_and_the_last_one_is_the_end() -> None:
    live, told = Live(), ["un"]
    events = following(live, lambda: told[-1], lambda: told[-1] == "deux")
    await anext(events)
    waiting: asyncio.Future[str] = asyncio.ensure_future(anext(events))
    live.changed()
    await asyncio.sleep(0)
    assert not waiting.done()
    told.append("deux")
    live.changed()
    assert await waiting == "event: part\ndata: deux\n\n"
    assert [event async for event in events] == ["event: end\ndata: \n\n"]
