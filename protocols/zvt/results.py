"""What the terminal's answers mean: status informations, aborts and refusals as outcomes. Total.

Only a positive list of answers is conclusive; all else leaves the operation unknown, to be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from protocols.core.card import Card, CardToken, EntryMode
from protocols.core.operations import (
    Capture,
    Diagnose,
    Preauth,
    Reconcile,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
    amount_of,
)
from protocols.core.outcomes import (
    Approved,
    Cancelled,
    Declined,
    Evidence,
    Final,
    MoneyEffect,
    NotStarted,
    Outcome,
    TerminalRecord,
    Unknown,
)
from protocols.core.values import CURRENCY_NAMES, Money
from protocols.zvt import codes
from protocols.zvt.data_objects import DataObjects
from protocols.zvt.messages import StatusInformation
from protocols.zvt.options import ZvtOptions
from protocols.zvt.text import as_meant

_MONEY: Mapping[type, MoneyEffect] = {
    Sale: "charged",
    Capture: "charged",
    Preauth: "held",
    Refund: "returned",
    Reversal: "returned",
}
_TECHNOLOGY: Mapping[int, EntryMode] = {0: "swipe", 1: "insert", 2: "tap"}
# The registered application provider of Interac (EMVCo RID list): a debit card that cannot be kept on file.
_INTERAC_RID = "A000000277"
_ALREADY_REVERSED = 0xB4
_BATCH_BYTES = 53  # BMP 60: receipts from, to, then seven counts and totals (PA00P015 ch. 8)
_BRANDS = ("girocard", "jcb", "mastercard", "amex", "visa", "diners", "other")


def keys_of(status: StatusInformation) -> dict[str, str]:
    """The references by which the terminal knows this transaction, by their name; absent ones left out.
    A number of zeros is none: it would make strangers alike."""
    trace = status.trace
    if trace is not None and not trace.strip("0") and status.long_trace:
        trace = status.long_trace
    found = {
        "receipt": status.receipt,
        "trace": trace,
        "turnover": status.turnover,
        "at": (status.date_mmdd + status.time_hhmmss) if status.date_mmdd and status.time_hhmmss else None,
        "terminal_id": status.terminal_id,
        "kind": "batch" if status.totals is not None else None,
    }
    return {name: value for name, value in found.items() if value and value.strip("0")}


def tells_transaction(status: StatusInformation) -> bool:
    """Whether it is about a transaction or a card at all. Some terminals say in a 04 0F who they are, or that
    they have stored nothing."""
    numbers = keys_of(status).keys() - {"terminal_id", "at"}
    return bool(numbers) or status.amount_minor is not None or card_of(status) is not None


def answers(status: StatusInformation, request: Request) -> bool:
    """Whether it can be the result of this request: of its kind, and of no more than was asked."""
    if status.totals is not None:
        return isinstance(request, Reconcile)
    if isinstance(request, Diagnose | StoreCard):
        return status.receipt is None or not status.receipt.strip("0")
    asked = amount_of(request)
    return asked is None or status.amount_minor is None or status.amount_minor <= asked.amount_minor


def record_of(
    status: StatusInformation, request: Request, options: ZvtOptions, *, stored: bool = True
) -> TerminalRecord:
    """A status information as a record for the judge, read as what became of `request`: the transaction that
    the terminal has `stored` last, or the live result of a dialogue."""
    result = outcome_of(status, request, options, Evidence("last"))
    if stored and status.result_code == _ALREADY_REVERSED:
        result = _undone(request, Evidence("last"))
    keys = keys_of(status)
    if status.result_code is not None:
        keys["result"] = f"{status.result_code:02X}"
    return TerminalRecord(
        keys=keys,
        amount=_amount(status, request, options),
        result=None if isinstance(result, Unknown) else result,
    )


def _undone(request: Request, evidence: Evidence) -> Cancelled:
    """It was stored and then reversed: what had been charged or held is back, what had been given back, or
    undone, stands again as it was."""
    money: MoneyEffect = "returned" if isinstance(request, Sale | Capture | Preauth) else "none"
    return Cancelled(code="reversed", money=money, evidence=evidence)


def outcome_of(
    status: StatusInformation, request: Request, options: ZvtOptions, evidence: Evidence
) -> Outcome:
    """The outcome that a status information announces for `request`."""
    code = status.result_code
    if code is None:
        return Unknown(code="no_result", evidence=evidence, ask_again_s=1.0)
    if code == 0:
        return _approved(status, request, options, evidence)
    return _replaced(refusal(code, evidence, request), status)


def refusal(code: int, evidence: Evidence, request: Request) -> Outcome:
    """The outcome of a non-zero result, abort or error code (sheet chapter 8)."""
    if code == _ALREADY_REVERSED and not isinstance(request, Reversal):
        return _undone(request, evidence)
    result = codes.result(code)
    if result.category in ("host_decline", "not_done"):
        return Declined(code=result.slug, evidence=evidence)
    if result.category == "cancelled":
        return Cancelled(code=result.slug, evidence=evidence)
    if result.category == "busy":
        return NotStarted(code=result.slug, evidence=evidence)
    return Unknown(code=result.slug, evidence=evidence, ask_again_s=1.0)


def card_of(status: StatusInformation) -> Card | None:
    """What may be shown of the card; None when nothing was told."""
    named = (status.card_name or status.application_label or "").strip("\x00 ")
    brand = codes.brand(status.zvt_card_type) or (named or None)
    if _is_interac(status):
        brand = "Interac"
    technology = status.technology
    card = Card(
        brand=brand,
        last_four=status.last_four,
        expiry_yymm=status.expiry_yymm,
        entry_mode=None if technology is None else _TECHNOLOGY.get(technology),
    )
    return None if card == Card() else card


def _approved(
    status: StatusInformation, request: Request, options: ZvtOptions, evidence: Evidence
) -> Outcome:
    token = status.card_token
    if isinstance(request, StoreCard) and (token is None or _is_interac(status)):
        reason = "interac_only" if _is_interac(status) else "no_token"
        return Declined(code=reason, card=card_of(status), evidence=evidence)
    asked = amount_of(request)
    amount = _amount(status, request, options) or asked
    return Approved(
        money=_MONEY.get(type(request), "none"),
        amount=amount,
        partial=bool(asked and amount and amount.amount_minor < asked.amount_minor),
        authorisation_code=(status.authorisation or "").strip("\x00 ") or None,
        token=CardToken(token, options.token_kind, options.token_scope) if token else None,
        card=card_of(status),
        keys=keys_of(status),
        terminal_text=told_by(status),
        details=totals_of(status),
        evidence=evidence,
    )


def told_by(message: DataObjects) -> str | None:
    """The terminal's own words beside a result or an end, as people should read them."""
    return None if message.told is None else as_meant(message.told)


