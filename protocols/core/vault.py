"""What an acquirer's vault is asked and what it answers, in no acquirer's own words.

A vault keeps cards and charges them by token. Each request that moves or stores something carries an order id
that is ours: by it the vault is asked what became of a request whose answer was lost. A vault is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from protocols.core.card import NO_ADDRESS, Address, Card, CardToken, CredentialUse, Sealed, StoredCard
from protocols.core.session import Cause, Effect, Mono
from protocols.core.values import Money

OrderKind = Literal[
    "verify_frame", "purchase_frame", "verify_token", "purchase_token", "refund", "correction"
]


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """How a stored credential is used, with the issuer's id of its first use."""

    use: CredentialUse
    issuer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    order_id: str
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyFrame(_Ordered):
    """Have the issuer look at the card of a reader's frame, without money. First step of storing."""

    frame: Sealed
    keyed: bool
    address: Address = NO_ADDRESS
    credential: StoredCredential | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFrame(_Ordered):
    """Charge the card of a reader's frame."""

    frame: Sealed
    keyed: bool
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyToken(_Ordered):
    """Have the issuer look at a stored card, without money."""

    token: str
    address: Address = NO_ADDRESS
    credential: StoredCredential | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseToken(_Ordered):
    """Charge a stored card."""

    token: str
    amount: Money
    credential: StoredCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder(_Ordered):
    """Give back what an earlier order took, in whole or in part. `order_id` is the earlier order's: the
    vault knows a refund by it and by the transaction."""

    transaction: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectOrder(_Ordered):
    """Undo an earlier order whole, within its batch. `order_id` is the earlier order's."""

    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizeOrder(_Ordered):
    """Keep the card of a done order; asked twice, it gives the same token. `order_id` is that order's."""

    transaction: str


@dataclass(frozen=True, slots=True)
class DeleteToken:
    """Forget a stored card."""

    token: str


@dataclass(frozen=True, slots=True)
class ListExpiring:
    """The stored cards that expire this month."""


@dataclass(frozen=True, slots=True)
class StatusOf:
    """What became of an order. It carries neither frame nor token, so that it can charge nothing even where
    the question is not understood as one."""

    order_id: str
    kind: OrderKind


VaultRequest = (
    VerifyFrame
    | PurchaseFrame
    | VerifyToken
    | PurchaseToken
    | RefundOrder
    | CorrectOrder
    | TokenizeOrder
    | DeleteToken
    | ListExpiring
    | StatusOf
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAnswer:
    """A whole answer. `verdict`: done, declined (by the issuer, by the vault, or by the clinic's own rules on
    address and security code), unknown_order (the vault says that it has no such order), refused (the request
    itself was wrong: store, token, field), incomplete (the vault says that it does not know: a time-out at
    its host). `keys` are the vault's references by name: order_id, transaction, issuer_id, reference;
    none is a card number. An answer about another order or another kind of transaction is no answer."""

    verdict: Literal["done", "declined", "unknown_order", "refused", "incomplete"]
    code: str  # the contract's slug: approved, declined, insufficient_funds, expired_card …
    message: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    card: Card | None = None
    amount: Money | None = None
    authorisation_code: str | None = None
    token: CardToken | None = None
    avs: str | None = None
    cvd: str | None = None
    debit: bool = False  # Interac or another debit card: it cannot be kept
    cards: tuple[StoredCard, ...] = ()


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The answer did not come or was cut. `sent` False: no byte of the request reached the OS."""

    why: str
    sent: bool


class Vault(Protocol):
    """One account at one vault. Its link is named "gateway"; one request at a time."""

    @property
    def reached(self) -> bool:
        """Whether a connection stands."""
        ...

    @property
    def why(self) -> str:
        """Why the last opening failed: a code, a colon and a text; empty once it is tried again, and where
        it succeeded. The end of an idle connection is no failure."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        ...

    def next_deadline(self) -> Mono | None:
        """When it next wants a Wake; None for never."""
        ...

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """Take Wake, or a cause of its own link."""
        ...

    def reach(self, now: Mono) -> tuple[Effect, ...]:
        """Connect, so that the cardholder is not asked in vain. No-op where a connection stands."""
        ...

    def ask(self, request: VaultRequest, now: Mono) -> tuple[Effect, ...]:
        """Send a request, over the connection that stands or a new one. A frame is wiped when its answer,
        its loss or the deadline is told. Raises LocalError while another is under way."""
        ...

    def take_answer(self) -> VaultAnswer | NoAnswer | None:
        """The answer, once."""
        ...
