"""The clinic's pages as the demo itself uses them: a browser without a window, one request at a time."""

from __future__ import annotations

import asyncio
import http.client
import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

_WITHIN_S = 15.0
_LOOK_EVERY_S = 0.1
_CSRF = re.compile(r'"X-CSRF": "([^"]+)"')
_APPOINTMENT = re.compile(r'"(/appointments/[^/"]+)"')
_MAIN = re.compile("<main[^>]*>")
_CARD = re.compile(r'name="card" value="([^"]+)"')


class PagesError(Exception):
    """A page did not answer as it must: which, and with what."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    location: str


class Pages:
    """`log_in` comes first."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._cookie = ""
        self._csrf = ""

    async def log_in(self, login: str, password: str) -> None:
        """Come in as somebody of the staff. Raises PagesError."""
        await self.read("/login")
        await self._post("/login", {"login": login, "password": password, "next": "/patients"}, 303)
        await self.read("/patients")

    async def keep_card(self, patient: str, terminal: str, holder: str, postal_code: str) -> None:
        """Sauvegarder, in the dialog behind (+), with both agreements. Raises PagesError."""
        fields = {"terminal": terminal, "holder": holder, "postal_code": postal_code}
        agreed = {"consent": "on", "no_show": "on"}
        await self._post(f"/patients/{patient}/cards", {**fields, **agreed}, 200)

    async def bill_missed(self, patient: str, evidence: str) -> str:
        """Mark the patient's earliest appointment as missed and bill its fee to the card on file; the
        invoice's address. Raises PagesError."""
        path = _found(_APPOINTMENT, await self.read(f"/patients/{patient}"), "appointment")
        await self._post(f"{path}/status", {"status": "no_show", "note": evidence}, 303)
        card = _found(_CARD, await self.read(path), "card to be billed")
        return (await self._post(f"{path}/missed", {"card": card, "evidence": evidence}, 303)).location

    async def read(self, path: str) -> str:
        """A page's text. Raises PagesError."""
        text = (await self._ask("GET", path, b"", 200)).text
        if found := _CSRF.search(text):
            self._csrf = found[1]
        return text

    async def shows(self, path: str, words: str) -> bool:
        """Whether a page shows these words, at once or within some seconds. Raises PagesError."""
        until = asyncio.get_running_loop().time() + _WITHIN_S
        while words not in await self.read(path):
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
        return True

    async def _post(self, path: str, fields: dict[str, str], status: int) -> _Answer:
        return await self._ask("POST", path, urlencode({**fields, "csrf": self._csrf}).encode(), status)

    async def _ask(self, method: str, path: str, body: bytes, status: int) -> _Answer:
        try:
            answer = await asyncio.to_thread(self._exchange, method, path, body)
        except (OSError, http.client.HTTPException) as error:
            raise PagesError(f"the clinic's page {path} cannot be reached: {error}") from None
        if answer.status != status:
            raise PagesError(
                f"the clinic's page {path} answered {answer.status}; {status} was expected; it says: "
                + " ".join(_MAIN.split(answer.text)[-1].split())[:300]
            )
        return answer

    def _exchange(self, method: str, path: str, body: bytes) -> _Answer:
        """One request over a connection of its own."""
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_WITHIN_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            if given := SimpleCookie(answer.getheader("Set-Cookie", "")):
                self._cookie = "; ".join(f"{name}={one.value}" for name, one in given.items())
            return _Answer(answer.status, answer.read().decode("utf-8"), answer.getheader("Location", ""))
        finally:
            connection.close()


def _found(sought: re.Pattern[str], text: str, what: str) -> str:
    """The last one in a page."""
    found: list[str] = sought.findall(text)
    if not found:
        raise PagesError(f"the page shows no {what}")
    return found[-1]
