"""What the vault does for each transaction: asks the issuer, gives back, undoes, and books.

Every transaction that goes to an issuer has an order id of the merchant's; one that was used is refused,
whatever became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random

from protocols.moneris.codec import Asked, cents, dollars
from protocols.moneris.messages import Receipt
from simulator.acquirer.ledger import Ledger
from simulator.acquirer.lines import Kind
from simulator.vault import slips
from simulator.vault.books import Books, Deed, Refused
from simulator.vault.cards_kept import CardsKept, Kept
from simulator.vault.credentials_on_file import use_of, wrong_use
from simulator.vault.issuer import (
    Presented,
    Ruling,
    address_result,
    issuer_id,
    rule,
    security_code_result,
)
from simulator.vault.keeping import Keeping
from simulator.vault.orders import TYPES, Order, Orders
from simulator.vault.settings import VaultSettings

_AGREED = Ruling("00")
# How what an issuer agreed to stands in the ledger, by the type of its receipt.
_KINDS: dict[str, Kind] = {"00": "charge", "01": "hold", "06": "verification"}
_PAID = ("00", "02")


class Work:
    """`do` carries out one transaction of a store."""

    def __init__(self, ledger: Ledger, settings: VaultSettings) -> None:
        self.cards, self.orders = CardsKept(settings.seed), Orders()
        self._settings, self._random, self._sequence = settings, Random(settings.seed), 0
        self._issuer_ids: dict[str, str] = {}
        self._books = Books(ledger, settings.currency)
        keeping = Keeping(self.cards, self.orders, self._books, self._issuer_ids)
        self._find = keeping.find
        self._with_card: dict[str, Callable[[Asked, Presented | None, datetime], Receipt]] = {
            "res_add_cc": keeping.add,
            "enc_res_add_cc": keeping.add,
            "res_update_cc": keeping.update,
            "enc_res_update_cc": keeping.update,
            "res_temp_add": keeping.add_for_a_while,
        }
        self._verbs: dict[str, Callable[[Asked, datetime], Receipt]] = {
            "completion": self._completion,
            "refund": self._refund,
            "purchasecorrection": self._correction,
            "res_tokenize_cc": keeping.tokenize,
            "res_add_token": keeping.add_token,
            "res_delete": keeping.delete,
            "res_lookup_masked": keeping.lookup,
            "res_get_expiring": keeping.expiring,
        }

    def do(self, asked: Asked, presented: Presented | None, now: datetime, decline: str | None) -> Receipt:
        """The receipt. `decline`: the issuer declines with this ISO code. Raises Refused."""
        verb = self._verbs.get(asked.tag)
        if verb is not None:
            return verb(asked, now)
        if asked.tag in self._with_card:
            return self._with_card[asked.tag](asked, presented, now)
        if asked.tag not in TYPES:
            raise Refused(slips.NOT_SENT + "transaction type")
        deed = self._checked(asked, presented, now)
        amount = None if TYPES[asked.tag] == "06" else deed.amount_minor
        ruling = rule(deed.card, amount, f"{now:%y%m}", penny=self._settings.penny)
        return self._authorised(deed, Ruling(decline) if decline else ruling)

    def keep_for_a_while(self, store: str, card: Presented, now: datetime, seconds: float) -> Kept:
        """A temporary token. Raises ValueError "number" for a number that is not taken."""
        return self.cards.keep_for_a_while(store, card, now, seconds)

    def _checked(self, asked: Asked, presented: Presented | None, now: datetime) -> Deed:
        """Everything that is looked at before an issuer is asked."""
        if not asked.fields.get("order_id"):
            raise Refused(slips.NOT_SENT + "order_id")
        if self.orders.known(asked):
            raise Refused(slips.DUPLICATE)
        kept = self._find(asked, now) if presented is None else None
        card = presented or (kept.card if kept is not None else None)
        assert card is not None
        wrong = wrong_use(asked.fields, self._issuer_ids, card.number)
        if wrong is not None:
            raise Refused(slips.NOT_SENT + wrong)
        amount = 0 if TYPES[asked.tag] == "06" else _amount(asked, least=0 if self._settings.penny else 1)
        return Deed(asked=asked, card=card, now=now, amount_minor=amount, kept=kept)

    def _authorised(self, deed: Deed, ruling: Ruling) -> Receipt:
        deed, trans_type = self._named(deed), TYPES[deed.asked.tag]
        line = ""
        if ruling.approved:
            line = self._books.enter(_KINDS[trans_type], deed).id
        order = Order(deed.card, deed.transaction, trans_type, deed.amount_minor, line)
        self.orders.put(deed.asked, order)
        return self._told(deed, trans_type, ruling)

    def _completion(self, asked: Asked, now: datetime) -> Receipt:
        """Take what was held, or less; 0.00 lets it go. Once only: the order is a payment then, or void."""
        order, amount = self.orders.approved(asked), _amount(asked, "comp_amount", least=0)
        if order.trans_type != "01" or amount > order.amount_minor:
            raise Refused(slips.NOT_SENT + "comp_amount")
        deed = self._named(Deed(asked=asked, card=order.card, now=now, amount_minor=amount))
        line = self._books.enter("capture" if amount else "release", deed, reverses=order.line)
        order.transaction, order.trans_type, order.amount_minor = deed.transaction, "02", amount
        order.line = line.id if amount else ""
        return self._told(deed, "02", _AGREED)

    def _refund(self, asked: Asked, now: datetime) -> Receipt:
        order, amount = self.orders.approved(asked), _amount(asked)
        left = order.amount_minor - order.refunded_minor
        if order.trans_type not in _PAID or order.corrected or amount > left:
            raise Refused(slips.NOT_SENT + "amount")
        deed = self._named(Deed(asked=asked, card=order.card, now=now, amount_minor=amount))
        self._books.enter("refund", deed)
        order.refunded_minor += amount
        return self._told(deed, "04", _AGREED)

    def _correction(self, asked: Asked, now: datetime) -> Receipt:
        order = self.orders.approved(asked)
        if order.trans_type not in _PAID or order.corrected or order.refunded_minor:
            raise Refused(slips.NOT_SENT + "txn_number")
        deed = self._named(Deed(asked=asked, card=order.card, now=now, amount_minor=order.amount_minor))
        self._books.enter("reversal", deed, reverses=order.line)
        order.corrected = True
        return self._told(deed, "11", _AGREED)

    def _named(self, deed: Deed) -> Deed:
        self._sequence += 1
        return replace(deed, transaction=f"{self._sequence}-0_{self._settings.seed % 1000}")

    def _told(self, deed: Deed, trans_type: str, ruling: Ruling) -> Receipt:
        first_asked = trans_type in _KINDS
        receipt = slips.of_transaction(
            order_id=deed.order_id,
            transaction=deed.transaction,
            reference=f"{self._settings.terminal}001001{self._sequence % 1000:03d}0",
            trans_type=trans_type,
            amount=dollars(deed.amount_minor),
            card=deed.card,
            response_code=ruling.response_code,
            iso=ruling.iso,
            auth_code=f"{self._random.randrange(1, 1_000_000):06d}",
            now=deed.now,
            visa_debit=deed.card.card_type == "V" and deed.card.number[-4:] in self._settings.visa_debit,
            avs=address_result(deed.asked.fields) if first_asked else None,
            cvd=security_code_result(deed.card, deed.asked.fields) if first_asked else None,
            issuer_id=self._credential(deed) if ruling.approved else None,
            kept=deed.kept,
        )
        self.orders.tell(deed.asked, receipt)
        return receipt

    def _credential(self, deed: Deed) -> str | None:
        """The issuer's id of the credential that was used: made at its first use, told again later."""
        use = use_of(deed.asked.fields)
        if not use:
            return None
        if use[0] in ("U", "Z"):
            return deed.asked.fields["cof_info/issuer_id"]
        made = issuer_id(deed.card.number, deed.order_id)
        self._issuer_ids[made] = deed.card.number
        return made


def _amount(asked: Asked, name: str = "amount", *, least: int = 1) -> int:
    """The amount; the test host's penny table begins with 0.00."""
    amount = cents(asked.fields.get(name, ""))
    if amount is None or amount < least:
        raise Refused(slips.NOT_SENT + name)
    return amount
