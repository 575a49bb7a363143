"""The cards a simulated cardholder may hold. Public test numbers only, plus one that no issuer can own.

The Interac card's number begins with 0, which ISO/IEC 7812-1 gives to no card issuer: Canadian debit ranges
are not public and have no test numbers, so a fictional one stands for them.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal

Way = Literal["insert", "tap", "swipe", "keyed"]
Kind = Literal["credit", "debit_only", "wallet"]

# Stands for the payment provider's secret: tokens are keyed, so the file that holds them reveals no number.
_PROVIDER_KEY = b"simulated payment provider"


@dataclass(frozen=True, slots=True)
class TestCard:
    """One card. `host_code` is the answer its issuer always gives (ISO 8583 field 39, decimal; 0 approves).

    `limit_minor` is the most one transaction may take. `pin`: whether the issuer asks for one; `pin_known`:
    whether the cardholder knows the right one.
    """

    __test__ = False  # pytest: a card, not a test

    name: str
    number: str
    brand: str
    label: str
    expiry_yymm: str = "3012"
    kind: Kind = "credit"
    aid: str = ""
    ways: tuple[Way, ...] = ("insert", "tap", "swipe", "keyed")
    host_code: int = 0
    pin: bool = True
    pin_known: bool = True
    limit_minor: int | None = None

    def __repr__(self) -> str:
        return f"TestCard({self.name})"

    @property
    def last_four(self) -> str:
        """The last four digits, the only part that is ever shown or kept."""
        return self.number[-4:]

    @property
    def masked(self) -> str:
        """Stars and the last four digits."""
        return "*" * (len(self.number) - 4) + self.last_four

    @property
    def storable(self) -> bool:
        """Whether a token for later use exists: not for Interac-only cards, not for a phone's wallet."""
        return self.kind == "credit"

    def token(self, scope: str) -> bytes:
        """32 bytes: the same for the same card in the same scope (merchant account), else unrelated."""
        return hmac.new(_PROVIDER_KEY, f"{scope}|{self.number}".encode(), hashlib.sha256).digest()

    def uid(self) -> bytes:
        """The 10 byte contactless UID (tag 4C), made from the number and stable."""
        return hashlib.sha256(b"uid" + self.number.encode()).digest()[:10]


_VISA = "A0000000031010"
_MASTERCARD = "A0000000041010"
_AMEX = "A000000025010801"
_INTERAC = "A0000002771010"

_ALL = (
    TestCard("visa", "4111111111111111", "visa", "VISA CREDIT", aid=_VISA),
    TestCard("visa_second", "4012888888881881", "visa", "VISA CREDIT", aid=_VISA),
    TestCard("mastercard", "5555555555554444", "mastercard", "MASTERCARD", aid=_MASTERCARD),
    TestCard("mastercard_2series", "2223003122003222", "mastercard", "MASTERCARD", aid=_MASTERCARD),
    TestCard("amex", "378282246310005", "amex", "AMERICAN EXPRESS", aid=_AMEX, pin=False),
    TestCard("discover", "6011111111111117", "discover", "DISCOVER", aid="A0000001523010"),
    TestCard("jcb", "3530111333300000", "jcb", "JCB", aid="A0000000651010"),
    TestCard("diners", "36227206271667", "diners", "DINERS CLUB", aid="A0000001523010"),
    TestCard("unionpay", "6200000000000005", "unionpay", "UNIONPAY", aid="A000000333010102"),
    TestCard("unionpay_long", "6205500000000000004", "unionpay", "UNIONPAY", aid="A000000333010102"),
    TestCard(
        "interac", "0000111122223337", "interac", "INTERAC", kind="debit_only", aid=_INTERAC,
        ways=("insert", "tap"),
    ),
    TestCard(
        "wallet", "4242424242424242", "visa", "VISA CREDIT", kind="wallet", aid=_VISA, pin=False,
        ways=("tap",),
    ),
    TestCard("expired", "5105105105105100", "mastercard", "MASTERCARD", "2001", aid=_MASTERCARD),
    TestCard("blocked", "6011000990139424", "discover", "DISCOVER", aid="A0000001523010", host_code=43),
    TestCard("declined", "371449635398431", "amex", "AMERICAN EXPRESS", aid=_AMEX, pin=False, host_code=5),
    TestCard("wrong_pin", "5454545454545454", "mastercard", "MASTERCARD", aid=_MASTERCARD, pin_known=False),
    TestCard(
        "low_limit", "2720992593319364", "mastercard", "MASTERCARD", aid=_MASTERCARD, limit_minor=10_000
    ),
)  # fmt: skip

CARDS = {card.name: card for card in _ALL}
"""Every card by the name that scenarios, keys and the control channel use."""
