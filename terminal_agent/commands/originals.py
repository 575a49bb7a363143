"""Operations that name an earlier one: whether it is there, whether it still stands, what is left of it."""

from __future__ import annotations

from collections.abc import Iterable

from protocols.contract import commands
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Reader

PATH = "data.original_operation_id"
# What may be undone or completed by what. A refund is a new transaction bounded by a payment.
_FITTING = {
    commands.Reversal: frozenset({"sale", "refund", "preauth", "capture", "charge_card"}),
    commands.Capture: frozenset({"preauth"}),
    commands.Refund: frozenset({"sale", "capture", "charge_card"}),
}


def id_of(body: commands.TerminalCommand) -> str | None:
    """The id of the original that a command names."""
    if isinstance(body, commands.Reversal | commands.Capture | commands.Refund):
        return body.original_operation_id
    return None


def original_of(body: commands.TerminalCommand, terminal: str, reader: Reader) -> Row | None:
    """The original that a command names, where the journal knows one at this terminal to which that can be
    done: nothing else may be written down as one, also of a command that is adopted without these checks."""
    name = id_of(body)
    row = reader.operation(name) if name is not None else None
    return row if row is not None and row.terminal == terminal and row.op in _FITTING[type(body)] else None


def objection(body: commands.TerminalCommand, terminal: str, reader: Reader) -> tuple[str, str] | None:
    """Why the original does not allow it: a code and the field's path; None where it does."""
    name = id_of(body)
    if name is None:
        return None
    original = original_of(body, terminal, reader)
    if original is None:
        return "original_unknown", PATH
    if original.state != "approved" or (original.outcome is None and not isinstance(body, commands.Refund)):
        return "original_not_open", PATH
    return _against_others(body, original, reader.naming(name))


def _against_others(
    body: commands.TerminalCommand, original: Row, others: tuple[Row, ...]
) -> tuple[str, str] | None:
    """An original is undone or captured once; what is undecided counts as if it had happened. While it is
    asked about, nothing more is done to the original: the answer could be of either."""
    standing = [row for row in others if not row.final or row.state == "approved"]
    if any(row.owed for row in standing):
        return "in_doubt_pending", PATH
    if any(row.op in ("reversal", "capture") for row in standing):
        return "original_not_open", PATH
    if isinstance(body, commands.Reversal):
        return ("original_not_open", PATH) if standing else None
    amount = getattr(body, "amount_minor", None)
    if amount is not None and amount > _moved(original) - sum(_moved(row) for row in _refunds(standing)):
        return "limit_exceeded", "data.amount_minor"
    return None


def _refunds(rows: Iterable[Row]) -> Iterable[Row]:
    return (row for row in rows if row.op == "refund")


def _moved(row: Row) -> int:
    return row.amount.amount_minor if row.amount else 0
