"""The ledger file: appended, durable, torn lines, several writers, what it adds up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.acquirer.acquirer import Acquirer
from simulator.acquirer.ledger import FileLedger, MemoryLedger, read
from simulator.acquirer.lines import Entry, Kind, LedgerError, Line
from simulator.acquirer.totals import BrandTotal, balance, batch, by_brand, live_charges, open_holds, undone
from simulator.cards import CARDS

ENTRY = Entry(
    kind="charge",
    at=datetime(2026, 11, 22, 15, 30, tzinfo=UTC),
    terminal="52500042",
    amount_minor=1250,
    currency="CAD",
    receipt="0001",
    trace="000001",
    turnover="000001",
    brand="visa",
    card="************1111",
)


def _book(
    ledger: MemoryLedger, kind: Kind, amount_minor: int, reverses: str = "", brand: str = "visa"
) -> Line:
    return ledger.append(replace(ENTRY, kind=kind, amount_minor=amount_minor, reverses=reverses, brand=brand))


def test_lines_are_numbered_per_terminal_and_read_back_by_anybody(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = FileLedger(path)
    first = ledger.append(ENTRY)
    other = ledger.append(replace(ENTRY, terminal="00000001"))
    assert (first.id, other.id) == ("52500042-1", "00000001-1")
    assert read(path) == (first, other) == ledger.lines()


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    FileLedger(path).append(ENTRY)
    assert FileLedger(path).append(ENTRY).id == "52500042-2"


def test_two_writers_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    one, two = FileLedger(path), FileLedger(path)
    ids = [one.append(ENTRY).id, two.append(ENTRY).id, one.append(ENTRY).id]
    assert ids == ["52500042-1", "52500042-2", "52500042-3"]
    assert len(two.lines()) == 3


def test_a_torn_line_was_never_booked_and_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    FileLedger(path).append(ENTRY)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    assert len(read(path)) == 1
    assert FileLedger(path).append(ENTRY).id == "52500042-2"
    assert len(read(path)) == 2


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('"charge"', '"gift"', "kind is 'gift'; allowed: charge"),
        ("1250", "-1250", "amount_minor"),
        ('"currency": "CAD", ', "", "exactly the keys"),
        ("{", "", "not JSON"),
        ("2026-11-22T", "yesterday", "ISO 8601"),
    ],
)
def test_an_edited_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    path = tmp_path / "ledger.jsonl"
    FileLedger(path).append(ENTRY)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(LedgerError, match=f"line 1: .*{wrong}"):
        read(path)


def test_reversals_refunds_and_holds_add_up() -> None:
    ledger = MemoryLedger()
    charge = _book(ledger, "charge", 1000)
    _book(ledger, "charge", 500)
    _book(ledger, "refund", 200)
    hold = _book(ledger, "hold", 9000)
    assert [line.id for line in open_holds(ledger.lines())] == [hold.id]
    _book(ledger, "reversal", 1000, charge.id)
    _book(ledger, "capture", 3000, hold.id)
    lines = ledger.lines()
    assert balance(lines) == {"CAD": 3300}
    assert open_holds(lines) == ()
    assert [line.amount_minor for line in live_charges(lines)] == [500, 3000]


def test_a_reversal_that_is_itself_reversed_counts_no_more() -> None:
    ledger = MemoryLedger()
    charge = _book(ledger, "charge", 1000)
    reversal = _book(ledger, "reversal", 1000, charge.id)
    _book(ledger, "reversal", 1000, reversal.id)
    assert charge.id not in undone(ledger.lines())
    assert balance(ledger.lines()) == {"CAD": 1000}


def test_a_batch_ends_with_its_close_and_is_counted_by_brand() -> None:
    ledger = MemoryLedger()
    _book(ledger, "charge", 1000)
    _book(ledger, "batch_close", 1000)
    _book(ledger, "charge", 700)
    _book(ledger, "refund", 100, brand="amex")
    now = batch(ledger.lines(), "52500042")
    assert by_brand(now) == {"visa": BrandTotal(1, 700), "amex": BrandTotal(1, -100)}
    assert batch(ledger.lines(), "00000001") == ()


def test_the_acquirer_decides_by_card_then_by_cents() -> None:
    acquirer = Acquirer(seed=1)
    assert acquirer.authorise(CARDS["visa"], 1250, "2611").approved
    assert acquirer.authorise(CARDS["visa"], 1251, "2611").host_code == 51
    assert acquirer.authorise(CARDS["visa"], 1251, "2611", refund=True).approved
    assert acquirer.authorise(CARDS["blocked"], 1250, "2611").host_code == 43
    assert acquirer.authorise(CARDS["visa"], 1250, "3101").host_code == 54
    assert acquirer.authorise(CARDS["low_limit"], 10_001, "2611").host_code == 61


def test_a_seed_repeats_the_approval_codes() -> None:
    codes = [Acquirer(seed=7).agree().authorisation_code for _ in range(2)]
    assert codes[0] == codes[1]
    assert len(codes[0]) == 6
