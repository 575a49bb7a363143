"""The commit point: when a transaction becomes a line of the ledger, and what else may become of it.

A terminal books when the ECR has acknowledged 04 0F and, if receipts are sent, every print (ch. 2.2.8).
What was not acknowledged is decided by the booking policy. `pending` is saved before 04 0F leaves and cleared
after the booking, so that a power cut in between is settled at power-on, once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from simulator.acquirer.lines import Entry, Kind, Line
from simulator.acquirer.totals import undone
from simulator.zvt.console import Console
from simulator.zvt.state import ALREADY_REVERSED, REFUSED, Transaction

Verdict = Literal["acknowledged", "refused_by_ecr", "unacknowledged"]


def prepare(console: Console, transaction: Transaction) -> None:
    """Number a transaction that the host has approved, and remember it over a power cut."""
    console.state.number(transaction)
    console.state.pending = transaction
    console.save()


def settle(console: Console, transaction: Transaction, verdict: Verdict) -> Transaction:
    """Book, undo or refuse; store what became of it; return the transaction as it is stored."""
    if verdict == "acknowledged":
        settled = _book(console, transaction, "")
    elif verdict == "refused_by_ecr":
        settled = _undo(console, _book(console, transaction, ""), verdict)
    else:
        settled = _by_policy(console, transaction)
    console.state.store(settled)
    _keep_holds(console, settled)
    console.state.pending = None
    console.save()
    return settled


def settle_after_power_cut(console: Console) -> None:
    """At power-on: a pending transaction was either booked already, or never acknowledged."""
    pending = console.state.pending
    if pending is None:
        return
    booked = [line for line in console.ledger.lines() if _same(line, pending, console.settings.terminal_id)]
    if not booked:
        settle(console, pending, "unacknowledged")
        return
    settled = replace(pending, line=booked[0].id)
    if booked[0].id in undone(console.ledger.lines()):
        settled = replace(settled, result=ALREADY_REVERSED)
    elif booked[0].reason and console.settings.booking_policy == "reverse":
        settled = _undo(console, settled, booked[0].reason)  # the plug was pulled between the two lines
    console.state.store(settled)
    _keep_holds(console, settled)
    console.state.pending = None
    console.save()


def _by_policy(console: Console, transaction: Transaction) -> Transaction:
    policy = console.settings.booking_policy
    console.note(f"result not acknowledged: {policy}")
    if policy == "refuse":
        return replace(transaction, result=REFUSED)
    booked = _book(console, transaction, "unacknowledged")
    return booked if policy == "keep" else _undo(console, booked, "unacknowledged")


def _book(console: Console, transaction: Transaction, reason: str) -> Transaction:
    line = console.ledger.append(
        _entry(console, transaction, transaction.books, reason, transaction.reverses)
    )
    console.note(f"booked: {line.kind} {line.amount_minor / 100:.2f} {line.currency}, receipt {line.receipt}")
    return replace(transaction, line=line.id, result=0)


def _undo(console: Console, booked: Transaction, reason: str) -> Transaction:
    console.ledger.append(_entry(console, booked, "reversal", reason, booked.line))
    console.note(f"reversed: receipt {booked.receipt}")
    return replace(booked, result=ALREADY_REVERSED)


def _entry(console: Console, transaction: Transaction, kind: Kind, reason: str, reverses: str) -> Entry:
    return Entry(
        kind=kind,
        at=console.utc(),
        terminal=console.settings.terminal_id,
        amount_minor=transaction.amount_minor,
        currency=console.currency_name,
        receipt=transaction.receipt,
        trace=transaction.trace,
        turnover=transaction.turnover,
        brand=transaction.brand,
        card=transaction.card,
        token=transaction.token,
        reason=reason,
        reverses=reverses,
    )


def _same(line: Line, pending: Transaction, terminal: str) -> bool:
    ours = (terminal, pending.receipt, pending.trace, pending.turnover, pending.books)
    return (line.terminal, line.receipt, line.trace, line.turnover, line.kind) == ours


def _keep_holds(console: Console, settled: Transaction) -> None:
    """Open pre-authorisations: a hold opens one; a capture or release that stands closes it."""
    holds = console.state.holds
    if settled.result != 0:
        return
    if settled.kind == "preauth":
        holds[settled.receipt] = settled
    elif settled.books in ("capture", "release"):
        used = [receipt for receipt, hold in holds.items() if hold.line == settled.reverses]
        for receipt in used:
            del holds[receipt]
