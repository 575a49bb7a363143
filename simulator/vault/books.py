"""One deed of the vault, and how it stands in the money ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from protocols.moneris.codec import Asked
from simulator.acquirer.ledger import Ledger
from simulator.acquirer.lines import Entry, Kind, Line
from simulator.vault.cards_kept import Kept
from simulator.vault.credentials_on_file import use_of
from simulator.vault.issuer import Presented

_BRANDS = {"V": "visa", "M": "mastercard", "AX": "amex", "NO": "discover", "DC": "diners", "C1": "jcb",
           "UP": "unionpay", "P": "interac"}  # fmt: skip


class Refused(Exception):  # noqa: N818  # an answer of the desk, not a failure of it
    """The request goes to no issuer; the text is the gateway's message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is being done: for which request, with which card, when. `transaction` is the vault's own name for
    it, "" where it is none; `kept` the stored card that it is done with."""

    asked: Asked
    card: Presented
    now: datetime
    transaction: str = ""
    amount_minor: int = 0
    kept: Kept | None = field(default=None)

    @property
    def order_id(self) -> str:
        """The merchant's order id, or "" ."""
        return self.asked.fields.get("order_id", "")


class Books:
    """Books deeds."""

    def __init__(self, ledger: Ledger, currency: str) -> None:
        self._ledger, self._currency = ledger, currency

    def enter(self, kind: Kind, deed: Deed, *, token: str = "", reverses: str = "") -> Line:
        """Book durably."""
        return self._ledger.append(
            Entry(
                kind=kind,
                at=deed.now,
                terminal=deed.asked.store_id,
                amount_minor=deed.amount_minor,
                currency=self._currency,
                receipt=deed.transaction,
                trace="",
                turnover="",
                brand=_BRANDS.get(deed.card.card_type, ""),
                card=deed.card.starred,
                token=token or ("" if deed.kept is None else deed.kept.data_key),
                reason=use_of(deed.asked.fields),
                reverses=reverses,
                order=deed.order_id,
                customer=deed.asked.fields.get("cust_id", ""),
            )
        )
