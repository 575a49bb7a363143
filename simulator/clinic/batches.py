"""Batch closures: a terminal's totals beside the clinic's own payments, with every difference named.

A payment belongs to the first closure of its terminal after it, by the agent's clock, which stamps both; a
truth that comes late takes its place in the closure that took its money in. So the comparison is made anew
whenever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from protocols.contract.operation import OperationView, Totals
from simulator.clinic.database import Database, Row

# The places of a batch that a terminal tells by brand, as the details of its end name them.
_BRANDS: Mapping[str, str] = {
    "girocard": "girocard",
    "jcb": "jcb",
    "mastercard": "mastercard",
    "american express": "amex",
    "amex": "amex",
    "visa": "visa",
    "diners club": "diners",
}
OTHER, UNKNOWN = "other", "unknown"
PLACES = (*dict.fromkeys(_BRANDS.values()), OTHER, UNKNOWN)
_SHOWN = 50

_PAYMENTS = (
    "SELECT payments.*, operations.op, operations.target, invoices.number FROM payments"
    " JOIN operations ON operations.id = payments.operation JOIN invoices ON invoices.id = payments.invoice"
    " WHERE operations.agent = ? AND operations.terminal = ? AND payments.method = 'terminal'"
    " AND payments.batch IS ? ORDER BY payments.at"
)
_TAKE_IN = (
    "UPDATE payments SET batch = (SELECT id FROM operations AS closure WHERE op = 'reconcile'"
    " AND state = 'approved' AND agent = ?1 AND terminal = ?2 AND json_extract(view, '$.at') >= payments.at"
    " ORDER BY json_extract(view, '$.at') LIMIT 1)"
    " WHERE batch IS NULL AND method = 'terminal'"
    " AND operation IN (SELECT id FROM operations WHERE agent = ?1 AND terminal = ?2)"
)


@dataclass(frozen=True, slots=True)
class Sum:
    """How many payments, and what the clinic gained in cents (refunds subtracted). None: not told."""

    count: int | None
    minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: its sentence's key among the clinic's words, what stands in its blanks (`*_minor` is
    money, `place` a brand), and the clinic's payments among which to look."""

    key: str
    values: Mapping[str, Any]
    payments: Sequence[Row] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """One closure, or what is to be closed next (`operation` None). `places`: both sides by brand."""

    operation: Row | None
    view: OperationView | None
    payments: Sequence[Row]
    clinic: Sum
    terminal: Sum
    journal: Sum
    places: Mapping[str, tuple[Sum, Sum]]
    differences: Sequence[Difference]


def closed(db: Database, operation: Row, _view: OperationView, _now: datetime) -> None:
    """The end, or the corrected end, of `reconcile`: an approved one took the payments before it in."""
    db.run("UPDATE payments SET batch = NULL WHERE batch = ?", operation["id"])
    take_in(db, operation["agent"], operation["terminal"])


def take_in(db: Database, agent: str, terminal: str) -> None:
    """Give each payment of a terminal that is in no closure yet the first one after it, if there is one."""
    db.run(_TAKE_IN, agent, terminal)


def history(db: Database, agent: str, terminal: str) -> list[Row]:
    """Every attempt to close a batch of a terminal, newest first."""
    return db.all(
        "SELECT * FROM operations WHERE op = 'reconcile' AND agent = ? AND terminal = ?"
        " ORDER BY id DESC LIMIT ?",
        agent,
        terminal,
        _SHOWN,
    )


def pending(db: Database, agent: str, terminal: str) -> Closure:
    """What the clinic counts since the last closure."""
    payments = db.all(_PAYMENTS, agent, terminal, None)
    nothing = Sum(None, None)
    return Closure(
        operation=None,
        view=None,
        payments=payments,
        clinic=summed(payments),
        terminal=nothing,
        journal=nothing,
        places={place: (nothing, clinic) for place, clinic in _by_place(payments).items()},
        differences=list(_undecided(db, agent, terminal)),
    )


def closure(db: Database, row: Row, view: OperationView | None) -> Closure:
    """A closure with both sides. One that did not close the batch took nothing in."""
    took = view is not None and view.state == "approved"
    payments = db.all(_PAYMENTS, row["agent"], row["terminal"], row["id"])
    totals = (view.totals if view else None) or Totals()
    told = _told(view.details) if view else {}
    ours = _by_place(payments)
    both = [place for place in PLACES if place in told or place in ours]
    none = Sum(0, 0)
    places = {place: (told.get(place, none), ours.get(place, none)) for place in both} if told else {}
    result = Closure(
        operation=row,
        view=view,
        payments=payments,
        clinic=summed(payments),
        terminal=Sum(totals.terminal_count, totals.terminal_minor),
        journal=Sum(totals.journal_count, totals.journal_minor),
        places=places,
        differences=(),
    )
    return _with_differences(result, totals) if took else result


