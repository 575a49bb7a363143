"""A stored transaction as the status information (04 0F, PA00P015 ch. 3.1) that tells it."""

from __future__ import annotations

from dataclasses import replace

from protocols.zvt import messages as zvt
from protocols.zvt.text import encode as encode_text
from protocols.zvt.tlv import TlvNode, node
from simulator.acquirer.acquirer import TEXTS
from simulator.cards import CARDS
from simulator.zvt import prompts
from simulator.zvt.console import Console
from simulator.zvt.state import ALREADY_REVERSED, Transaction

CARD_TYPES = {
    "mastercard": 0x06, "amex": 0x08, "visa": 0x0A, "diners": 0x0C, "jcb": 0x0E, "unionpay": 0xC6,
    "discover": 0xE8,
}  # fmt: skip
"""BMP 8A by brand (ch. 8, ZVT card types). Interac has none: it is told by its name and its AID."""

_PAID_ONLINE, _PAID_WITH_PIN = 0x60, 0x70  # BMP 19 in a status information
_CVM = {"pin": 0x02, "signature": 0x01}  # 1F10
_TECHNOLOGY = {"swipe": 0x00, "insert": 0x01, "tap": 0x02}  # 1F12
_REVERSED = ("TRANSACTION ANNULÉE", "REVERSED")
_NOT_CONFIRMED = ("REFUSÉE: NON CONFIRMÉE", "REFUSED: NOT CONFIRMED")


def status_information(console: Console, transaction: Transaction) -> zvt.StatusInformation:
    """The 04 0F of a transaction that is or will be stored, result and all."""
    state, settings = console.state, console.settings
    status = zvt.StatusInformation(
        result_code=transaction.result,
        amount_minor=transaction.amount_minor,
        currency=console.told_currency,
        trace=transaction.trace,
        original_trace=transaction.original_trace or None,
        time_hhmmss=transaction.time_hhmmss,
        date_mmdd=transaction.date_yymmdd[2:],
        receipt=transaction.receipt if transaction.kind != "end_of_day" else None,
        turnover=transaction.turnover if transaction.kind != "end_of_day" else None,
        terminal_id=settings.terminal_id,
        vu_number=settings.vu_number.ljust(15),
        authorisation=transaction.authorisation_code or None,
        additional_text=host_text(console, transaction),
        totals=bytes.fromhex(transaction.totals) if transaction.totals else None,
        charset=state.charset,
    )
    return _with_card(console, transaction, status)


def refusal(console: Console, transaction: Transaction, code: int) -> zvt.StatusInformation:
    """The 04 0F of a transaction that came to nothing: no receipt number, for nothing is stored."""
    status = zvt.StatusInformation(
        result_code=code,
        amount_minor=transaction.amount_minor,
        currency=console.told_currency,
        trace=transaction.trace,
        time_hhmmss=transaction.time_hhmmss or None,
        date_mmdd=transaction.date_yymmdd[2:] or None,
        terminal_id=console.settings.terminal_id,
        additional_text=prompts.say(TEXTS[code], console.language) if code in TEXTS else None,
        charset=console.state.charset,
    )
    return _with_card(console, transaction, status)


def host_text(console: Console, transaction: Transaction) -> str:
    """What the receipt says of the result."""
    if transaction.result == 0:
        words = TEXTS[0]
    else:
        words = _REVERSED if transaction.result == ALREADY_REVERSED else _NOT_CONFIRMED
    return prompts.say(words, console.language)


def shown_number(console: Console, transaction: Transaction) -> str:
    """The card's number as this terminal tells it: masked, unless the fault of showing it all is on."""
    if console.shows_whole_numbers:
        return next(
            (card.number for card in CARDS.values() if card.masked == transaction.card), transaction.card
        )
    return transaction.card


def _with_card(
    console: Console, transaction: Transaction, status: zvt.StatusInformation
) -> zvt.StatusInformation:
    """The same with what may be told of the card; all of its number only if a fault says so."""
    if not transaction.card:
        return status
    return replace(
        status,
        payment_type=_PAID_WITH_PIN if transaction.verified == "pin" else _PAID_ONLINE,
        pan=shown_number(console, transaction),
        expiry_yymm=transaction.expiry_yymm or None,
        card_sequence="0001",
        card_type=CARD_TYPES.get(transaction.brand),
        card_name=transaction.label,
        tlv=_card_tlv(console, transaction) if console.tlv_allowed else None,
    )


def _card_tlv(console: Console, transaction: Transaction) -> tuple[TlvNode, ...]:
    how = [node(0x1F10, bytes([_CVM.get(transaction.verified, 0)]))]
    if transaction.way in _TECHNOLOGY:
        how.append(node(0x1F12, bytes([_TECHNOLOGY[transaction.way]])))
    nodes = [node(0x2F, *how)]
    if transaction.aid:
        label = encode_text(transaction.label, console.state.charset)
        nodes.append(node(0x60, node(0x43, bytes.fromhex(transaction.aid)), node(0x44, label)))
    if transaction.token:
        nodes.append(node(0x1F14, bytes.fromhex(transaction.token)))
    return tuple(nodes)
