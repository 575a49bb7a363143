"""An operation's row in words."""

from __future__ import annotations

from datetime import datetime

from terminal_agent.journal.facts import Row


def described(row: Row) -> dict[str, object]:
    """All of a row but its payloads, for people and machines."""
    return {
        "operation_id": row.id,
        "terminal": row.terminal,
        "op": row.op,
        "state": row.state,
        "code": row.code,
        "amount": None if row.amount is None else str(row.amount),
        "money": row.money,
        "actor": row.actor,
        "created": row.created.isoformat(),
        "changed": row.changed.isoformat(),
        "attempt": row.attempt.no,
        "key": row.attempt.key,
        "original_id": row.original_id,
        "asked": row.checks,
        "next_check": _moment(row.next_check),
        "doubt_since": _moment(row.doubt_since),
        "abort_asked": _moment(row.abort_asked),
        "pruned": row.pruned,
    }


def summed_up(row: Row) -> str:
    """One line: when, which, what, how it stands."""
    amount = "" if row.amount is None else f" {row.amount}"
    why = f" ({row.code})" if row.code else ""
    return f"{row.created:%Y-%m-%d %H:%M:%S} {row.id} {row.terminal} {row.op}{amount}: {row.state}{why}"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
