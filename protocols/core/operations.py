"""What the backend may ask of a terminal. An operation has one id for ever; each try at it is an attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from protocols.core.card import EntryMode
from protocols.core.values import Money

if TYPE_CHECKING:
    from protocols.core.facts import Mark

Locale = Literal["fr", "en"]
OriginalKind = Literal["sale", "refund", "preauth", "capture"]


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
    """Read a card and get a token for it; no money moves."""

    entry_modes: tuple[EntryMode, ...] = ("insert", "tap", "swipe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale(_Named):
    """Take a payment with the card present."""

    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(_Named):
    """Give money back: a new transaction."""

    amount: Money


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
class Reconcile(_Named):
    """Close the day's batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnose(_Named):
    """Let the terminal test itself and its line to the host; no money moves."""

    initialise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    """Find out what became of an attempt. It concludes the *sought* attempt and never sends it again."""

    operation: Request
    attempt: Attempt
    marks: tuple[Mark, ...]

    @property
    def operation_id(self) -> str:
        """The id of the operation that is sought."""
        return self.operation.operation_id

    @property
    def locale(self) -> Locale:
        """The language of the operation that is sought."""
        return self.operation.locale


Request = StoreCard | Sale | Refund | Reversal | Preauth | Capture | Reconcile | Diagnose
Operation = Request | Recover

NAMES: Mapping[type, str] = {
    StoreCard: "store_card",
    Sale: "sale",
    Refund: "refund",
    Reversal: "reversal",
    Preauth: "preauth",
    Capture: "capture",
    Reconcile: "reconcile",
    Diagnose: "diagnose",
}


def amount_of(operation: Request) -> Money | None:
    """The amount that the operation would move, None where none does."""
    if isinstance(operation, Sale | Refund | Preauth | Capture):
        return operation.amount
    if isinstance(operation, Reversal):
        return operation.original.amount
    return None
