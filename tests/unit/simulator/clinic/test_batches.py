"""What belongs to a closure of a batch, and which differences are named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from protocols.contract.fields import Text
from protocols.contract.operation import CardView, OperationView, Totals
from simulator.clinic import batches, operations
from simulator.clinic.batches import Sum
from simulator.clinic.database import Database, stamp
from simulator.clinic.seed import fill

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
TEXT = Text(fr="Fait.", en="Done.")
AGENT, TERMINAL = "agent-1", "t1"


class Till:
    """A clinic with one terminal, on which things happen minute by minute."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._minutes = count(1)
        self._numbers = count(1)
        db.add(
            "invoices", id="i-1", number=1, patient="patient-42", point="plateau", kind="visit",
            made_at=stamp(NOON), made_by="staff-17",
        )  # fmt: skip

    def end(self, op: str, state: str = "approved", target: str | None = None, **told: Any) -> str:
        """An operation that was asked for and has ended; its id."""
        name = f"01{next(self._numbers):024d}"
        at = NOON + timedelta(minutes=next(self._minutes))
        self.db.add(
            "operations", id=name, agent=AGENT, terminal=TERMINAL, op=op, data="{}", actor="staff-17",
            asked_at=stamp(at), invoice=None if op == "reconcile" else "i-1", target=target,
            changed_at=stamp(at),
        )  # fmt: skip
        view = OperationView(operation_id=name, op=op, state=state, code=state, text=TEXT, at=at, **told)
        operations.told(self.db, view, at)
        return name

    def pay(self, amount_minor: int, brand: str = "Visa") -> str:
        card = CardView(brand=brand, last_four="1111")
        return self.end("sale", money="charged", amount_minor=amount_minor, card=card)

    def close(self, totals: Totals | None, details: Mapping[str, str] | None = None) -> batches.Closure:
        name = self.end("reconcile", totals=totals, details=dict(details or {}))
        return self.shown(name)

    def shown(self, name: str) -> batches.Closure:
        row = operations.get(self.db, name)
        assert row is not None
        return batches.closure(self.db, row, operations.view_of(row))


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    db = Database(tmp_path / "clinic.sqlite")
    fill(db, NOON)
    yield Till(db)
    db.close()


def visa(number: int, minor: int) -> dict[str, str]:
    return {
        "visa_count": str(number),
        "visa_total_minor": str(minor),
        "jcb_count": "0",
        "jcb_total_minor": "0",
    }


def agreed(number: int, minor: int) -> Totals:
    return Totals(
        terminal_count=number, terminal_minor=minor, journal_count=number, journal_minor=minor, matched=True
    )


def keys(closed: batches.Closure) -> list[str]:
    return [one.key for one in closed.differences]


def test_both_sides_agree(till: Till) -> None:
    till.pay(1000)
    till.pay(2500)
    closed = till.close(agreed(2, 3500), visa(2, 3500))
    assert (closed.terminal, closed.clinic) == (Sum(2, 3500), Sum(2, 3500))
    assert closed.places == {"visa": (Sum(2, 3500), Sum(2, 3500))}
    assert closed.differences == []


def test_each_payment_is_in_the_first_closure_after_it(till: Till) -> None:
    till.pay(1000)
    first = till.close(agreed(1, 1000), visa(1, 1000))
    till.pay(2000)
    assert batches.pending(till.db, AGENT, TERMINAL).clinic == Sum(1, 2000)
    second = till.close(agreed(1, 2000), visa(1, 2000))
    assert (first.clinic, second.clinic) == (Sum(1, 1000), Sum(1, 2000))
    assert keys(first) == keys(second) == []
    assert batches.pending(till.db, AGENT, TERMINAL).payments == []


def test_a_closure_that_was_refused_took_nothing_in(till: Till) -> None:
    till.pay(1000)
    refused = till.shown(till.end("reconcile", "declined"))
    assert (refused.payments, refused.differences) == ([], ())
    assert batches.pending(till.db, AGENT, TERMINAL).clinic == Sum(1, 1000)


def test_a_reversed_payment_counts_on_neither_side(till: Till) -> None:
    till.pay(1000)
    gone = till.pay(2000)
    till.end("reversal", target=gone, money="returned", amount_minor=2000)
    closed = till.close(agreed(1, 1000), visa(1, 1000))
    assert closed.clinic == Sum(1, 1000)
    assert keys(closed) == []


