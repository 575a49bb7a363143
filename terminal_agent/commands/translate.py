"""The contract's commands as the core's operations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from protocols.contract import commands
from protocols.contract.ulids import ulid_ms
from protocols.core.card import NO_ADDRESS, Address
from protocols.core.operations import (
    Capture,
    ChargeCard,
    DeleteCard,
    Diagnose,
    ListExpiring,
    Original,
    OriginalKind,
    Preauth,
    Reconcile,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
    VerifyCard,
)
from protocols.core.values import Money
from terminal_agent.journal.codec import from_ms
from terminal_agent.journal.facts import Row

_LAST_MS = 253_402_300_799_999  # 9999-12-31, the last moment that a datetime can hold
_OF_AMOUNT: Mapping[type, type[Sale | Preauth]] = {
    commands.Sale: Sale,
    commands.Preauth: Preauth,
}


def request_of(body: commands.TerminalCommand, original: Row | None) -> Request:
    """The operation that a command asks for. An original that the journal does not know (only for a command
    that it adopts, never for one that it accepts) gets no keys, so that no terminal can mistake it."""
    name, locale = body.operation_id, body.locale
    match body:
        case commands.Sale() | commands.Preauth():
            amount = Money(body.amount_minor, body.currency)
            return _OF_AMOUNT[type(body)](operation_id=name, locale=locale, amount=amount)
        case commands.StoreCard(entry_modes=modes, address=address):
            return StoreCard(
                operation_id=name,
                locale=locale,
                entry_modes=modes,
                charged_later=body.needs_chargeable,
                address=_address(address),
            )
        case commands.Reconcile():
            return Reconcile(operation_id=name, locale=locale)
        case commands.Diagnose(initialise=initialise):
            return Diagnose(operation_id=name, locale=locale, initialise=initialise)
    if isinstance(body, commands.OfStoredCard | commands.DeleteCard | commands.ListExpiring):
        return _of_stored_card(body)
    return _of_original(body, original)


def _of_stored_card(body: commands.OfStoredCard | commands.DeleteCard | commands.ListExpiring) -> Request:
    name, locale = body.operation_id, body.locale
    match body:
        case commands.ChargeCard(token=token, network_transaction_id=issuer_id, purpose=purpose):
            return ChargeCard(
                operation_id=name,
                locale=locale,
                token=token,
                amount=Money(body.amount_minor, body.currency),
                use="merchant" if commands.WITHOUT_CARDHOLDER[purpose] else "cardholder",
                issuer_id=issuer_id,
            )
        case commands.VerifyCard(token=token, network_transaction_id=issuer_id, address=address):
            return VerifyCard(
                operation_id=name, locale=locale, token=token, issuer_id=issuer_id, address=_address(address)
            )
        case commands.DeleteCard(token=token):
            return DeleteCard(operation_id=name, locale=locale, token=token)
    return ListExpiring(operation_id=name, locale=locale)


def _address(told: commands.Address | None) -> Address:
    """As issuers compare it: the postal code in capitals without a space (A1A 1A1)."""
    if told is None:
        return NO_ADDRESS
    code = "".join(told.postal_code.upper().replace("-", "").split()) if told.postal_code else None
    return Address(code, told.street_number, told.street_name)


def _of_original(body: commands.TerminalCommand, row: Row | None) -> Request:
    name, locale = body.operation_id, body.locale
    match body:
        case commands.Refund(original_operation_id=original_id):
            paid = None if original_id is None else _original(original_id, row, "sale")
            amount = Money(body.amount_minor, body.currency)
            return Refund(operation_id=name, locale=locale, amount=amount, original=paid)
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
        case commands.Sale() | commands.Refund() | commands.Preauth() | commands.ChargeCard():
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
