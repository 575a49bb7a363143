"""The vault's own transactions: cards kept, shown and forgotten, without an issuer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from protocols.card_ranges import luhn_valid
from protocols.moneris.codec import Asked
from protocols.moneris.messages import Receipt, ResolveData
from simulator.vault import slips
from simulator.vault.books import Books, Deed, Refused
from simulator.vault.cards_kept import CardsKept, Kept
from simulator.vault.issuer import Presented, is_expiry
from simulator.vault.orders import Orders

_ABOUT = ("cust_id", "phone", "email", "note", "crypt_type",
          "avs_street_number", "avs_street_name", "avs_zipcode")  # fmt: skip
_NOBODY = ResolveData(crypt_type="7")
_SECONDS = re.compile(r"[0-9]{1,4}")
_LONGEST_S = 900  # of a temporary token (res_temp_add)


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
        receipt = self._keep(Deed(asked=asked, card=_dated(kept.card, asked), now=now), told)
        self._cards.forget(kept.data_key)
        return receipt

    def add(self, asked: Asked, card: Presented | None, now: datetime) -> Receipt:
        """Keep a card that came with the request, without asking its issuer."""
        told = asked.fields.get("cof_info/issuer_id") or None
        return self._keep(Deed(asked=asked, card=_checked(card), now=now), told)

    def add_for_a_while(self, asked: Asked, card: Presented | None, now: datetime) -> Receipt:
        """Keep a card that came with the request under a temporary token."""
        seconds = asked.fields.get("duration", "")
        if not (_SECONDS.fullmatch(seconds) and 0 < int(seconds) <= _LONGEST_S):
            raise Refused(slips.NOT_SENT + "duration")
        kept = self._cards.keep_for_a_while(asked.store_id, _checked(card), now, int(seconds))
        return slips.of_vault(slips.REGISTERED, now, kept)

    def update(self, asked: Asked, card: Presented | None, now: datetime) -> Receipt:
        """Another number, expiry or cardholder under the lasting token that is there."""
        kept = self.find(asked, now)
        if kept.until is not None:
            raise Refused(slips.UNKNOWN_KEY)
        shown = _dated(kept.card, asked) if card is None else _checked(card)
        return slips.of_vault(slips.UPDATED, now, self._cards.renew(kept, shown, _about(asked, kept.about)))

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
        asked, card = deed.asked, deed.card
        if card.card_type == "P":
            raise Refused(slips.NOT_SENT + "card type")
        if asked.fields.get("data_key_format") == "0U":
            had = self._cards.of_card(asked.store_id, card.number)
            if had is not None:
                renewed = self._cards.renew(had, card, had.about)
                return slips.of_vault(slips.REGISTERED, deed.now, renewed, told)
        kept = self._cards.keep(asked.store_id, card, _about(asked, _NOBODY))
        self._books.enter("token_stored", deed, token=kept.data_key)
        return slips.of_vault(slips.REGISTERED, deed.now, kept, told)


def _about(asked: Asked, before: ResolveData) -> ResolveData:
    """What is known of a cardholder, with what a request says anew."""
    told = {name.removeprefix("avs_info/"): text for name, text in asked.fields.items()}
    return replace(before, **{name: told[name] for name in _ABOUT if name in told})


def _checked(card: Presented | None) -> Presented:
    """The card of a request that brings one; no issuer looks at it."""
    if card is None or not luhn_valid(card.number) or card.card_type == "P":
        raise Refused(slips.NOT_SENT + "pan")
    return card


def _dated(card: Presented, asked: Asked) -> Presented:
    """A card that is known, with the expiry that a request says anew."""
    expiry = asked.fields.get("expdate") or card.expiry_yymm
    if not is_expiry(expiry):
        raise Refused(slips.NOT_SENT + "expdate")
    return replace(card, expiry_yymm=expiry)
