"""Parts of pages that keep themselves up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.requests import Request

from simulator.clinic import staff
from simulator.clinic.live import Live
from simulator.clinic.web.app import application
from simulator.clinic.web.page import Page
from simulator.clinic.web.stream import events
from tests.support.clinic_records import records


def following(
    live: Live, part: Callable[[], str], over: Callable[[], bool], known: Callable[[], bool] = lambda: True
) -> AsyncIterator[str]:
    """The events of a part."""
    return events(live, {"part": part}, over, known)


async def test_what_changes_while_a_part_is_sent_is_sent_too() -> None:
    live, told = Live(), ["Prêt"]
    sent = following(live, lambda: told[-1], lambda: False)
    assert await anext(sent) == "event: part\ndata: Prêt\n\n"
    # Nothing else has run since: what waits for the change has not been begun.
    told.append("Occupé")
    live.changed()
    async with asyncio.timeout(5):
        assert await anext(sent) == "event: part\ndata: Occupé\n\n"


async def test_the_same_part_is_not_sent_again_and_the_last_one_is_the_end() -> None:
    live, told = Live(), ["un"]
    sent = following(live, lambda: told[-1], lambda: told[-1] == "deux")
    await anext(sent)
    waiting: asyncio.Future[str] = asyncio.ensure_future(anext(sent))
    live.changed()
    await asyncio.sleep(0)
    assert not waiting.done()
    told.append("deux")
    live.changed()
    assert await waiting == "event: part\ndata: deux\n\n"
    assert [event async for event in sent] == ["event: end\ndata: \n\n"]


async def test_nothing_more_is_sent_to_who_has_logged_out(tmp_path: Path) -> None:
    clinic = records(tmp_path)
    cookie = staff.begin(clinic.db, staff.person(clinic.db, "staff-17"), "fr", clinic.wall())
    browser = staff.known(clinic.db, cookie, clinic.wall())
    assert browser is not None
    scope = {"type": "http", "headers": [(b"cookie", f"clinic={cookie}".encode())]}
    page = Page(Request({**scope, "app": application(clinic)}))
    told = ["un"]
    sent = following(clinic.live, lambda: told[-1], lambda: False, page.is_known)
    assert await anext(sent) == "event: part\ndata: un\n\n"
    staff.speak(clinic.db, browser, "en")
    told.append("deux")
    clinic.live.changed()
    assert await anext(sent) == "event: part\ndata: deux\n\n"
    staff.forget(clinic.db, browser)
    told.append("trois")
    clinic.live.changed()
    assert [event async for event in sent] == []
