"""Transactions without a card: reversal 06 30, and what becomes of a hold: 06 23, 06 24, 06 25."""

from __future__ import annotations

from dataclasses import replace

from protocols.zvt import messages as zvt
from protocols.zvt.tlv import node
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import batch, undone
from simulator.zvt.cardwork import ask_host, stamp
from simulator.zvt.closing import conclude, end_in_vain, refuse
from simulator.zvt.console import Console
from simulator.zvt.script import Script
from simulator.zvt.state import ALREADY_REVERSED, Transaction

NOT_REVERSIBLE, WRONG_AMOUNT, PREAUTH_ERROR = 0xB5, 0xB7, 0xB8
_NO_RECEIPT = "FFFF"
_UNDOABLE = ("charge", "capture", "refund")


def reverse(console: Console, request: zvt.Reversal) -> Script[None]:
    """06 30: undo a transaction of this batch by its receipt number; without one, the last."""
    wanted = request.receipt or (console.state.last.receipt if console.state.last else _NO_RECEIPT)
    transaction = Transaction(kind="reversal", books="reversal", currency=console.settings.currency)
    stamp(console, transaction)
    line, code = _undoable(console, wanted)
    if line is not None:
        _refer(transaction, line)
        if request.amount_minor not in (None, line.amount_minor):
            code = WRONG_AMOUNT
    yield from _decide(console, transaction, code)


def _undoable(console: Console, receipt: str) -> tuple[Line | None, int]:
    lines = console.ledger.lines()
    ours = [
        line
        for line in batch(lines, console.settings.terminal_id)
        if line.kind in _UNDOABLE and line.receipt == receipt
    ]
    if not ours:
        return None, PREAUTH_ERROR if receipt in console.state.holds else NOT_REVERSIBLE
    return ours[-1], ALREADY_REVERSED if ours[-1].id in undone(lines) else 0


def _refer(transaction: Transaction, line: Line) -> None:
    transaction.amount_minor, transaction.original_trace = line.amount_minor, line.trace
    transaction.brand, transaction.card, transaction.reverses = line.brand, line.card, line.id
    transaction.label = line.brand.upper()


def capture(console: Console, request: zvt.BookTotal | zvt.PartialReversal) -> Script[None]:
    """06 24 names the amount to be charged, 06 23 the part of the hold that is given back."""
    hold = console.state.holds.get(request.receipt or "")
    transaction = Transaction(kind="capture", books="capture", currency=console.settings.currency)
    if hold is None:
        yield from _decide(console, transaction, PREAUTH_ERROR)
        return
    _follow(transaction, hold)
    named = request.amount_minor
    if isinstance(request, zvt.PartialReversal):
        transaction.amount_minor = hold.amount_minor - (named or 0)
    else:
        transaction.amount_minor = hold.amount_minor if named is None else named
    fits = 0 < transaction.amount_minor <= hold.amount_minor
    if not fits:
        transaction.amount_minor = named or 0
    yield from _decide(console, transaction, 0 if fits else WRONG_AMOUNT)


def release(console: Console, request: zvt.PreauthReversal) -> Script[None]:
    """06 25: free the whole hold."""
    hold = console.state.holds.get(request.receipt or "")
    transaction = Transaction(kind="release", books="release", currency=console.settings.currency)
    if hold is not None:
        _follow(transaction, hold)
    yield from _decide(console, transaction, PREAUTH_ERROR if hold is None else 0)


def _follow(transaction: Transaction, hold: Transaction) -> None:
    for name in ("amount_minor", "brand", "label", "card", "expiry_yymm", "aid", "token"):
        setattr(transaction, name, getattr(hold, name))
    transaction.original_trace, transaction.reverses = hold.trace, hold.line


def _decide(console: Console, transaction: Transaction, code: int) -> Script[None]:
    """Ask the host where there is something to ask, then end one way or the other."""
    stamp(console, transaction)
    if code == 0:
        code = (yield from ask_host(console, transaction, None)).host_code
    if code == 0:
        yield from conclude(console, transaction)
    else:
        yield from refuse(console, transaction, code)


def tell_open_holds(console: Console) -> Script[None]:
    """06 23 87 FFFF: the open pre-authorisations, told by 06 1E with B8 (ch. 2.11)."""
    receipts = sorted(console.state.holds)
    answer = zvt.AbortedByTerminal(
        result_code=PREAUTH_ERROR, receipt=receipts[-1] if receipts else _NO_RECEIPT
    )
    if receipts and console.tlv_allowed:
        numbers = (node(0x08, bytes.fromhex(receipt)) for receipt in receipts)
        answer = replace(answer, receipt=None, tlv=(node(0x23, *numbers),))
    yield from end_in_vain(console, PREAUTH_ERROR, answer)
