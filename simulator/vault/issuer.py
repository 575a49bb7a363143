"""What the issuers behind the vault answer: by card, then by amount, as on the acquirer's test host.

Cards of simulator.cards answer as they do at a terminal; any other number with a right check digit is good.
Amounts are the acquirer's penny table (field sheet on gateways): below 10.00 the cents choose, 51.00 to 60.99
is 41, 120.00 to 130.99 is 54. Address and security code are compared with magic values:

    postal code H0H0H0 none agrees, H0H0H1 the street alone, H0H0H2 not checked; any other agrees
    security code 999 (Amex 9999) is wrong, 998 not checked; any other agrees
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.card_ranges import luhn_valid, scheme_of
from simulator.cards import CARDS, TestCard

# ISO 8583 field 39 -> the gateway's own code (field sheet, penny table); others are 481.
_RESPONSES = {"00": "027", "02": "483", "04": "421", "09": "078", "14": "421", "40": "055", "41": "421",
              "43": "421", "54": "482", "57": "421"}  # fmt: skip
_PENNIES = {1: "02", 4: "04", 5: "05", 9: "09", 14: "14", 51: "51", 54: "54", 57: "57"}
_BY_NUMBER = {card.number: card for card in CARDS.values()}
_ISSUER_KEY = b"simulated issuers"
# The gateway's letters (CardType) by the scheme.
_LETTERS = {"American Express": "AX", "Visa": "V", "Mastercard": "M", "Diners Club": "DC", "JCB": "C1",
            "Discover": "NO", "UnionPay": "UP"}  # fmt: skip
_NO_VERIFICATION = ("P", "UP")  # Interac and UnionPay take no verification without money


@dataclass(frozen=True, slots=True)
class Presented:
    """A card as it came to the vault. Shown by nothing."""

    number: str = field(repr=False)
    expiry_yymm: str = field(repr=False)
    cvd: str | None = field(default=None, repr=False)

    @property
    def masked(self) -> str:
        """As the gateway shows it: first four, three stars, last four."""
        return f"{self.number[:4]}***{self.number[-4:]}"

    @property
    def starred(self) -> str:
        """As the ledger shows it: stars and the last four."""
        return "*" * (len(self.number) - 4) + self.number[-4:]

    @property
    def card_type(self) -> str:
        """The gateway's letters for who issued it."""
        return card_type(self.number)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an issuer decided. `iso` 00 is an approval."""

    iso: str

    @property
    def approved(self) -> bool:
        """Whether the issuer agreed."""
        return self.iso == "00"

    @property
    def response_code(self) -> str:
        """The gateway's own code for it."""
        return _RESPONSES.get(self.iso, "481")


def test_card(number: str) -> TestCard | None:
    """The test card with this number."""
    return _BY_NUMBER.get(number)


def rule(card: Presented, amount_minor: int | None, month_yymm: str, *, penny: bool) -> Ruling:
    """Ask the issuer: an amount, or None for a verification without money."""
    iso = _by_card(card, amount_minor, month_yymm)
    if iso == "00" and penny and amount_minor is not None:
        iso = _by_amount(amount_minor)
    return Ruling(iso)


def _by_card(card: Presented, amount_minor: int | None, month_yymm: str) -> str:
    known = _BY_NUMBER.get(card.number)
    if not luhn_valid(card.number):
        return "14"
    if amount_minor is None and card.card_type in _NO_VERIFICATION:
        return "40"
    if known is not None and known.host_code:
        return f"{known.host_code:02d}"
    if card.expiry_yymm < month_yymm or (known is not None and known.expiry_yymm < month_yymm):
        return "54"
    limit = None if known is None else known.limit_minor
    return "61" if limit is not None and (amount_minor or 0) > limit else "00"


def _by_amount(amount_minor: int) -> str:
    if amount_minor < 1_000:
        return _PENNIES.get(amount_minor % 100, "00")
    if 5_100 <= amount_minor < 6_100:
        return "41"
    return "54" if 12_000 <= amount_minor < 13_100 else "00"


def card_type(number: str) -> str:
    """The gateway's letters for a number's first digits. 0 stands for Interac (simulator.cards)."""
    scheme = scheme_of(number[:6])
    if scheme is None:
        return "P" if number.startswith("0") else "null"
    return _LETTERS.get(scheme.name, "null")


def is_number(text: str) -> bool:
    """Whether it is as long as a card number and made of digits; its check digit is the issuer's business."""
    return text.isascii() and text.isdecimal() and 12 <= len(text) <= 19


def is_expiry(text: str) -> bool:
    """Whether it is YYMM with a month that exists."""
    return text.isascii() and text.isdecimal() and len(text) == 4 and "01" <= text[2:] <= "12"


def address_result(fields: Mapping[str, str]) -> str | None:
    """AvsResultCode; None where nothing was sent to compare."""
    postal = fields.get("avs_info/avs_zipcode", "").replace(" ", "").upper()
    street = fields.get("avs_info/avs_street_name", "") or fields.get("avs_info/avs_street_number", "")
    if not (postal or street):
        return None
    magic = {"H0H0H0": "N", "H0H0H1": "A", "H0H0H2": "U"}.get(postal)
    if magic is not None:
        return magic
    return ("Y" if street else "Z") if postal else "A"


def security_code_result(card: Presented, fields: Mapping[str, str]) -> str | None:
    """CvdResultCode: the indicator that was sent, and what the issuer says of the code; None where none was
    sent. A code in a frame counts as present."""
    value = card.cvd or fields.get("cvd_info/cvd_value") or None
    if value is None:
        return None
    sent, amex = fields.get("cvd_info/cvd_indicator") or "1", card.card_type == "AX"
    if value.startswith("999"):
        return sent + ("D" if amex else "N")
    return sent + ("P" if value == "998" else "Y" if amex else "M")


def issuer_id(number: str, order_id: str) -> str:
    """What the network calls the first use of a credential: 15 characters, always with a letter."""
    made = hmac.new(_ISSUER_KEY, f"{number}|{order_id}".encode(), hashlib.sha256).hexdigest().upper()
    return f"{made[:3]}X{made[3:14]}"
