"""The contract's commands as the core's operations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from protocols.contract import commands
from protocols.contract.ulids import ulid_ms
from protocols.core.operations import (
    Capture,
    Diagnose,
    Original,
    OriginalKind,
    Preauth,
    Reconcile,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
)
from protocols.core.values import Money
from terminal_agent.journal.codec import from_ms
from terminal_agent.journal.facts import Row

_LAST_MS = 253_402_300_799_999  # 9999-12-31, the last moment that a datetime can hold
_OF_AMOUNT: Mapping[type, type[Sale | Refund | Preauth]] = {
    commands.Sale: Sale,
    commands.Refund: Refund,
    commands.Preauth: Preauth,
}


def request_of(body: commands.TerminalCommand, original: Row | None) -> Request:
    """The operation that a command asks for. An original that the journal does not know (only for a command
    that it adopts, never for one that it accepts) gets no keys, so that no terminal can mistake it."""
    name, locale = body.operation_id, body.locale
    match body:
        case commands.Sale() | commands.Refund() | commands.Preauth():
            amount = Money(body.amount_minor, body.currency)
            return _OF_AMOUNT[type(body)](operation_id=name, locale=locale, amount=amount)
        case commands.StoreCard(entry_modes=modes):
            return StoreCard(operation_id=name, locale=locale, entry_modes=modes)
        case commands.Reconcile():
            return Reconcile(operation_id=name, locale=locale)
        case commands.Diagnose(initialise=initialise):
            return Diagnose(operation_id=name, locale=locale, initialise=initialise)
    return _of_original(body, original)


def _of_original(body: commands.TerminalCommand, row: Row | None) -> Request:
    name, locale = body.operation_id, body.locale
    match body:
        case commands.Reversal(original_operation_id=original_id):
            return Reversal(operation_id=name, locale=locale, original=_original(original_id, row, "sale"))
        case commands.Capture(original_operation_id=original_id):
            amount = amount_asked(body, row) or Money(0, body.currency)
            held = _original(original_id, row, "preauth")
            return Capture(operation_id=name, locale=locale, original=held, amount=amount)
    raise TypeError(f"{type(body).__name__} asks for no operation of a terminal")


def amount_asked(body: commands.TerminalCommand, original: Row | None) -> Money | None:
    """The amount that a command would move: its own, or that of its original."""
    match body:
        case commands.Sale() | commands.Refund() | commands.Preauth():
            return Money(body.amount_minor, body.currency)
        case commands.Capture(amount_minor=int(amount_minor), currency=currency):
            return Money(amount_minor, currency)
        case commands.Capture() | commands.Reversal():
            return original.amount if original else None
    return None


def ulid_time(operation_id: str) -> datetime:
    """When the backend made a ULID, by its own clock (github.com/ulid/spec: the first ten characters)."""
    return from_ms(min(ulid_ms(operation_id), _LAST_MS))


def _original(operation_id: str, row: Row | None, kind: OriginalKind) -> Original:
    if row is None:
        return Original(operation_id, kind, Money(0), {})
    keys: Mapping[str, str] = row.outcome.keys if row.outcome else {}
    return Original(operation_id, cast("OriginalKind", row.op), row.amount or Money(0), keys)
