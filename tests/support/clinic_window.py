"""A browser's window on the clinic's pages, without a browser or a socket: it asks the application itself.

    window = Window(clinic)
    await window.log_in("accueil")
    answer = await window.post("/appointments/…/status", status="arrived")

Redirects are not followed. `part` asks as htmx does on the page that is open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from simulator.clinic.clinic import Clinic
from simulator.clinic.web.app import application

_CSRF = re.compile(r'"X-CSRF": "([^"]*)"')
_HOST = "clinic.test"


@dataclass(frozen=True, slots=True)
class Answer:
    """`goes_to`: the address of a redirect, htmx's too."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def goes_to(self) -> str:
        return self.headers.get("location") or self.headers.get("hx-redirect", "")


class Window:
    """One window with its cookie."""

    def __init__(self, clinic: Clinic) -> None:
        self._app = application(clinic)
        self._cookie = ""
        self._csrf = ""
        self.open_page = ""
        self.last: Answer | None = None  # also where the application raised what its server logs

    async def log_in(self, login: str) -> None:
        await self.get("/login")
        answer = await self.post("/login", login=login, password=login)
        assert answer.status == 303, answer
        await self.get("/patients")

    async def get(self, address: str, *, part: bool = False) -> Answer:
        answer = await self._ask("GET", address, b"", part=part)
        if not part:
            self.open_page = address
        if found := _CSRF.search(answer.text):
            self._csrf = found[1]
        return answer

    async def post(self, address: str, *, part: bool = False, **fields: str) -> Answer:
        body = urlencode({"csrf": self._csrf, **fields}).encode()
        return await self._ask("POST", address, body, part=part)

    async def _ask(self, method: str, address: str, body: bytes, *, part: bool) -> Answer:
        path, _, query = address.partition("?")
        headers = {
            "host": _HOST,
            "cookie": self._cookie,
            "content-type": "application/x-www-form-urlencoded",
            **({"hx-request": "true", "hx-current-url": f"http://{_HOST}{self.open_page}"} if part else {}),
        }
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "scheme": "http", "server": (_HOST, 80), "http_version": "1.1",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        try:
            await self._app(scope, receive, send)
        finally:
            self.last = self._taken(sent)
        return self.last

    def _taken(self, sent: list[Any]) -> Answer:
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        if given := SimpleCookie(told.get("set-cookie", "")):
            self._cookie = "; ".join(f"{name}={one.value}" for name, one in given.items())
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Answer(sent[0]["status"], text, told)