def summed(payments: Sequence[Row]) -> Sum:
    """What stands among payments, as a terminal counts it."""
    stand = _standing(payments)
    return Sum(len(stand), sum(one["amount_minor"] for one in stand))


def place_of(brand: str | None) -> str:
    """Where a terminal counts a brand; what a human decided tells none."""
    return _BRANDS.get(brand.lower(), OTHER) if brand else UNKNOWN


# --- inside ---------------------------------------------------------------------------------------------


def _standing(payments: Sequence[Row]) -> list[Row]:
    """A payment that was reversed, and its reversal, count on neither side."""
    undone = {one["target"] for one in payments if one["op"] == "reversal"}
    return [one for one in payments if one["op"] != "reversal" and one["operation"] not in undone]


def _by_place(payments: Sequence[Row]) -> dict[str, Sum]:
    places = {place_of(one["brand"]) for one in _standing(payments)}
    return {place: summed(_at(payments, place)) for place in PLACES if place in places}


def _at(payments: Sequence[Row], place: str) -> list[Row]:
    return [one for one in _standing(payments) if place_of(one["brand"]) == place]


def _told(details: Mapping[str, str]) -> dict[str, Sum]:
    """What a terminal tells by brand; empty where it told sums alone, or nothing."""
    found = {}
    for place in PLACES:
        count, minor = details.get(f"{place}_count", ""), details.get(f"{place}_total_minor", "")
        if count.isdecimal() and minor.isdecimal() and int(count):
            found[place] = Sum(int(count), int(minor))
    return found


def _with_differences(closed: Closure, totals: Totals) -> Closure:
    found = [*_of_places(closed), *_of_sums(closed), *map(_unmatched, totals.unmatched)]
    return replace(closed, differences=found)


def _of_places(closed: Closure) -> Iterator[Difference]:
    """Brand by brand: what one side counts and the other does not. Payments of an unknown brand are among
    the terminal's others: where all in all is the same, nothing is missing."""
    if any(place_of(one["brand"]) == UNKNOWN for one in _standing(closed.payments)) and _same(
        closed.terminal, closed.clinic
    ):
        return
    for place, (terminal, clinic) in closed.places.items():
        if _same(terminal, clinic):
            continue
        values = {
            "place": place,
            "terminal_count": terminal.count,
            "terminal_minor": terminal.minor,
            "clinic_count": clinic.count,
            "clinic_minor": clinic.minor,
        }
        ours = (clinic.count or 0) > (terminal.count or 0)
        yield Difference(
            key="difference.only_clinic" if ours else "difference.only_terminal",
            values=values,
            payments=_at(closed.payments, place) if ours else (),
        )


def _of_sums(closed: Closure) -> Iterator[Difference]:
    clinic, terminal, journal = closed.clinic, closed.terminal, closed.journal
    if terminal.minor is None:
        yield Difference(key="difference.not_told", values={})
    elif not closed.places and not _same(terminal, clinic):
        yield Difference(
            key="difference.sums",
            values={"terminal_minor": terminal.minor, "clinic_minor": clinic.minor},
            payments=closed.payments,
        )
    if journal.minor is not None and (journal.count, journal.minor) != (clinic.count, clinic.minor):
        yield Difference(
            key="difference.journal",
            values={
                "journal_count": journal.count,
                "journal_minor": journal.minor,
                "clinic_count": clinic.count,
                "clinic_minor": clinic.minor,
            },
        )


def _same(terminal: Sum, clinic: Sum) -> bool:
    """A sum on a terminal's wire has no sign, and some tell no count."""
    return terminal.minor == abs(clinic.minor or 0) and terminal.count in (None, clinic.count)


def _unmatched(one: Mapping[str, str]) -> Difference:
    """What the agent found in the batch without any operation of its journal."""
    amount = one.get("amount_minor", "")
    receipt = one.get("receipt", "—")
    if amount.isdecimal():
        values = {"receipt": receipt, "amount_minor": int(amount)}
        return Difference(key="difference.orphan", values=values)
    return Difference(key="difference.receipt", values={"receipt": receipt})


def _undecided(db: Database, agent: str, terminal: str) -> Iterator[Difference]:
    """Operations of which nobody knows yet whether they moved money: the agent refuses to close over them."""
    for row in db.all(
        "SELECT * FROM operations WHERE agent = ? AND terminal = ? AND state IN ('in_doubt', 'needs_human')"
        " ORDER BY id",
        agent,
        terminal,
    ):
        yield Difference(key="difference.undecided", values={"operation": row["id"], "op": row["op"]})
