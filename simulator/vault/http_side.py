"""The server's side of one HTTP connection, without any socket: bytes in with the time, acts out.

It serves the gateway's one path, and the hosted entry page where there is one. A plain hook: what a socket
server carries out (simulator.vault.server), a test in virtual time can carry out as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import h11

from simulator.vault.desk import Answered, VaultDesk
from simulator.vault.entry_page import EntryPage, Page

PATH = "/gateway2/servlet/MpgRequest"
_LONGEST = 65_536  # bytes of a request's body: a swiped frame is about 500


@dataclass(frozen=True, slots=True)
class Write:
    """Write these bytes."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """Do the rest so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close. `rude`: without waiting for what was written to be taken."""

    rude: bool = False


Act = Write | Wait | HangUp


class HttpSide:
    """One connection, one request after the other."""

    def __init__(self, desk: VaultDesk, page: EntryPage | None = None) -> None:
        self._desk, self._page = desk, page
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=16_384)
        self._asked: h11.Request | None = None
        self._body = bytearray()

    def receive(self, data: bytes, now: datetime) -> tuple[Act, ...]:
        """Take bytes, b"" for the end of the stream. `now` is UTC."""
        acts: list[Act] = []
        try:
            self._h11.receive_data(data)
            while (served := self._next(now)) is not None:
                acts.extend(served)
                if any(isinstance(act, HangUp) for act in served):
                    break
        except h11.RemoteProtocolError as error:
            acts += [*self._refuse(error.error_status_hint), HangUp()]
        return tuple(acts)

    def _next(self, now: datetime) -> tuple[Act, ...] | None:
        match self._h11.next_event():
            case h11.Request() as event:
                self._asked, self._body = event, bytearray()
                return self._invited()
            case h11.Data(data=data):
                self._body += data
                return () if len(self._body) <= _LONGEST else (*self._refuse(413), HangUp())
            case h11.EndOfMessage():
                return self._ended(self._served(now))
            case h11.ConnectionClosed():
                return (HangUp(),)
        return None

    def _invited(self) -> tuple[Act, ...]:
        """A client that waits to be told that its body is wanted (curl does, from a kilobyte on) is told."""
        if not self._h11.they_are_waiting_for_100_continue:
            return ()
        told = self._h11.send(h11.InformationalResponse(status_code=100, headers=[]))
        return (Write(told or b""),)

    def _ended(self, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        """After a reply: ready for the next request, or the end."""
        if any(isinstance(act, HangUp) for act in acts):
            return acts
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            return acts
        return (*acts, HangUp())

    def _served(self, now: datetime) -> tuple[Act, ...]:
        assert self._asked is not None
        method, target = self._asked.method.decode(), self._asked.target.decode("latin-1")
        try:
            path = urlsplit(target).path
        except ValueError:
            return (Write(self._reply(400, b"")),)
        if path == PATH:
            if method != "POST":
                return (Write(self._reply(405, b"")),)
            return self._delivered(self._desk.answer(bytes(self._body), now))
        page = None if self._page is None else self._page.serve(method, target, bytes(self._body), now)
        if page is None:
            return (Write(self._reply(404, b"")),)
        return (Write(self._reply(page.status, page.body, page)),)

    def _delivered(self, answered: Answered) -> tuple[Act, ...]:
        late: tuple[Act, ...] = (Wait(answered.delay_s),) if answered.delay_s else ()
        if answered.cut == "all":
            return (*late, HangUp(rude=True))
        whole = self._reply(answered.status, answered.reply)
        if answered.cut == "half":
            return (*late, Write(whole[: len(whole) - len(answered.reply) // 2]), HangUp())
        return (*late, Write(whole))

    def _reply(self, status: int, body: bytes, page: Page | None = None) -> bytes:
        headers = [("Content-Length", str(len(body)))]
        headers += list(page.headers) if page is not None else [("Content-Type", "text/xml; charset=UTF-8")]
        written = self._h11.send(h11.Response(status_code=status, headers=headers)) or b""
        written += self._h11.send(h11.Data(data=body)) or b""
        return written + (self._h11.send(h11.EndOfMessage()) or b"")

    def _refuse(self, status: int) -> tuple[Act, ...]:
        if self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return ()
        return (Write(self._reply(status, b"")),)
