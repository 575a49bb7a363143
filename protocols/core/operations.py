"""What the backend may ask of a terminal. An operation has one id for ever; each try at it is an attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from protocols.core.card import NO_ADDRESS, Address, CredentialUse, EntryMode
from protocols.core.values import Money

if TYPE_CHECKING:
    from protocols.core.facts import Mark

Locale = Literal["fr", "en"]
OriginalKind = Literal["sale", "refund", "preauth", "capture", "charge_card"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an operation. `key` is durable, at most 8 characters, unique per journal: the wire's own
    reference where it has one (ServiceID, ecrRefNum, invoiceNbr, CF, order_id). `wall` is UTC."""

    no: int
    key: str
    wall: datetime


@dataclass(frozen=True, slots=True)
class Original:
    """An earlier operation that this one undoes or completes, with the keys its terminal gave it."""

    operation_id: str
    kind: OriginalKind
    amount: Money
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    operation_id: str
    locale: Locale = "fr"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCard(_Named):
    """Read a card and get a token for it; no money moves. `charged_later`: the token is to be billed without
    the card, which the issuer is told. `address` is for a vault that has the issuer compare it."""

    entry_modes: tuple[EntryMode, ...] = ("insert", "tap", "swipe")
    charged_later: bool = False
    address: Address = NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale(_Named):
    """Take a payment with the card present."""

    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(_Named):
    """Give money back: a new transaction. `original` is the payment that it is bounded by, if any."""

    amount: Money
    original: Original | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal(_Named):
    """Undo one earlier transaction, or release a pre-authorisation."""

    original: Original


@dataclass(frozen=True, slots=True, kw_only=True)
class Preauth(_Named):
    """Hold an amount on the card present."""

    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture(_Named):
    """Charge a held amount, in whole or in part."""

    original: Original
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCard(_Named):
    """Charge a stored card. `issuer_id` is what its issuer called its first use."""

    token: str
    amount: Money
    use: CredentialUse
    issuer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCard(_Named):
    """Have the issuer of a stored card say whether it is good; no money moves."""

    token: str
    issuer_id: str | None = None
    address: Address = NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCard(_Named):
    """Have the vault forget a stored card."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExpiring(_Named):
    """The stored cards that expire this month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile(_Named):
    """Close the day's batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnose(_Named):
    """Let the terminal test itself and its line to the host; no money moves."""

    initialise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    """Find out what became of an attempt. It concludes the *sought* attempt and never sends it again. `asked`
    is when, by the clock that told the attempt's `wall`; None where that is not known."""

    operation: Request
    attempt: Attempt
    marks: tuple[Mark, ...]
    asked: datetime | None = None

    @property
    def operation_id(self) -> str:
        """The id of the operation that is sought."""
        return self.operation.operation_id

    @property
    def locale(self) -> Locale:
        """The language of the operation that is sought."""
        return self.operation.locale


Request = (
    StoreCard
    | Sale
    | Refund
    | Reversal
    | Preauth
    | Capture
    | ChargeCard
    | VerifyCard
    | DeleteCard
    | ListExpiring
    | Reconcile
    | Diagnose
)
Operation = Request | Recover

NAMES: Mapping[type, str] = {
    StoreCard: "store_card",
    Sale: "sale",
    Refund: "refund",
    Reversal: "reversal",
    Preauth: "preauth",
    Capture: "capture",
    ChargeCard: "charge_card",
    VerifyCard: "verify_card",
    DeleteCard: "delete_card",
    ListExpiring: "list_expiring",
    Reconcile: "reconcile",
    Diagnose: "diagnose",
}
# Operations on cards that a vault keeps: they need the vault alone, no card and no reader.
OF_STORED_CARDS = frozenset({"charge_card", "verify_card", "delete_card", "list_expiring"})


def request_of(operation: Operation) -> Request:
    """What was asked for, whether it is being done or only looked for."""
    return operation.operation if isinstance(operation, Recover) else operation


def amount_of(operation: Request) -> Money | None:
    """The amount that the operation would move, None where none does."""
    if isinstance(operation, Sale | Refund | Preauth | Capture | ChargeCard):
        return operation.amount
    if isinstance(operation, Reversal):
        return operation.original.amount
    return None
