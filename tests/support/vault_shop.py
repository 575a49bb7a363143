"""The agent's vault and the simulated one, joined by bytes alone, with a ledger and an hour of one's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from protocols.core.card import Sealed
from protocols.core.session import Closed, Link, Open, Opened, Received, Wake
from protocols.core.values import Money
from protocols.core.vault import (
    NoAnswer,
    PurchaseFrame,
    PurchaseToken,
    StoredCredential,
    TokenizeOrder,
    VaultAnswer,
    VaultRequest,
    VerifyFrame,
)
from protocols.moneris.options import MonerisOptions
from protocols.moneris.vault import MonerisVault
from simulator.acquirer.ledger import MemoryLedger
from simulator.vault.desk import VaultDesk
from simulator.vault.http_side import Act, HangUp, HttpSide, Wait, Write
from simulator.vault.settings import VaultFault, VaultSettings
from tests.support.vault_paper import CREDENTIALS, PEER, written

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
VISA, MASTERCARD, INTERAC = "4242424242424242", "5454545454545454", "0000111122223337"


@dataclass(frozen=True, slots=True)
class Opened_:  # noqa: N801  # core has an Opened of its own
    """A frame of `frame_of`, opened."""

    pan: str
    expiry_yymm: str
    cvv: str | None


def frame_of(number: str, expiry_yymm: str = "3012", cvv: str = "") -> bytes:
    """A frame that is not encrypted: what it says to the vault is what a test wants to be read."""
    return f"{number}={expiry_yymm}={cvv}".encode()


def opens(frame: memoryview) -> Opened_:
    """Open a frame of `frame_of`."""
    number, expiry, cvv = bytes(frame).decode().split("=")
    return Opened_(number, expiry, cvv or None)


@dataclass
class Shop:
    """Asks the simulated vault through the agent's own machine."""

    faults: tuple[VaultFault, ...] = ()
    settings: VaultSettings = field(default_factory=VaultSettings)
    options: MonerisOptions = field(default_factory=MonerisOptions)
    split: int = 0  # bytes at a time; 0 all at once

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger()
        self.desk = VaultDesk(ledger=self.ledger, opens=opens, settings=self.settings, faults=self.faults)
        self.vault = MonerisVault(self.options, CREDENTIALS)
        self.now = NOW
        self.requests: list[bytes] = []

    def ask(self, request: VaultRequest) -> VaultAnswer | NoAnswer:
        """The answer, or what the machine says when there is none."""
        (wish,) = self.vault.ask(request, 0.0)
        assert isinstance(wish, Open)
        side = HttpSide(self.desk)
        asked = written(self.vault.handle(Opened(wish.link, PEER), 0.0))
        self.requests.append(asked)
        for act in self._fed(side, asked):
            self._carried_out(act, wish.link)
        answer = self.vault.take_answer()
        assert answer is not None
        return answer

    def done(self, request: VaultRequest) -> VaultAnswer:
        """The same, where it must be done."""
        answer = self.ask(request)
        assert isinstance(answer, VaultAnswer)
        assert answer.verdict == "done", answer
        return answer

    def kinds(self) -> list[str]:
        """What stands in the ledger."""
        return [line.kind for line in self.ledger.lines()]

    def _fed(self, side: HttpSide, asked: bytes) -> list[Act]:
        lot = self.split or len(asked)
        return [
            act for at in range(0, len(asked), lot) for act in side.receive(asked[at : at + lot], self.now)
        ]

    def _carried_out(self, act: Act, link: Link) -> None:
        match act:
            case Wait(seconds=seconds):
                self.vault.handle(Wake(), seconds)
            case Write(data=data):
                lot = self.split or len(data)
                for at in range(0, len(data), lot):
                    self.vault.handle(Received(link, data[at : at + lot]), 0.0)
            case HangUp():
                self.vault.handle(Closed(link, "peer_closed: gone", sent=True), 0.0)


# --- requests -------------------------------------------------------------------------------------------


def verify(order: str, frame: bytes) -> VerifyFrame:
    """First step of storing."""
    credential = StoredCredential("first")
    return VerifyFrame(order_id=order, customer="01J", frame=Sealed(frame), keyed=True, credential=credential)


def sale(order: str, frame: bytes, minor: int = 2500, *, keyed: bool = True) -> PurchaseFrame:
    """A sale by reader."""
    return PurchaseFrame(
        order_id=order, customer="01J", frame=Sealed(frame), keyed=keyed, amount=Money(minor)
    )


def charge(
    order: str, token: str, issuer_id: str | None, use: Literal["merchant", "cardholder"] = "merchant"
) -> PurchaseToken:
    """A stored card charged."""
    credential = StoredCredential(use, issuer_id)
    return PurchaseToken(
        order_id=order, customer="01J", token=token, amount=Money(4000), credential=credential
    )


def tokenize(order: str, transaction: str) -> TokenizeOrder:
    """Second step of storing."""
    return TokenizeOrder(order_id=order, customer="01J", transaction=transaction)
