"""One merchant account at the gateway, as a `Vault` (protocols/core/vault.py): one request at a time.

Nothing is ever sent twice: what was handed to a connection that is lost is told as `NoAnswer`, and whoever
asked decides what to ask next. A frame is wiped as soon as its request is answered, lost or given up.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.core.card import Sealed
from protocols.core.errors import DecodingError, LocalError
from protocols.core.session import (
    Cause,
    Close,
    Closed,
    Effect,
    Link,
    Mono,
    Open,
    Opened,
    Received,
    Send,
    Wake,
)
from protocols.core.vault import NoAnswer, VaultAnswer, VaultRequest
from protocols.moneris.codec import Pieces, read_receipt, write_request
from protocols.moneris.credentials import Credentials
from protocols.moneris.http import Broken, Exchanges, Whole
from protocols.moneris.options import MonerisOptions
from protocols.moneris.requests import transaction_of
from protocols.moneris.results import answer_of

LINK = "gateway"


@dataclass(slots=True)
class _Asked:
    """A request under way. `sent`: its bytes were handed to the connection."""

    request: VaultRequest
    pieces: Pieces
    deadline: Mono
    sent: bool = False


class MonerisVault:
    """See Vault. `credentials` never leave it but in requests."""

    def __init__(self, options: MonerisOptions, credentials: Credentials) -> None:
        self._options, self._credentials = options, credentials
        self._link: Link | None = None
        self._openings = 0
        self._exchanges: Exchanges | None = None  # None until the link is open
        self._asked: _Asked | None = None
        self._answer: VaultAnswer | NoAnswer | None = None
        self._why = ""

    def __repr__(self) -> str:
        return f"MonerisVault({self._options.host}, {'busy' if self.busy else 'free'})"

    @property
    def reached(self) -> bool:
        """See Vault."""
        return self._exchanges is not None

    @property
    def why(self) -> str:
        """See Vault."""
        return self._why

    @property
    def busy(self) -> bool:
        """See Vault."""
        return self._asked is not None

    def next_deadline(self) -> Mono | None:
        """See Vault. Opening has the endpoint's own limit; a request has one of its own."""
        return None if self._asked is None else self._asked.deadline

    def take_answer(self) -> VaultAnswer | NoAnswer | None:
        """See Vault."""
        answer, self._answer = self._answer, None
        return answer

    # --- wishes -------------------------------------------------------------------------------------

    def reach(self, now: Mono) -> tuple[Effect, ...]:  # noqa: ARG002  # the endpoint limits an opening
        """See Vault."""
        if self._link is not None:
            return ()
        self._why = ""
        self._openings += 1
        self._link = Link(LINK, self._openings)
        return (Open(self._link),)

    def ask(self, request: VaultRequest, now: Mono) -> tuple[Effect, ...]:
        """See Vault. Also raises LocalError, with the frame wiped, for a request that cannot be written."""
        if self._asked is not None:
            raise LocalError("vault_busy", "a request is under way; take its answer before the next one")
        self._answer = None
        transaction = transaction_of(request, self._options)
        try:
            pieces = write_request(transaction, self._credentials)
        except LocalError:
            _wipe(getattr(transaction, "enc_track2", None))
            raise
        self._asked = _Asked(request, pieces, now + self._options.total_s)
        return (*self.reach(now), *self._send())

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """See Vault. Causes of other links are none of its business."""
        match cause:
            case Wake() if self._asked is not None and now >= self._asked.deadline:
                text = f"the gateway gave no whole answer within {self._options.total_s:g} s"
                return self._lost(f"vault_silent: {text}", sent=self._asked.sent)
            case Opened(link=link) if link == self._link:
                self._why = ""
                self._exchanges = Exchanges(
                    self._options.host, self._options.path, keep_alive=self._options.keep_alive
                )
                return self._send()
            case Received(link=link, data=data) if link == self._link:
                return self._received(data)
            case Closed(link=link, why=why, sent=sent) if link == self._link:
                return self._closed(why, sent=sent)
        return ()

    # --- the exchange -------------------------------------------------------------------------------

    def _send(self) -> tuple[Effect, ...]:
        if self._asked is None or self._asked.sent or self._exchanges is None or self._link is None:
            return ()
        self._asked.sent = True
        link = self._link
        return tuple(Send(link, part) for part in self._exchanges.request(self._asked.pieces) if len(part))

    def _received(self, data: object) -> tuple[Effect, ...]:
        if self._asked is None or self._exchanges is None or not isinstance(data, bytes):
            return self._hang_up("vault_garbled: the gateway spoke without being asked")
        return self._found(self._exchanges.receive(data))

    def _found(self, found: Whole | Broken | None) -> tuple[Effect, ...]:
        match found:
            case None:
                return ()
            case Broken(why=why):
                return self._lost(why, sent=True)
            case Whole(body=body):
                return self._understood(body)

    def _understood(self, body: bytes) -> tuple[Effect, ...]:
        asked = self._asked
        assert asked is not None
        try:
            receipt = read_receipt(body)
        except DecodingError as error:
            return self._lost(f"vault_garbled: the gateway's answer cannot be read: {error}", sent=True)
        self._conclude(answer_of(asked.request, receipt, self._options))
        if self._options.keep_alive and self._exchanges is not None and self._exchanges.reusable:
            return ()
        return self._hang_up("")

    def _closed(self, why: str, *, sent: bool) -> tuple[Effect, ...]:
        """The connection is gone. A reply that has no length ends with it; any other is cut."""
        exchanges, asked = self._exchanges, self._asked
        self._link, self._exchanges = None, None
        if exchanges is not None and asked is None:
            return ()  # gateways close what is idle; that is no failure
        self._why = why
        if asked is None:
            return ()
        if asked.sent and exchanges is not None and isinstance(whole := exchanges.receive(b""), Whole):
            return self._understood(whole.body)
        self._conclude(NoAnswer(why, sent=sent and asked.sent))
        return ()

    def _lost(self, why: str, *, sent: bool) -> tuple[Effect, ...]:
        self._conclude(NoAnswer(why, sent=sent))
        return self._hang_up(why)

    def _hang_up(self, why: str) -> tuple[Effect, ...]:
        link = self._link
        self._link, self._exchanges = None, None
        self._why = why or self._why
        return () if link is None else (Close(link),)

    def _conclude(self, answer: VaultAnswer | NoAnswer) -> None:
        if self._asked is not None:
            _wipe(self._asked.pieces.frame)
        self._asked, self._answer = None, answer


def _wipe(frame: Sealed | None) -> None:
    if frame is not None:
        frame.wipe()
