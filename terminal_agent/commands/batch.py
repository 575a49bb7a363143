"""The end of day: the terminal's totals beside the journal's, and what has no partner.

A terminal tells counts and sums by brand (`*_count`, `*_total_minor` among the details), its grand total as
the outcome's amount, and its range of receipt numbers. What it counts and the journal has never heard of is a
payment made by hand during an outage: listed are the receipt numbers that no operation of ours has, and the
results for nobody. Reversed payments count on neither side.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from protocols.core.outcomes import Approved
from terminal_agent.journal.facts import OrphanRow, Row
from terminal_agent.journal.port import Reader

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_BOOKED = ("sale", "capture", "refund", "reversal", "preauth")
_SIGNS = {"sale": 1, "capture": 1, "refund": -1}
# A longer list helps nobody at the counter; an honest batch has none.
_LISTED = 100
TOTALS = "totals"  # the name under which the comparison stands among the details, as JSON


@dataclass(frozen=True, slots=True)
class Turnover:
    """How many transactions stand (None: not told), and what the merchant gained (refunds subtracted)."""

    count: int | None
    minor: int


def compared(outcome: Approved, terminal: str, reader: Reader) -> Approved:
    """The outcome with the comparison among its details; `totals_differ` where the two do not agree."""
    since = _last_close(terminal, reader)
    rows = tuple(row for op in _BOOKED for row in reader.since(terminal, op, since))
    orphans = (one for one in reader.orphans(terminal) if one.at >= since and not one.fits)
    unmatched = [*map(_listed, orphans), *_unknown_receipts(outcome.details, rows)][:_LISTED]
    ours, theirs = turnover(rows), told(outcome)
    totals: dict[str, object] = {
        "journal_count": ours.count,
        "journal_minor": ours.minor,
        "unmatched": unmatched,
    }
    agree = not unmatched
    if theirs is not None:
        # A sum on the wire has no sign.
        matched = theirs.minor == abs(ours.minor) and theirs.count in (None, ours.count)
        totals |= {"terminal_count": theirs.count, "terminal_minor": theirs.minor, "matched": matched}
        agree = agree and matched
    details = {**outcome.details, TOTALS: json.dumps(totals)}
    return replace(outcome, details=details, code=outcome.code if agree else "totals_differ")


def told(outcome: Approved) -> Turnover | None:
    """What the terminal adds up to; None where it told nothing."""
    details = outcome.details
    counts = [int(text) for name, text in details.items() if name.endswith("_count") and text.isdecimal()]
    sums = [int(text) for name, text in details.items() if name.endswith("_total_minor") and text.isdecimal()]
    if counts and sums:
        return Turnover(sum(counts), sum(sums))
    return Turnover(None, outcome.amount.amount_minor) if outcome.amount is not None else None


def turnover(rows: Iterable[Row]) -> Turnover:
    """What stands among the journal's operations: approved, and not reversed again."""
    approved = [row for row in rows if row.state == "approved" and row.amount is not None]
    undone = {row.original_id for row in approved if row.op == "reversal"}
    standing = [row for row in approved if row.op in _SIGNS and row.id not in undone]
    return Turnover(len(standing), sum(_SIGNS[row.op] * _minor(row) for row in standing))


def _last_close(terminal: str, reader: Reader) -> datetime:
    closed = [row.changed for row in reader.since(terminal, "reconcile", _EVER) if row.state == "approved"]
    return max(closed, default=_EVER)


def _unknown_receipts(details: Mapping[str, str], rows: Iterable[Row]) -> Iterable[dict[str, str]]:
    """Receipt numbers in the terminal's range that no operation of ours has."""
    first, last = details.get("receipt_from", ""), details.get("receipt_to", "")
    if not (first.isdecimal() and last.isdecimal()) or not 0 < int(first) <= int(last):
        return
    known = {row.outcome.keys.get("receipt") for row in rows if row.outcome is not None}
    for number in range(int(first), int(last) + 1):
        if (text := f"{number:0{len(first)}d}") not in known:
            yield {"receipt": text}


def _minor(row: Row) -> int:
    return row.amount.amount_minor if row.amount else 0


def _listed(orphan: OrphanRow) -> dict[str, str]:
    amount = orphan.record.amount
    shown = {"at": orphan.at.isoformat(timespec="seconds"), **orphan.record.keys}
    return {**shown, "amount_minor": str(amount.amount_minor)} if amount else shown
