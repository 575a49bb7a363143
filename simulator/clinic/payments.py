"""Money that moved for invoices, as agents told it: one row for an operation, and what is still due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from protocols.contract.operation import OperationView
from simulator.clinic import cards
from simulator.clinic.database import Database, Row, stamp
from simulator.clinic.wording import words

# What the effect of each means for its invoice. A sale that its own terminal took back has moved nothing.
_SIGNS: Mapping[str, Mapping[str, int]] = {
    "sale": {"charged": 1},
    "charge_card": {"charged": 1},
    "refund": {"returned": -1},
    "reversal": {"returned": -1},
}


def moved(db: Database, operation: Row, view: OperationView, now: datetime) -> None:
    """The end, or the corrected end, of an operation that moves money: its payment stands, or does not."""
    amount = (view.amount_minor or 0) * _SIGNS[operation["op"]].get(str(view.money), 0)
    before = db.one("SELECT batch FROM payments WHERE operation = ?", operation["id"])
    db.run("DELETE FROM payments WHERE operation = ?", operation["id"])
    if amount and operation["invoice"]:
        db.add(
            "payments",
            operation=operation["id"],
            invoice=operation["invoice"],
            amount_minor=amount,
            method="card_on_file" if operation["card"] else "terminal",
            brand=view.card.brand if view.card else None,
            last_four=view.card.last_four if view.card else None,
            authorisation=view.authorisation_code,
            at=stamp(view.at or now),
            batch=before["batch"] if before else None,
        )
    _credit(db, operation, amount)
    _note_card(db, operation, view, amount, now)


def _credit(db: Database, operation: Row, amount: int) -> None:
    """What is given back for good is not due any more: a line of the invoice, as large as the refund."""
    db.run("DELETE FROM invoice_lines WHERE operation = ?", operation["id"])
    if amount < 0 and operation["invoice"] and json.loads(operation["note"]).get("credit"):
        told = words()["invoice.credit"]
        db.add(
            "invoice_lines",
            invoice=operation["invoice"],
            text_fr=told["fr"],
            text_en=told["en"],
            amount_minor=amount,
            operation=operation["id"],
        )


def _note_card(db: Database, operation: Row, view: OperationView, amount: int, now: datetime) -> None:
    if operation["card"]:
        what = "declined" if view.state == "declined" else "not_charged"
        if amount:
            what = "charged" if amount > 0 else "refunded"
        detail = str(abs(amount) or view.requested_minor or "")
        cards.note(
            db, operation["card"], what, operation["actor"], now, operation=operation["id"], detail=detail
        )


def of_invoice(db: Database, invoice: str) -> list[Row]:
    """Its payments and refunds, oldest first."""
    return db.all("SELECT * FROM payments WHERE invoice = ? ORDER BY at", invoice)


def due_minor(db: Database, invoice: str) -> int:
    """What is still to be paid, in cents: its lines less what stands."""
    total = db.one("SELECT COALESCE(SUM(amount_minor), 0) FROM invoice_lines WHERE invoice = ?", invoice)
    paid = db.one("SELECT COALESCE(SUM(amount_minor), 0) FROM payments WHERE invoice = ?", invoice)
    return int(total[0] if total else 0) - int(paid[0] if paid else 0)


def left_minor(db: Database, payment: Row) -> int:
    """What of a payment was not given back yet, in cents."""
    given_back = db.one(
        "SELECT COALESCE(SUM(amount_minor), 0) FROM payments JOIN operations ON operations.id = operation"
        " WHERE target = ?",
        payment["operation"],
    )
    return int(payment["amount_minor"]) + int(given_back[0] if given_back else 0)


def under_way(db: Database, invoice: str) -> Row | None:
    """The operation that moves money for it now, in doubt ones too."""
    return db.one(
        "SELECT * FROM operations WHERE invoice = ? AND ended = 0 AND op IN"
        " ('sale', 'charge_card', 'refund', 'reversal') ORDER BY id DESC",
        invoice,
    )
