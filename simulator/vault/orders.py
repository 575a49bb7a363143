"""The orders that a vault has carried out, and what it told of each."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.moneris.codec import Asked
from protocols.moneris.messages import Receipt
from simulator.vault.books import Refused
from simulator.vault.issuer import Presented
from simulator.vault.slips import NO_PREVIOUS

# The type of a receipt by the transaction's name (field sheet, TransType).
TYPES = {
    "card_verification": "06",
    "enc_card_verification": "06",
    "res_card_verification_cc": "06",
    "purchase": "00",
    "enc_purchase": "00",
    "enc_track2_purchase": "00",
    "res_purchase_cc": "00",
    "preauth": "01",
    "enc_preauth": "01",
    "enc_track2_preauth": "01",
    "res_preauth_cc": "01",
    "completion": "02",
    "refund": "04",
    "purchasecorrection": "11",
}
# They go under the order of a payment.
FOLLOW_UPS = frozenset({"refund", "purchasecorrection"})


@dataclass(slots=True)
class Order:
    """A verification, preauthorisation or purchase that was asked; once completed, its completion. `line` is
    its ledger line; "" where it was declined, or let go."""

    card: Presented
    transaction: str
    trans_type: str
    amount_minor: int
    line: str
    refunded_minor: int = 0
    corrected: bool = False


class Orders:
    """By store and order id; and the last receipt of each kind that an order was given."""

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str], Order] = {}
        self._told: dict[tuple[str, str, str], Receipt] = {}

    def known(self, asked: Asked) -> bool:
        """Whether a request's order id was used."""
        return _named(asked) in self._orders

    def put(self, asked: Asked, order: Order) -> None:
        """Remember a new one."""
        self._orders[_named(asked)] = order

    def approved(self, asked: Asked) -> Order:
        """The approved order of a request's id and transaction. Raises Refused."""
        order = self._orders.get(_named(asked))
        if order is None or not order.line or order.transaction != asked.fields.get("txn_number"):
            raise Refused(NO_PREVIOUS)
        return order

    def tell(self, asked: Asked, receipt: Receipt) -> None:
        """Remember what a client is told of an order."""
        self._told[(*_named(asked), receipt.trans_type or "")] = receipt

    def told(self, asked: Asked) -> Receipt | None:
        """What a client was told, or would have been, of an order and a kind of transaction."""
        return self._told.get((*_named(asked), TYPES.get(asked.tag, "")))


def _named(asked: Asked) -> tuple[str, str]:
    return asked.store_id, asked.fields.get("order_id", "")
