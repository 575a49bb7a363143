"""Invoices: their lines, what was paid of them and what of each payment still stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulator.clinic import payments
from simulator.clinic.asking import Refused
from simulator.clinic.database import Database, Row, new_id, stamp

Kind = Literal["visit", "no_show"]
_FIRST_NUMBER = 1001
# Appointments that took place, or will: what is missed is billed as such.
BILLABLE = frozenset({"booked", "arrived", "done"})


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for an invoice: the row, and how many cents of it were not given back."""

    row: Row
    left_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice with everything that pages show of it. `under_way` moves money for it now."""

    row: Row
    lines: tuple[Row, ...]
    moves: tuple[Row, ...]
    payments: tuple[Payment, ...]
    under_way: Row | None

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row["id"])

    @property
    def total_minor(self) -> int:
        """The sum of its lines."""
        return sum(line["amount_minor"] for line in self.lines)

    @property
    def paid_minor(self) -> int:
        """What stands of the payments."""
        return sum(move["amount_minor"] for move in self.moves)

    @property
    def due_minor(self) -> int:
        """What is still to be paid."""
        return self.total_minor - self.paid_minor

    @property
    def word(self) -> str:
        """checking, under_way, paid, part_paid, refunded, due."""
        if self.under_way is not None:
            return "checking" if self.under_way["state"] in ("in_doubt", "needs_human") else "under_way"
        if self.moves and self.paid_minor == 0:
            return "refunded"
        if self.due_minor <= 0:
            return "paid"
        return "part_paid" if self.moves else "due"

    @property
    def closed(self) -> str:
        """Why nothing can be paid now: a key of the clinic's words, or ""."""
        if self.under_way is not None:
            return "refused.under_way"
        if self.due_minor > 0:
            return ""
        return "pay.nothing_due" if self.word == "refunded" else "pay.paid"


def load(db: Database, invoice: str) -> Invoice | None:
    """One invoice."""
    row = db.one(
        "SELECT invoices.*, patients.first_name, patients.last_name, points_of_service.name AS point_name,"
        " points_of_service.address, points_of_service.phone FROM invoices"
        " JOIN patients ON patients.id = patient JOIN points_of_service ON points_of_service.id = point"
        " WHERE invoices.id = ?",
        invoice,
    )
    if row is None:
        return None
    moves = payments.of_invoice(db, invoice)
    return Invoice(
        row=row,
        lines=tuple(db.all("SELECT * FROM invoice_lines WHERE invoice = ? ORDER BY id", invoice)),
        moves=tuple(moves),
        payments=tuple(
            Payment(move, payments.left_minor(db, move)) for move in moves if move["amount_minor"] > 0
        ),
        under_way=payments.under_way(db, invoice),
    )


def of_patient(db: Database, patient: str) -> list[Invoice]:
    """A patient's invoices, newest first."""
    rows = db.all("SELECT id FROM invoices WHERE patient = ? ORDER BY number DESC", patient)
    return [found for row in rows if (found := load(db, row["id"])) is not None]


def attempts(db: Database, invoice: str) -> list[Row]:
    """Every operation that was to move money for it, newest first."""
    return db.all("SELECT * FROM operations WHERE invoice = ? ORDER BY id DESC", invoice)


def for_visit(db: Database, appointment: Row, actor: str, now: datetime) -> str:
    """The invoice of an appointment, made now if there is none; its id. Raises Refused for one that was
    missed or cancelled. `appointment` as `appointments.get` gives it."""
    known = existing(db, appointment["id"], "visit")
    if known is not None:
        return known
    if appointment["status"] not in BILLABLE:
        raise Refused("appointment.no_visit")
    lines = ((appointment["name_fr"], appointment["name_en"], appointment["price_minor"]),)
    return make(db, appointment, "visit", lines, actor=actor, now=now)


def existing(db: Database, appointment: str, kind: Kind) -> str | None:
    """The invoice of this kind that an appointment has."""
    row = db.one("SELECT id FROM invoices WHERE appointment = ? AND kind = ?", appointment, kind)
    return row["id"] if row else None


def make(
    db: Database,
    appointment: Row,
    kind: Kind,
    lines: tuple[tuple[str, str, int], ...],
    *,
    actor: str,
    now: datetime,
    policy: str = "",
    evidence: str = "",
) -> str:
    """Write an invoice of an appointment, lines as (French, English, cents); its id. Raises
    AlreadyThereError where there is one of this kind."""
    invoice = new_id(now)
    with db.transaction():
        last = db.one("SELECT MAX(number) FROM invoices")
        db.add(
            "invoices",
            id=invoice,
            number=(last[0] + 1) if last and last[0] else _FIRST_NUMBER,
            patient=appointment["patient"],
            point=appointment["point"],
            appointment=appointment["id"],
            kind=kind,
            made_at=stamp(now),
            made_by=actor,
            policy=policy,
            evidence=evidence,
        )
        for french, english, amount_minor in lines:
            db.add(
                "invoice_lines", invoice=invoice, text_fr=french, text_en=english, amount_minor=amount_minor
            )
    return invoice
