"""Requests, replies and settings for tests of the vault's protocol, written by hand."""

from __future__ import annotations

from protocols.core.card import Sealed
from protocols.core.session import Effect, Link, Peer, Send
from protocols.core.values import Money
from protocols.core.vault import (
    PurchaseFrame,
    PurchaseToken,
    StoredCredential,
    VerifyFrame,
)
from protocols.moneris.credentials import Credentials
from protocols.moneris.options import MonerisOptions

CREDENTIALS = Credentials("store5", "yesguy")
OPTIONS = MonerisOptions()
LINK = Link("gateway", 1)
PEER = Peer("127.0.0.1:443")
# The keyed frame of the acquirer's own sample (msr.json, moneris-sample-0).
KEYED = (
    b"0284008500000000041608B84D1586DEDBA1F0DB3CECD296C41195AFECE7CA8F3A00E6DBA97A4EFDEF05D3935553E9E24B5AEFC7B2"
    b"330431393035FFFF3141594047A0009A7FB103"
)


def verify(frame: bytes = KEYED) -> VerifyFrame:
    """A verification with a keyed frame, the first use of a credential."""
    return VerifyFrame(
        order_id="A1-1", customer="01J", frame=Sealed(frame), keyed=True, credential=StoredCredential("first")
    )


def purchase(frame: bytes = KEYED, *, keyed: bool = True, minor: int = 1250) -> PurchaseFrame:
    """A purchase with a frame."""
    return PurchaseFrame(
        order_id="A1-1", customer="01J", frame=Sealed(frame), keyed=keyed, amount=Money(minor)
    )


def no_show(minor: int = 4000) -> PurchaseToken:
    """A stored card charged without its cardholder."""
    credential = StoredCredential("merchant", "139X3130ASCXAS9")
    return PurchaseToken(
        order_id="A1-1",
        customer="01J",
        token="WBtBt9oUcBbVsCoeMVSnFdUb4",
        amount=Money(minor),
        credential=credential,
    )


def receipt(**told: str) -> bytes:
    """A response with one receipt of these elements, in the order given."""
    inner = "".join(f"<{tag}>{text}</{tag}>" for tag, text in told.items())
    return f'<?xml version="1.0"?><response><receipt>{inner}</receipt></response>'.encode()


APPROVED = {
    "ReceiptId": "A1-1",
    "ReferenceNum": "660123450010690030",
    "ResponseCode": "027",
    "ISO": "00",
    "AuthCode": "123456",
    "Message": "APPROVED           *                    =",
    "TransType": "00",
    "Complete": "true",
    "TransAmount": "12.50",
    "CardType": "V",
    "TransID": "799655-0_11",
    "TimedOut": "false",
}


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP reply with a length."""
    lines = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def written(effects: tuple[Effect, ...]) -> bytes:
    """The bytes that effects send, joined as the OS would see them."""
    parts = [effect.data for effect in effects if isinstance(effect, Send)]
    return b"".join(bytes(part.view()) if isinstance(part, Sealed) else bytes(part) for part in parts)  # type: ignore[arg-type]  # no reports here
