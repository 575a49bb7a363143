"""What every page has: who asks, in which language, a safe form, and a template.

A handler gets a `Page` and returns a response:

    @staff_only
    async def patient(page: Page) -> Response:
        return page.show("patient.html", patient=…)

Handlers that change something are routes of method POST and take their fields from `await page.form()`, which
refuses a form that is not of this browser.
"""

from __future__ import annotations

import functools
import hmac
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from protocols.contract.fields import Locale
from simulator.clinic import staff
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Database
from simulator.clinic.staff import Browser, Person
from simulator.clinic.wording import Voice

COOKIE = "clinic"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_LONGEST_FIELD = 2000


class Page:
    """One request. `browser` is None for somebody without a cookie."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.clinic: Clinic = request.app.state.clinic
        cookie = request.cookies.get(COOKIE, "")
        self.browser: Browser | None = staff.known(self.db, cookie, self.clinic.wall()) if cookie else None
        self.new_cookie: str | None = None

    @property
    def db(self) -> Database:
        """The clinic's database."""
        return self.clinic.db

    @property
    def person(self) -> Person:
        """Who is logged in. Only for pages that are of staff."""
        if self.browser is None or self.browser.person is None:
            raise HTTPException(403)
        return self.browser.person

    @property
    def voice(self) -> Voice:
        """The browser's language; the clinic's own for a newcomer."""
        language: Locale = self.browser.language if self.browser else self.clinic.plan.clinic.language
        return Voice(language, self.clinic.zone)

    @property
    def in_part(self) -> bool:
        """Whether htmx asked, for a part of a page that is open."""
        return self.request.headers.get("HX-Request") == "true"

    def is_known(self) -> bool:
        """Whether its browser still is: nobody has logged out, and its time is not over."""
        return staff.known(self.db, self.request.cookies.get(COOKIE, ""), self.clinic.wall()) is not None

    def visit(self) -> Browser:
        """The browser, known from now on also if it is a newcomer's."""
        if self.browser is None:
            self.new_cookie = staff.begin(self.db, None, self.voice.language, self.clinic.wall())
            self.browser = staff.known(self.db, self.new_cookie, self.clinic.wall())
        return cast(Browser, self.browser)

    async def form(self) -> Mapping[str, str]:
        """The fields of a form of this browser. Raises HTTPException 403 for any other, 400 for files and
        fields of a length that nobody types."""
        sent = await self.request.form()
        fields = {name: value for name, value in sent.items() if isinstance(value, str)}
        token = fields.pop("csrf", "") or self.request.headers.get("X-CSRF", "")
        if self.browser is None or not hmac.compare_digest(token.encode(), self.browser.csrf.encode()):
            raise HTTPException(403)
        if len(fields) < len(sent) - 1 or any(len(value) > _LONGEST_FIELD for value in fields.values()):
            raise HTTPException(400)
        return fields

    def found(self, thing: Any) -> Any:
        """The thing itself; raises HTTPException 404 for None."""
        if thing is None:
            raise HTTPException(404)
        return thing

    def render(self, template: str, **values: Any) -> str:
        """A template's text. It has `t` (sentences), `named` (people by id), `voice`, `person`, `csrf`,
        `clinic`, `path`, `here`."""
        voice = self.voice
        told = {
            "t": voice.say,
            "voice": voice,
            "named": lambda text: staff.named(self.db, text),
            "lang": voice.language,
            "person": self.browser.person if self.browser else None,
            "csrf": self.browser.csrf if self.browser else "",
            "clinic": self.clinic,
            "path": self.request.url.path,
            "here": "?".join(part for part in (self.request.url.path, self.request.url.query) if part),
        }
        return _ENVIRONMENT.get_template(template).render({**told, **values})

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A template as the answer."""
        return HTMLResponse(self.render(template, **values), status)

    def go(self, address: str) -> Response:
        """Show another page: after a form, and for htmx in place of the page that is open."""
        if self.in_part:
            return Response(status_code=204, headers={"HX-Redirect": address})
        return RedirectResponse(address, 303)


Handler = Callable[[Page], Awaitable[Response]]


def route(path: str, handler: Handler, method: str = "GET") -> Route:
    """A route of a handler."""

    async def answer(request: Request) -> Response:
        page = Page(request)
        response = await handler(page)
        if page.new_cookie is not None:
            remember(response, page.new_cookie, secure=request.url.scheme == "https")
        return response

    return Route(path, answer, methods=[method], name=f"{method} {path}")


def remember(response: Response, cookie: str, *, secure: bool) -> None:
    """Give the browser its cookie."""
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=secure, path="/")


def staff_only(handler: Handler) -> Handler:
    """For staff who are logged in; others are sent to log in, and come back here."""

    @functools.wraps(handler)
    async def guarded(page: Page) -> Response:
        if page.browser is None or page.browser.person is None:
            return page.go(f"/login?next={quote(_way_back(page.request))}")
        return await handler(page)

    return guarded


def _way_back(request: Request) -> str:
    """Where somebody comes back to: the page that was open where htmx asked for a part of it, the first page
    after a form."""
    current = request.headers.get("HX-Current-URL")
    if current is None and request.method != "GET":
        return "/"
    parts = urlsplit(current or str(request.url))
    return "?".join(part for part in (parts.path, parts.query) if part)


def manager_only(handler: Handler) -> Handler:
    """For managers; others of the staff are told so."""

    @functools.wraps(handler)
    async def guarded(page: Page) -> Response:
        if page.person.role != "manager":
            return page.show("refused.html", 403, why="frame.manager_only")
        return await handler(page)

    return staff_only(guarded)
