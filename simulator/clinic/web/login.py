"""Logging in and out, and the language."""

from __future__ import annotations

import asyncio
from typing import get_args

from starlette.responses import Response
from starlette.routing import Route

from protocols.contract.fields import Locale
from simulator.clinic import staff
from simulator.clinic.web.page import COOKIE, Page, remember, route

_WRONG_S = 0.5  # what a wrong password costs


async def show(page: Page) -> Response:
    """The form."""
    page.visit()
    return page.show("login.html", next=_inside(page.request.query_params.get("next", "/")), wrong=False)


async def log_in(page: Page) -> Response:
    """A new cookie for who is known; the old one is forgotten."""
    fields = await page.form()
    after = _inside(fields.get("next", "/"))
    who = staff.checked(page.db, fields.get("login", ""), fields.get("password", ""))
    if who is None:
        await asyncio.sleep(_WRONG_S)
        return page.show("login.html", 422, next=after, wrong=True)
    language = page.voice.language
    staff.forget(page.db, page.visit())
    response = page.go(after)
    remember(
        response,
        staff.begin(page.db, who, language, page.clinic.wall()),
        secure=page.request.url.scheme == "https",
    )
    return response


async def log_out(page: Page) -> Response:
    """Forget the browser."""
    await page.form()
    staff.forget(page.db, page.visit())
    page.clinic.live.changed()  # its other windows are told nothing more
    response = page.go("/login")
    response.delete_cookie(COOKIE)
    return response


async def speak(page: Page) -> Response:
    """Another language, and back to the page."""
    fields = await page.form()
    for language in get_args(Locale):
        if fields.get("language") == language:
            staff.speak(page.db, page.visit(), language)
    return page.go(_inside(fields.get("next", "/")))


def _inside(address: str) -> str:
    """An address of ours; anything else is the first page."""
    inside = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if inside else "/"


ROUTES: tuple[Route, ...] = (
    route("/login", show),
    route("/login", log_in, "POST"),
    route("/logout", log_out, "POST"),
    route("/language", speak, "POST"),
)
