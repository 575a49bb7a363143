"""The public view of one operation: what an event `operation` and a reply's `state` show."""

from __future__ import annotations

from pydantic import Field

from protocols.contract.fields import Currency, EntryMode, Id, OperationId, Text, Timestamp, Told
from protocols.contract.words import MoneyEffect, OperationState, Source, TokenKind


class CardView(Told):
    """What may be shown of a card: `brand` as people know it (Visa, Interac), not a code; `expiry` YYMM."""

    brand: str | None = None
    last_four: str | None = Field(default=None, pattern=r"^[0-9]{4}$")
    expiry: str | None = None
    entry_mode: EntryMode | str | None = None


class TokenView(Told):
    """A reference to a card: `chargeable` later without it, or good for `recognition` only. `scope` is the
    merchant account in which it is valid."""

    value: str
    kind: TokenKind | str
    scope: str


class StoredCardView(Told):
    """One card of a list."""

    token: str
    card: CardView


class EvidenceView(Told):
    """Why an outcome is believed: who said so, which keys agreed, which differed, what was seen."""

    source: Source | str
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    seen: dict[str, str] = Field(default_factory=dict)


class ReceiptView(Told):
    """A whole receipt, line by line, card numbers scrubbed. `kind`: merchant, customer, admin."""

    kind: str
    lines: tuple[str, ...]


class Totals(Told):
    """What `reconcile` found: the terminal's count and sums beside the journal's, and what has no partner."""

    terminal_count: int | None = None
    terminal_minor: int | None = None
    journal_count: int | None = None
    journal_minor: int | None = None
    matched: bool | None = None
    unmatched: tuple[dict[str, str], ...] = ()


class OperationView(Told):
    """Where an operation stands. A final `state` (approved, declined, cancelled, not_started) never changes:
    a truth found later is an event `corrected`. `money` is the effect now. `amount_minor` is what was moved
    or held once approved, else what was asked."""

    operation_id: OperationId
    op: str
    terminal: Id | None = None
    state: OperationState | str
    code: str
    text: Text
    money: MoneyEffect | str = "none"
    attempt: int | None = Field(
        default=None,
        description="number of this try among all that this journal knows, not how often it was tried",
    )
    actor: str | None = None
    at: Timestamp | None = None
    amount_minor: int | None = Field(default=None, ge=0)
    requested_minor: int | None = Field(default=None, ge=0)
    currency: Currency | str | None = None
    partial: bool | None = None
    original_operation_id: OperationId | None = None
    card: CardView | None = None
    authorisation_code: str | None = None
    token: TokenView | None = None
    storable: bool | None = None
    storable_reason: str | None = Field(default=None, description="interac_only, wallet, issuer …")
    card_stored: str | None = Field(default=None, description="yes, no, unknown")
    avs_result: str | None = None
    cvv_result: str | None = None
    network_transaction_id: str | None = None
    cards: tuple[StoredCardView, ...] = Field(default=(), description="what list_expiring found")
    receipts: tuple[ReceiptView, ...] = ()
    terminal_text: str | None = None
    abort: str | None = Field(default=None, description="honoured, too_late")
    evidence: EvidenceView | None = None
    owner: str | None = Field(default=None, description="while not final: agent, human")
    next_check: Timestamp | None = None
    totals: Totals | None = None
    details: dict[str, str] = Field(default_factory=dict)
