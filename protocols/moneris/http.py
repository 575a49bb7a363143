"""HTTP as framing, on h11: one POST and its reply, over a connection that somebody else opens and closes.

A cut, garbled, oversized or non-200 reply is never taken for a short answer: it is `Broken`, and what became
of the request is then unknown. The reply's type is not looked at: what the gateway calls its XML is not
confirmed [?], so the document itself decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import h11

from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.moneris.codec import Pieces
from protocols.moneris.reading import LONGEST

_STATUS_LINE_AND_HEADERS = 16_384  # bytes of a reply before its body


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole reply with status 200."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """No reply that can be read; `why` is a code, a colon and a text."""

    why: str


class Exchanges:
    """The client's side of one connection: one exchange at a time, one after the other if `keep_alive`."""

    def __init__(self, host: str, path: str, *, keep_alive: bool = False) -> None:
        self._host, self._path, self._keep_alive = host, path, keep_alive
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_STATUS_LINE_AND_HEADERS)
        self._body = bytearray()

    @property
    def reusable(self) -> bool:
        """Whether another request may go over this connection."""
        return self._h11.our_state is h11.IDLE and self._h11.their_state is h11.IDLE

    def request(self, pieces: Pieces) -> tuple[bytes | Sealed, ...]:
        """What is to be written, in order; a frame is itself, never a copy. LocalError in mid-exchange."""
        if not self.reusable:
            raise LocalError("exchange_under_way", "a second request on a connection that waits for a reply")
        asked = h11.Request(method="POST", target=self._path, headers=list(self._headers(len(pieces))))
        head = (self._h11.send(asked) or b"") + self._written(pieces.head)
        if pieces.frame is None:
            self._h11.send(h11.EndOfMessage())
            return (head,)
        # h11 counts the frame and would hand back the very object; it is not joined to the rest.
        self._h11.send_with_data_passthrough(h11.Data(data=pieces.frame))  # type: ignore[arg-type]  # has len()
        tail = self._written(pieces.tail)
        self._h11.send(h11.EndOfMessage())
        return head, pieces.frame, tail

    def receive(self, data: bytes) -> Whole | Broken | None:
        """Take bytes of the reply, b"" for the end of the stream; None while there is more to come."""
        self._h11.receive_data(data)
        try:
            return self._next()
        except h11.RemoteProtocolError as error:
            # h11 says what rule was broken, and where it quotes the peer, only header bytes.
            return Broken(
                f"vault_garbled: the reply breaks HTTP ({type(error).__name__}); what it did is unknown"
            )

    def _next(self) -> Whole | Broken | None:
        while True:
            event = self._h11.next_event()
            match event:
                case h11.Response():
                    if (unusable := self._unusable(event)) is not None:
                        return unusable
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > LONGEST:
                        return Broken(f"vault_garbled: the reply is longer than {LONGEST} bytes")
                case h11.EndOfMessage():
                    return self._finished()
                case h11.ConnectionClosed():
                    return Broken("peer_closed: the gateway closed the connection without a reply")
                case h11.InformationalResponse():
                    continue
                case _:
                    return None

    def _finished(self) -> Whole:
        body, self._body = bytes(self._body), bytearray()
        if self._keep_alive and self._h11.their_state is h11.DONE and self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        return Whole(body)

    @staticmethod
    def _unusable(event: h11.Response) -> Broken | None:
        if event.status_code != 200:
            return Broken(
                f"vault_garbled: the gateway answered HTTP {event.status_code}; what it did is unknown"
            )
        if any(name == b"content-encoding" and value.lower() != b"identity" for name, value in event.headers):
            return Broken("vault_garbled: the reply is compressed, which was not asked for")
        return None

    def _headers(self, length: int) -> Iterator[tuple[str, str]]:
        yield "Host", self._host
        # What the acquirer's own clients send, though the body is XML (field sheet).
        yield "Content-Type", "application/x-www-form-urlencoded"
        yield "Content-Length", str(length)
        yield "Accept-Encoding", "identity"
        if not self._keep_alive:
            yield "Connection", "close"

    def _written(self, data: bytes) -> bytes:
        return self._h11.send(h11.Data(data=data)) or b""
