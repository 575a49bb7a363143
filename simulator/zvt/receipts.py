"""Receipts as lines of text, for the merchant and the customer, in Quebec French or English."""

from __future__ import annotations

from typing import Literal

from simulator.zvt import prompts
from simulator.zvt.console import Console
from simulator.zvt.records import host_text, shown_number
from simulator.zvt.state import Transaction

Copy = Literal["merchant", "customer"]

_TITLES = {
    "sale": ("ACHAT", "PURCHASE"),
    "preauth": ("PRÉAUTORISATION", "PRE-AUTHORISATION"),
    "capture": ("CONCLUSION", "COMPLETION"),
    "release": ("LIBÉRATION", "RELEASE"),
    "reversal": ("ANNULATION", "VOID"),
    "refund": ("REMBOURSEMENT", "REFUND"),
    "end_of_day": ("FERMETURE DE LOT", "END OF DAY"),
}
_WAYS = {
    "insert": ("PUCE", "CHIP"),
    "tap": ("SANS CONTACT", "CONTACTLESS"),
    "swipe": ("BANDE MAGNÉTIQUE", "MAGNETIC STRIPE"),
    "keyed": ("SAISIE MANUELLE", "KEYED"),
}
_COPIES = {
    "merchant": ("COPIE DU MARCHAND", "MERCHANT COPY"),
    "customer": ("COPIE DU CLIENT", "CUSTOMER COPY"),
}
_PIN = ("VÉRIFIÉ PAR NIP", "VERIFIED BY PIN")
_RECEIPT = ("REÇU", "RECEIPT")
_AUTHORISATION = ("AUTOR.", "AUTH.")


def columns(console: Console) -> int:
    """The paper's width: tag 12 of the registration, else our own paper; 24 to 40 characters."""
    return min(max(console.state.columns or console.settings.paper_columns, 24), 40)


def receipt(console: Console, transaction: Transaction, copy: Copy) -> tuple[str, ...]:
    """The lines of one copy. The card's number is masked."""
    wide, lang = columns(console), console.language
    day, hour = transaction.date_yymmdd, transaction.time_hhmmss
    lines = [line.center(wide).rstrip() for line in console.settings.merchant]
    lines += [
        _pair(f"20{day[:2]}-{day[2:4]}-{day[4:]}", f"{hour[:2]}:{hour[2:4]}:{hour[4:]}", wide),
        _pair("TERMINAL", console.settings.terminal_id, wide),
        prompts.say(_TITLES[transaction.kind], lang),
    ]
    lines += _card_lines(console, transaction, wide)
    lines += [
        _pair("TOTAL", f"{_money(transaction.amount_minor, lang)} {console.currency_name}", wide),
        _pair(prompts.say(_RECEIPT, lang), transaction.receipt, wide),
        _pair("TRACE", transaction.trace, wide),
    ]
    if transaction.authorisation_code:
        lines.append(_pair(prompts.say(_AUTHORISATION, lang), transaction.authorisation_code, wide))
    if transaction.verified == "pin":
        lines.append(prompts.say(_PIN, lang))
    lines += [host_text(console, transaction), prompts.say(_COPIES[copy], lang)]
    return tuple(line[:wide] for line in lines)


def notice(console: Console, *words: tuple[str, str]) -> tuple[str, ...]:
    """An administrative receipt: the merchant, the terminal, and these words."""
    wide = columns(console)
    head = [line.center(wide).rstrip() for line in console.settings.merchant]
    clock = console.local_time().strftime("%Y-%m-%d %H:%M:%S")
    lines = [*head, clock, _pair("TERMINAL", console.settings.terminal_id, wide)]
    return tuple(line[:wide] for line in [*lines, *(prompts.say(pair, console.language) for pair in words)])


def _card_lines(console: Console, transaction: Transaction, wide: int) -> list[str]:
    if not transaction.card:
        return []
    lines = [transaction.label, shown_number(console, transaction)]
    if transaction.way in _WAYS:
        lines.append(prompts.say(_WAYS[transaction.way], console.language))
    if transaction.aid:
        lines.append(_pair("AID", transaction.aid, wide))
    return lines


def _pair(left: str, right: str, wide: int) -> str:
    return f"{left} {right.rjust(wide - len(left) - 1)}"


def _money(amount_minor: int, language: str) -> str:
    """12.50 in English, 12,50 in French."""
    return f"{amount_minor // 100}{',' if language == 'fr' else '.'}{amount_minor % 100:02d}"
