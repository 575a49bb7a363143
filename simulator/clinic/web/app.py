"""The clinic's pages as one application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from simulator.clinic.clinic import Clinic
from simulator.clinic.web import (
    appointments,
    batches,
    booking_choose,
    booking_confirm,
    booking_person,
    cards,
    invoices,
    login,
    online_requests,
    online_settings,
    operation,
    patients,
    policies,
    services,
    store_card,
    terminals,
)
from simulator.clinic.web.page import Page

_STATIC = Path(__file__).with_name("static")
_SAID = {403: "frame.forbidden", 404: "frame.not_found", 500: "frame.broken"}
_NO_PAGE = 405
Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def application(clinic: Clinic) -> Starlette:
    """The application. Whoever serves it keeps the clinic's link to its agents up."""
    routes = [
        *login.ROUTES,
        *patients.ROUTES,
        *store_card.ROUTES,
        *operation.ROUTES,
        *terminals.ROUTES,
        *batches.ROUTES,
        *appointments.ROUTES,
        *invoices.ROUTES,
        *cards.ROUTES,
        *policies.ROUTES,
        *services.ROUTES,
        *online_settings.ROUTES,
        *online_requests.ROUTES,
        *booking_choose.ROUTES,
        *booking_person.ROUTES,
        *booking_confirm.ROUTES,
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    app = _Pages(routes=routes, exception_handlers={HTTPException: _refused, 500: _refused})
    app.state.clinic = clinic
    return app


class _Pages(Starlette):
    """With the safe headers outermost: the page of a failure of ours has them too."""

    def build_middleware_stack(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        return Headers(super().build_middleware_stack(), _policy(self.state.clinic))


async def _refused(request: Request, error: Exception) -> Response:
    """The clinic's own page for every refusal, and for a failure of ours, which the server logs. An address
    that only takes a form shows the page above it: who reloads it or changes the language gets a page."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == _NO_PAGE and request.method == "GET":
        return RedirectResponse(request.url.path.rpartition("/")[0] or "/", 303)
    return Page(request).show("refused.html", status, why=_SAID.get(status, "frame.bad_request"))


def _policy(clinic: Clinic) -> str:
    """Content-Security-Policy: our own files alone, and the vault's hosted field in a frame."""
    vault = clinic.plan.vault
    address = urlsplit(vault.url) if vault else None
    frame = f"{address.scheme}://{address.netloc}" if address else "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        f" frame-src {frame}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Headers:
    """Puts the safe headers on every answer."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], policy: str) -> None:
        self._app = app
        self._added = (
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._added]
                if not any(name == b"cache-control" for name, _ in message["headers"]):
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        await self._app(scope, receive, with_headers)
