"""Transactions with a card: payment 06 01, pre-authorisation 06 22, refund 06 31 (ch. 2.2, 2.8, 2.9)."""

from __future__ import annotations

from protocols.zvt import messages as zvt
from protocols.zvt.tlv import find
from simulator.acquirer.lines import Kind
from simulator.zvt.cardwork import (
    ask_host,
    note_card,
    remove_card,
    stamp,
    take_card,
    verify,
)
from simulator.zvt.closing import conclude, refuse
from simulator.zvt.console import Console
from simulator.zvt.script import Script, StoppedError
from simulator.zvt.state import Transaction, TransactionKind

_SEND_TOKEN = 0x80  # 1F15, first byte: answer with 1F14 (ch. 9)

Money = zvt.Authorization | zvt.Preauthorisation | zvt.Refund
_KINDS: dict[type, tuple[TransactionKind, Kind]] = {
    zvt.Authorization: ("sale", "charge"),
    zvt.Preauthorisation: ("preauth", "hold"),
    zvt.Refund: ("refund", "refund"),
}


def pay(console: Console, request: Money) -> Script[None]:
    """Card, PIN, host, result. A refund asks for no PIN."""
    kind, books = _KINDS[type(request)]
    transaction = Transaction(
        kind=kind, books=books, amount_minor=request.amount_minor or 0, currency=console.settings.currency
    )
    stamp(console, transaction)
    try:
        code = yield from _authorise(console, transaction, wants_token(request))
    except StoppedError as stop:
        code = stop.code
    console.abortable = False
    if code == 0:
        yield from remove_card(console)
        yield from conclude(console, transaction)
    else:
        yield from refuse(console, transaction, code)


def _authorise(console: Console, transaction: Transaction, token: bool) -> Script[int]:
    """The host's code, 0 when approved. Raises StoppedError where it never came to ask."""
    presented = yield from take_card(console)
    note_card(console, transaction, presented, token=token)
    refund = transaction.kind == "refund"
    if not refund:
        transaction.verified = yield from verify(console, presented, transaction.amount_minor)
    decision = yield from ask_host(console, transaction, presented.card, refund=refund)
    return decision.host_code


def wants_token(request: Money | zvt.ReadCard) -> bool:
    """Whether tag 1F15 asks for the card identification item."""
    control = find(request.tlv, 0x1F15)
    return control is not None and bool(control.value) and bool(control.value[0] & _SEND_TOKEN)
