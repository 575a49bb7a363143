"""The end of the day: 06 50 settles the batch, 06 10 only tells its totals (ch. 2.16, 2.32; BMP 60)."""

from __future__ import annotations

from protocols.zvt import messages as zvt
from simulator.acquirer.lines import Entry, Line
from simulator.acquirer.totals import BrandTotal, batch, by_brand
from simulator.zvt.cardwork import ask_host, stamp
from simulator.zvt.closing import complete, end_in_vain
from simulator.zvt.console import Console
from simulator.zvt.printing import print_notice
from simulator.zvt.receipts import notice
from simulator.zvt.records import status_information
from simulator.zvt.script import Script
from simulator.zvt.state import Transaction

END_OF_DAY_IMPOSSIBLE = 0x77
_ORDER = ("girocard", "jcb", "mastercard", "amex", "visa", "diners")  # the seventh place: all others
_MOST_COUNTED = 0xFF


def end_of_day(console: Console, _request: zvt.EndOfDay) -> Script[None]:
    """Settle: the host closes the batch first, so that a lost 04 0F does not lose the close."""
    transaction = Transaction(kind="end_of_day", books="batch_close", currency=console.settings.currency)
    stamp(console, transaction)
    if not console.settings.end_of_day_possible:
        yield from end_in_vain(console, END_OF_DAY_IMPOSSIBLE)
        return
    decision = yield from ask_host(console, transaction, None)
    if not decision.approved:
        yield from end_in_vain(console, decision.host_code)
        return
    transaction.authorisation_code = ""
    lines = batch(console.ledger.lines(), console.settings.terminal_id)
    _count(transaction, lines)
    _close(console, transaction)
    yield from _tell(console, transaction, lines)


def totals(console: Console) -> Script[None]:
    """06 10: the same totals, nothing is closed."""
    transaction = Transaction(kind="end_of_day", books="batch_close", currency=console.settings.currency)
    stamp(console, transaction)
    lines = batch(console.ledger.lines(), console.settings.terminal_id)
    _count(transaction, lines)
    yield from console.say(status_information(console, transaction))
    yield from complete(console)


def _count(transaction: Transaction, lines: tuple[Line, ...]) -> None:
    """BMP 60 has no sign: a brand, or a day, with more refunds than sales shows zero."""
    brands = by_brand(lines)
    transaction.amount_minor = max(sum(total.net_minor for total in brands.values()), 0)
    numbers = [line.receipt for line in lines]
    head = bytes.fromhex((numbers[0] + numbers[-1]) if numbers else "00000000")
    named = [brands.get(name, BrandTotal()) for name in _ORDER]
    rest = [total for name, total in brands.items() if name not in _ORDER]
    others = BrandTotal(sum(t.count for t in rest), sum(t.net_minor for t in rest))
    transaction.totals = (head + b"".join(_place(total) for total in (*named, others))).hex()


def _place(total: BrandTotal) -> bytes:
    return bytes([min(total.count, _MOST_COUNTED)]) + bytes.fromhex(f"{max(total.net_minor, 0):012d}")


def _close(console: Console, transaction: Transaction) -> None:
    line = console.ledger.append(
        Entry(
            kind="batch_close",
            at=console.utc(),
            terminal=console.settings.terminal_id,
            amount_minor=transaction.amount_minor,
            currency=console.currency_name,
            receipt=transaction.receipt,
            trace=transaction.trace,
            turnover=transaction.turnover,
            reason="asked",
        )
    )
    transaction.line = line.id
    console.state.store(transaction)
    console.save()
    console.note(f"batch closed: {transaction.amount_minor / 100:.2f} {console.currency_name}")


def _tell(console: Console, transaction: Transaction, lines: tuple[Line, ...]) -> Script[None]:
    yield from console.moment("before_result")
    answer = yield from console.say(status_information(console, transaction), sent="result_sent")
    if answer is None:
        return
    yield from console.moment("result_acked")
    words = [
        f"{brand.upper()} {total.count} x {total.net_minor / 100:.2f}"
        for brand, total in by_brand(lines).items()
    ]
    title = ("FERMETURE DE LOT", "END OF DAY")
    yield from print_notice(console, notice(console, title, *((word, word) for word in words)))
    yield from console.moment("booked")
    yield from complete(console)
