"""Which line of a money ledger belongs to which operation that was reported. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocols.contract.operation import OperationView
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import undone
from simulator.demo.transcript import Phrase

LEDGER = Phrase("Registre", "Ledger")
VAULT = Phrase("Coffre", "Vault")
"""The two ledgers, as the judge calls them."""

BOOKS = {
    "sale": ("charge",),
    "refund": ("refund",),
    "preauth": ("hold",),
    "capture": ("capture",),
    "reversal": ("reversal", "release"),
    "charge_card": ("charge",),
}
"""What an approved operation writes into a ledger."""
NO_MONEY = ("batch_close", "verification", "token_stored", "token_deleted")
_OF_ITS_OWN = ("unacknowledged", "refused_by_ecr")
# What the agent saw, by the keys of a ledger's line: a terminal's numbers, or a vault's.
_NUMBERS = {
    "receipt": "receipt",
    "trace": "trace",
    "turnover": "turnover",
    "order_id": "order",
    "transaction": "receipt",
}


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of a ledger with its number in the file, from 1. `book` is which ledger."""

    number: int
    line: Line
    book: Phrase = LEDGER


Pairs = list[tuple[Booked, OperationView]]


def standing(lines: Sequence[Line], book: Phrase = LEDGER) -> list[Booked]:
    """Lines that moved money, without those that the terminal undid of its own accord, as it does with a
    payment whose result was never acknowledged: in effect nothing happened."""
    gone = undone(lines)
    undoing = [line for line in lines if line.kind == "reversal" and line.reason in _OF_ITS_OWN]
    nothing = {line.id for line in undoing if line.reverses in gone}
    nothing |= {line.reverses for line in undoing if line.id in nothing}
    return [
        Booked(number, line, book)
        for number, line in enumerate(lines, 1)
        if line.kind not in NO_MONEY and line.id not in nothing
    ]


def matched(
    booked: list[Booked], approved: list[OperationView]
) -> tuple[Pairs, list[Booked], list[OperationView]]:
    """Each approved operation with its line: by the terminal's own numbers where the agent told them, else
    by what it did. Then the lines and the operations without a partner."""
    pairs: Pairs = []
    alone, missing = list(booked), []
    for view in sorted(approved, key=lambda view: not _keys(view)):
        partner = next((one for one in alone if _same(one.line, view)), None)
        if partner is None:
            missing.append(view)
        else:
            alone.remove(partner)
            pairs.append((partner, view))
    return pairs, alone, missing


def _same(line: Line, view: OperationView) -> bool:
    told = _keys(view)
    if told:
        return all(getattr(line, name) == value for name, value in told.items())
    return line.kind in BOOKS[view.op] and line.amount_minor == view.amount_minor and same_card(line, view)


def _keys(view: OperationView) -> dict[str, str]:
    seen = view.evidence.seen if view.evidence else {}
    return {key: seen[name] for name, key in _NUMBERS.items() if name in seen}


def same_card(line: Line, view: OperationView) -> bool:
    """Whether both name the same last four digits, where both name any."""
    told = view.card.last_four if view.card else None
    return told is None or not line.card or line.card.endswith(told)


def differs(booked: Booked, view: OperationView) -> bool:
    """Whether a line and its operation disagree on what was done, how much, or with which card."""
    line = booked.line
    same_money = (line.amount_minor, line.currency) == (view.amount_minor, view.currency)
    if view.op == "reversal":
        same_money = view.amount_minor is None or line.amount_minor == view.amount_minor
    return not (same_money and line.kind in BOOKS[view.op] and same_card(line, view))
