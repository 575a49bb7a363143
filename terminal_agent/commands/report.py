"""Rows and outcomes as the contract shows them. Pure; the words for people come from the contract's table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocols.contract.events import Corrected
from protocols.contract.events import Orphan as OrphanFact
from protocols.contract.operation import (
    CardView,
    EvidenceView,
    OperationView,
    ReceiptView,
    StoredCardView,
    TokenView,
    Totals,
)
from protocols.contract.wording import words
from protocols.core.card import Card
from protocols.core.operations import amount_of
from protocols.core.outcomes import Approved, Evidence, Outcome
from terminal_agent.commands.batch import TOTALS
from terminal_agent.commands.moves import name_of
from terminal_agent.journal.facts import NewEvent, OrphanRow, Row

# Codes with which a card was read but cannot be kept.
_NOT_STORABLE = frozenset({"interac_only", "wallet", "no_token", "issuer"})
_NAMED_DETAILS = ("avs_result", "cvv_result", "network_transaction_id")
_SHOWN_APART = frozenset({*_NAMED_DETAILS, TOTALS})


def view_of(row: Row) -> OperationView:
    """Where an operation stands, as replies and facts show it."""
    code = _code(row)
    return OperationView(
        operation_id=row.id,
        op=row.op,
        terminal=row.terminal,
        state=row.state,
        code=code,
        text=words(code, state=row.state),
        money=row.money,
        attempt=row.attempt.no,
        actor=row.actor or None,
        at=row.changed,
        amount_minor=row.amount.amount_minor if row.amount else None,
        currency=row.amount.currency if row.amount else None,
        requested_minor=_requested(row),
        original_operation_id=row.original_id,
        receipts=tuple(ReceiptView(kind=slip.kind, lines=slip.lines) for slip in row.receipts),
        **_ending(row),
        **_doubt(row),
        **_storing(row),
    )


def operation_event(row: Row) -> NewEvent:
    """The fact that the operation stands here now."""
    return NewEvent("operation", view_of(row).model_dump_json(exclude_none=True), row.terminal, row.id)


def corrected_event(row: Row, found: Outcome, at: datetime) -> NewEvent:
    """The fact that something else holds than what was final."""
    amount = found.amount if isinstance(found, Approved) else None
    fact = Corrected(
        operation_id=row.id,
        terminal=row.terminal,
        was=row.state,
        state=name_of(found),
        money=found.money,
        code="corrected",
        text=words("corrected", state=name_of(found)),
        amount_minor=amount.amount_minor if amount else None,
        currency=amount.currency if amount else None,
        evidence=_evidence(found.evidence),
        at=at,
    )
    return NewEvent("corrected", fact.model_dump_json(exclude_none=True), row.terminal, row.id)


def orphan_event(orphan: OrphanRow) -> NewEvent:
    """The fact that a terminal told a result which belongs to no open operation."""
    record = orphan.record
    code = "late_result" if orphan.fits else "orphan"
    fact = OrphanFact(
        terminal=orphan.terminal,
        code=code,
        text=words(code),
        amount_minor=record.amount.amount_minor if record.amount else None,
        currency=record.amount.currency if record.amount else None,
        state=name_of(record.result) if record.result else None,
        card=_card(record.result.card) if record.result and record.result.card else None,
        keys=dict(record.keys),
        terminal_at=record.keys.get("at"),
        at=orphan.at,
    )
    return NewEvent("orphan", fact.model_dump_json(exclude_none=True), orphan.terminal, orphan.fits)


def _code(row: Row) -> str:
    """Why the operation stands where it does. A card that is kept, a day that is closed are no payments."""
    if row.code == "approved" and row.op == "reconcile":
        return "reconciled"
    kept = row.op == "store_card" and isinstance(row.outcome, Approved) and row.outcome.token is not None
    return "card_stored" if kept and row.code == "approved" else row.code or row.state


def _requested(row: Row) -> int | None:
    asked = amount_of(row.operation) if row.operation else None
    return asked.amount_minor if asked else None


def _ending(row: Row) -> Mapping[str, Any]:
    outcome = row.outcome
    if outcome is None:
        return {}
    shown: dict[str, Any] = {
        "card": _card(outcome.card) if outcome.card else None,
        "terminal_text": outcome.terminal_text,
        "abort": outcome.abort,
        "evidence": _evidence(outcome.evidence),
    }
    if isinstance(outcome, Approved):
        token = outcome.token
        shown |= {
            "partial": outcome.partial,
            "authorisation_code": outcome.authorisation_code,
            "token": TokenView(value=token.value, kind=token.kind, scope=token.scope) if token else None,
            "cards": tuple(StoredCardView(token=one.token, card=_card(one.card)) for one in outcome.cards),
            "details": {name: text for name, text in outcome.details.items() if name not in _SHOWN_APART},
            "totals": Totals.model_validate_json(outcome.details[TOTALS])
            if TOTALS in outcome.details
            else None,
            **{name: outcome.details.get(name) for name in _NAMED_DETAILS},
        }
    return shown


def _doubt(row: Row) -> Mapping[str, Any]:
    if row.state == "in_doubt":
        return {"owner": "agent", "next_check": row.next_check}
    if row.state == "needs_human":
        return {"owner": "human", "next_check": row.next_check}
    return {}


def _storing(row: Row) -> Mapping[str, Any]:
    """What became of a card that was to be kept."""
    if row.op != "store_card" or not row.final or row.outcome is None:
        return {}
    if isinstance(row.outcome, Approved):
        kept = row.outcome.token is not None
        return {"card_stored": "yes" if kept else "no", "storable": kept}
    if row.outcome.code == "interrupted":
        return {"card_stored": "unknown"}
    if row.outcome.code in _NOT_STORABLE:
        return {"card_stored": "no", "storable": False, "storable_reason": row.outcome.code}
    return {"card_stored": "no"}


def _card(card: Card) -> CardView:
    return CardView(
        brand=card.brand, last_four=card.last_four, expiry=card.expiry_yymm, entry_mode=card.entry_mode
    )


def _evidence(evidence: Evidence) -> EvidenceView:
    return EvidenceView(
        source=evidence.source, agrees=evidence.agrees, differs=evidence.differs, seen=dict(evidence.seen)
    )
