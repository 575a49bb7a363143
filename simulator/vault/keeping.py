"""The vault's own transactions: cards kept, shown and forgotten, without an issuer."""

from __future__ import annotations

from datetime import datetime

from protocols.card_ranges import luhn_valid
from protocols.moneris.codec import Asked
from protocols.moneris.messages import Receipt, ResolveData
from simulator.vault import slips
from simulator.vault.books import Books, Deed, Refused
from simulator.vault.cards_kept import CardsKept, Kept
from simulator.vault.issuer import Presented
from simulator.vault.orders import Orders


class Keeping:
    """`issuer_ids` maps what an issuer called a first use to the number of its card."""

    def __init__(self, cards: CardsKept, orders: Orders, books: Books, issuer_ids: dict[str, str]) -> None:
        self._cards, self._orders, self._books, self._issuer_ids = cards, orders, books, issuer_ids

    def find(self, asked: Asked, now: datetime) -> Kept:
        """The stored card that a request names. Raises Refused."""
        kept = self._cards.find(asked.store_id, asked.fields.get("data_key", ""), now)
        if kept is None:
            raise Refused(slips.UNKNOWN_KEY)
        return kept

    def tokenize(self, asked: Asked, now: datetime) -> Receipt:
        """Keep the card of an approved order."""
        order = self._orders.approved(asked)
        told = None
        if asked.fields.get("return_issuer_id", "").lower() == "true":
            ids = [name for name, number in self._issuer_ids.items() if number == order.card.number]
            told = ids[-1] if ids else None
        return self._keep(Deed(asked=asked, card=order.card, now=now, transaction=order.transaction), told)

    def add_token(self, asked: Asked, now: datetime) -> Receipt:
        """Keep the card of a temporary token, which is used up."""
        kept = self.find(asked, now)
        if kept.until is None:
            raise Refused(slips.UNKNOWN_KEY)
        told = asked.fields.get("cof_info/issuer_id") or None
        receipt = self._keep(Deed(asked=asked, card=kept.card, now=now), told)
        self._cards.forget(kept.data_key)
        return receipt

    def add(self, asked: Asked, card: Presented | None, now: datetime) -> Receipt:
        """Keep a card that came with the request, without asking its issuer."""
        if card is None or not luhn_valid(card.number):
            raise Refused(slips.NOT_SENT + "pan")
        return self._keep(
            Deed(asked=asked, card=card, now=now), asked.fields.get("cof_info/issuer_id") or None
        )

    def delete(self, asked: Asked, now: datetime) -> Receipt:
        """Forget a card."""
        kept = self.find(asked, now)
        self._cards.forget(kept.data_key)
        self._books.enter("token_deleted", Deed(asked=asked, card=kept.card, now=now, kept=kept))
        return slips.of_vault(slips.DELETED, now, kept)

    def lookup(self, asked: Asked, now: datetime) -> Receipt:
        """Show a card, masked."""
        return slips.of_vault("Successfully located CC details.", now, self.find(asked, now))

    def expiring(self, asked: Asked, now: datetime) -> Receipt:
        """The store's cards that expire this month."""
        return slips.of_expiring(self._cards.expiring(asked.store_id, f"{now:%y%m}"), now)

    def _keep(self, deed: Deed, told: str | None) -> Receipt:
        """With the format 0U a card has one token; otherwise each time a new one. Interac is never kept, nor
        is a security code."""
        asked, card, message = deed.asked, deed.card, "Successfully registered CC details."
        if card.card_type == "P":
            raise Refused(slips.NOT_SENT + "card type")
        if asked.fields.get("data_key_format") == "0U":
            had = self._cards.of_card(asked.store_id, card.number)
            if had is not None:
                return slips.of_vault(message, deed.now, self._cards.renew(had, card.expiry_yymm), told)
        kept = self._cards.keep(asked.store_id, Presented(card.number, card.expiry_yymm), _about(asked))
        self._books.enter("token_stored", deed, token=kept.data_key)
        return slips.of_vault(message, deed.now, kept, told)


def _about(asked: Asked) -> ResolveData:
    told = asked.fields
    return ResolveData(
        cust_id=told.get("cust_id"),
        phone=told.get("phone"),
        email=told.get("email"),
        note=told.get("note"),
        crypt_type=told.get("crypt_type", "7"),
        avs_street_number=told.get("avs_info/avs_street_number"),
        avs_street_name=told.get("avs_info/avs_street_name"),
        avs_zipcode=told.get("avs_info/avs_zipcode"),
    )