def test_a_refund_counts_as_one_and_is_subtracted(till: Till) -> None:
    till.pay(2000)
    till.end("refund", money="returned", amount_minor=500, card=CardView(brand="Visa", last_four="1111"))
    closed = till.close(agreed(2, 1500), visa(2, 1500))
    assert closed.clinic == Sum(2, 1500)
    assert keys(closed) == []


def test_a_payment_made_by_hand_is_named_by_brand_and_by_receipt(till: Till) -> None:
    till.pay(1000)
    told = Totals(
        terminal_count=2, terminal_minor=5000, journal_count=1, journal_minor=1000, matched=False,
        unmatched=({"receipt": "0042"}, {"receipt": "0042", "amount_minor": "4000"}),
    )  # fmt: skip
    closed = till.close(told, visa(2, 5000))
    assert keys(closed) == ["difference.only_terminal", "difference.receipt", "difference.orphan"]
    by_brand, by_receipt, orphan = (one.values for one in closed.differences)
    assert (by_brand["place"], by_brand["terminal_minor"], by_brand["clinic_minor"]) == ("visa", 5000, 1000)
    assert by_receipt == {"receipt": "0042"}
    assert orphan == {"receipt": "0042", "amount_minor": 4000}


def test_a_payment_of_ours_that_the_terminal_has_not_is_listed(till: Till) -> None:
    till.pay(1000, "Mastercard")
    missing = till.pay(2500)
    mastercard = {"mastercard_count": "1", "mastercard_total_minor": "1000"}
    told = Totals(terminal_count=1, terminal_minor=1000, journal_count=2, journal_minor=3500, matched=False)
    closed = till.close(told, mastercard)
    (difference,) = closed.differences
    assert difference.key == "difference.only_clinic"
    assert [one["operation"] for one in difference.payments] == [missing]


def test_a_payment_that_a_human_decided_tells_no_brand_and_is_no_difference(till: Till) -> None:
    till.pay(1000)
    till.end("sale", money="charged", amount_minor=2500)
    closed = till.close(agreed(2, 3500), visa(2, 3500))
    assert closed.places == {"visa": (Sum(2, 3500), Sum(1, 1000)), "unknown": (Sum(0, 0), Sum(1, 2500))}
    assert keys(closed) == []
    till.end("sale", money="charged", amount_minor=2500)
    assert keys(till.close(agreed(0, 0), visa(0, 0))) == ["difference.sums", "difference.journal"]


def test_what_the_journal_has_and_the_clinic_has_not_is_named(till: Till) -> None:
    closed = till.close(agreed(1, 700), visa(1, 700))
    assert keys(closed) == ["difference.only_terminal", "difference.journal"]


def test_a_terminal_that_tells_sums_alone_or_nothing(till: Till) -> None:
    till.pay(1000)
    sums = Totals(terminal_minor=900, journal_count=1, journal_minor=1000)
    assert keys(till.close(sums)) == ["difference.sums"]
    assert keys(till.close(None)) == ["difference.not_told"]


def test_a_truth_that_comes_late_takes_its_place_in_its_closure(till: Till) -> None:
    first = operations.get(till.db, till.pay(1000))
    assert first is not None
    till.db.run("DELETE FROM payments")
    name = till.end("reconcile", totals=agreed(1, 1000), details=visa(1, 1000))
    assert keys(till.shown(name)) == ["difference.only_terminal", "difference.journal"]
    till.db.run("UPDATE operations SET ended = 0, state = 'accepted' WHERE id = ?", first["id"])
    operations.told(till.db, OperationView(**json.loads(first["view"])), NOON + timedelta(hours=1))
    assert keys(till.shown(name)) == []


def test_what_is_undecided_is_named_before_the_batch_is_closed(till: Till) -> None:
    name = till.end("sale", "needs_human")
    (difference,) = batches.pending(till.db, AGENT, TERMINAL).differences
    assert (difference.key, difference.values["operation"]) == ("difference.undecided", name)


@pytest.mark.parametrize(
    ("brand", "place"),
    [
        ("Visa", "visa"),
        ("American Express", "amex"),
        ("Interac", "other"),
        (None, "unknown"),
        ("Maestro", "other"),
    ],
)
def test_brands_are_counted_where_a_terminal_counts_them(brand: str | None, place: str) -> None:
    assert batches.place_of(brand) == place
