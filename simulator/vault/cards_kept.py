"""The cards that the vault keeps, by their tokens. Numbers live in memory alone."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from protocols.moneris.messages import ResolveData
from simulator.vault.issuer import Presented

_VAULT_KEY = b"simulated vault"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A card on file. `about`: what the merchant said of its holder. `until`: a temporary token is forgotten
    then."""

    data_key: str
    store: str
    card: Presented
    about: ResolveData = field(default_factory=ResolveData)
    until: datetime | None = None


class CardsKept:
    """All cards of all stores. A token is made from its card and a count, so that a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._kept: dict[str, Kept] = {}
        self._made = 0

    def find(self, store: str, data_key: str, now: datetime) -> Kept | None:
        """The card of a token that is this store's and still lives."""
        self._drop_expired(now)
        kept = self._kept.get(data_key)
        return kept if kept is not None and kept.store == store else None

    def of_card(self, store: str, number: str) -> Kept | None:
        """The lasting token that a store has for a card."""
        for kept in self._kept.values():
            if (kept.store, kept.card.number, kept.until) == (store, number, None):
                return kept
        return None

    def keep(self, store: str, card: Presented, about: ResolveData) -> Kept:
        """Keep a card for good under a fresh token, and never its security code."""
        kept = Kept(data_key=self._token(store, card), store=store, card=replace(card, cvd=None), about=about)
        self._kept[kept.data_key] = kept
        return kept

    def keep_for_a_while(self, store: str, card: Presented, now: datetime, seconds: float) -> Kept:
        """Keep a card under a temporary token."""
        self._drop_expired(now)
        data_key = "ot-" + self._token(store, card)[:22]
        kept = Kept(data_key=data_key, store=store, card=card, until=now + timedelta(seconds=seconds))
        self._kept[data_key] = kept
        return kept

    def renew(self, kept: Kept, card: Presented, about: ResolveData) -> Kept:
        """What was told last, under the token that is there."""
        renewed = replace(kept, card=replace(card, cvd=None), about=about)
        self._kept[kept.data_key] = renewed
        return renewed

    def forget(self, data_key: str) -> None:
        """Delete a card."""
        del self._kept[data_key]

    def expiring(self, store: str, month_yymm: str) -> tuple[Kept, ...]:
        """A store's lasting cards that expire in a month."""
        return tuple(
            kept
            for kept in self._kept.values()
            if kept.store == store and kept.until is None and kept.card.expiry_yymm == month_yymm
        )

    def _drop_expired(self, now: datetime) -> None:
        for data_key, kept in tuple(self._kept.items()):
            if kept.until is not None and now >= kept.until:
                del self._kept[data_key]

    def _token(self, store: str, card: Presented) -> str:
        self._made += 1
        text = f"{self._seed}|{store}|{card.number}|{self._made}".encode()
        digest = hmac.new(_VAULT_KEY, text, hashlib.sha256).digest()
        return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:25])