def _replaced(outcome: Outcome, status: StatusInformation) -> Outcome:
    """The same outcome with what the terminal told beside the code."""
    told = told_by(status)
    if isinstance(outcome, Unknown):
        return replace(outcome, terminal_text=told)
    return replace(outcome, card=card_of(status), keys=keys_of(status), terminal_text=told)


def totals_of(status: StatusInformation) -> dict[str, str]:
    """The batch totals of an end of day by brand, counts and minor units; empty without BMP 60."""
    data = status.totals
    if data is None or len(data) < _BATCH_BYTES:
        return {}
    details = {"receipt_from": data[0:2].hex(), "receipt_to": data[2:4].hex()}
    for index, brand in enumerate(_BRANDS):
        at = 4 + 7 * index
        details[f"{brand}_count"] = str(data[at])
        details[f"{brand}_total_minor"] = data[at + 1 : at + 7].hex().lstrip("0") or "0"
    return details


def _amount(status: StatusInformation, request: Request, options: ZvtOptions) -> Money | None:
    """What was moved. 06 23 names the part of a hold that is given back; some terminals tell just that."""
    if status.amount_minor is None:
        return None
    told = Money(status.amount_minor, CURRENCY_NAMES.get(status.currency or "", options.currency))
    if isinstance(request, Capture) and options.capture_with == "partial_reversal":
        unused = request.original.amount.amount_minor - request.amount.amount_minor
        return request.amount if told.amount_minor == unused else told
    return told


def _is_interac(status: StatusInformation) -> bool:
    named = (status.card_name or status.application_label or "").strip("\x00 ").lower()
    return (status.aid or "").startswith(_INTERAC_RID) or named.startswith("interac")


__all__ = ["Final", "card_of", "keys_of", "outcome_of", "record_of", "refusal", "totals_of"]
