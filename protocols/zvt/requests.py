"""Operations of the backend as ZVT commands, and the commands around them (PA00P015 ch. 2).

Currency is always sent. No implicit-reversal tag (1F1F) is ever sent: recovery asks, it never undoes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.core.errors import LocalError
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
from protocols.core.values import CURRENCY_NUMBERS
from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import Message
from protocols.zvt.options import ZvtOptions
from protocols.zvt.steps import Errand
from protocols.zvt.tlv import TlvNode, node

_PT_DECIDES = 0x40  # payment type: the terminal chooses, no Geldkarte (PA00P015 ch. 2.2)
_WITH_TLV = 0x04  # status enquiry: also what needs a TLV container (ch. 2.55)
_STATUS_ONLY = 0x03  # repeat receipt: send the status information, print nothing (ch. 2.8)
_SEND_CARD_ID = 0x80  # 1F15: answer with the card identification item 1F14 (ch. 9)
_TECHNOLOGIES = {"swipe": 0x01, "insert": 0x02, "tap": 0x04}  # 1F60
# What we are ready to receive (26{0A}): intermediate statuses, print lines and blocks.
_ACCEPTED = (0x04FF, 0x06D1, 0x06D3)


def registration(options: ZvtOptions) -> Message:
    """06 00, offering TLV and print blocks."""
    accepted = node(0x26, *(node(0x0A, command.to_bytes(2, "big")) for command in _ACCEPTED))
    return zvt.Registration(
        password=options.password,
        config=options.config,
        currency=CURRENCY_NUMBERS[options.currency],
        tlv=(accepted,),
    )


def status_enquiry(options: ZvtOptions) -> Message:
    """05 01 in its long form, with TLV: the terminal's own id and clock."""
    return zvt.StatusEnquiry(password=options.password, service=_WITH_TLV)


def last_result(options: ZvtOptions) -> Message:
    """06 20 that tells the last stored transaction and prints nothing."""
    return zvt.RepeatReceipt(password=options.password, service=_STATUS_ONLY)


def command_of(errand: Errand, request: Request | None, options: ZvtOptions) -> Message:
    """The command of one errand; `request` is the operation in work, where there is one."""
    if errand is Errand.REGISTER:
        return registration(options)
    if errand is Errand.ENQUIRE:
        return status_enquiry(options)
    if errand is Errand.WORK and request is not None:
        return command_for(request, options)
    return last_result(options)


def command_for(operation: Request, options: ZvtOptions) -> Message:
    """The command with which an operation begins on the wire. Raises LocalError for what cannot be said."""
    amount = amount_of(operation)
    if amount is not None and amount.currency != options.currency:
        raise LocalError(
            "wrong_currency",
            f"operation {operation.operation_id} is in {amount.currency}, its terminal in {options.currency}",
        )
    return _BUILDERS[type(operation)](operation, options)


def _currency(options: ZvtOptions) -> str:
    return CURRENCY_NUMBERS[options.currency]


def _store_card(operation: StoreCard, options: ZvtOptions) -> Message:
    allowed = sum(_TECHNOLOGIES.get(mode, 0) for mode in operation.entry_modes)
    control: list[TlvNode] = [node(0x1F15, bytes([_SEND_CARD_ID]))]
    if 0 < allowed < sum(_TECHNOLOGIES.values()):
        control.append(node(0x1F60, bytes([allowed])))
    return zvt.ReadCard(timeout_s=options.read_card_timeout_s, tlv=tuple(control))


def _sale(operation: Sale, options: ZvtOptions) -> Message:
    return zvt.Authorization(
        amount_minor=operation.amount.amount_minor, currency=_currency(options), payment_type=_PT_DECIDES
    )


def _refund(operation: Refund, options: ZvtOptions) -> Message:
    return zvt.Refund(
        password=options.password, amount_minor=operation.amount.amount_minor, currency=_currency(options)
    )


def _preauth(operation: Preauth, options: ZvtOptions) -> Message:
    return zvt.Preauthorisation(
        amount_minor=operation.amount.amount_minor, currency=_currency(options), payment_type=_PT_DECIDES
    )


def _receipt_of(keys: Mapping[str, str], operation_id: str) -> str:
    receipt = keys.get("receipt")
    if receipt is None:
        raise LocalError(
            "original_without_receipt",
            f"operation {operation_id} has no receipt number, so its terminal cannot be told which to undo; "
            "make a refund instead",
        )
    return receipt


def _reversal(operation: Reversal, options: ZvtOptions) -> Message:
    original = operation.original
    receipt = _receipt_of(original.keys, original.operation_id)
    amount, currency = original.amount.amount_minor, _currency(options)
    if original.kind == "preauth":
        return zvt.PreauthReversal(receipt=receipt, amount_minor=amount, currency=currency)
    return zvt.Reversal(password=options.password, receipt=receipt, amount_minor=amount, currency=currency)


def _capture(operation: Capture, options: ZvtOptions) -> Message:
    original, currency = operation.original, _currency(options)
    receipt = _receipt_of(original.keys, original.operation_id)
    used = operation.amount.amount_minor
    if options.capture_with == "partial_reversal":
        unused = original.amount.amount_minor - used
        return zvt.PartialReversal(receipt=receipt, amount_minor=unused, currency=currency)
    return zvt.BookTotal(receipt=receipt, amount_minor=used, currency=currency)


def _reconcile(_operation: Reconcile, options: ZvtOptions) -> Message:
    return zvt.EndOfDay(password=options.password)


def _diagnose(operation: Diagnose, options: ZvtOptions) -> Message:
    return zvt.Initialisation(password=options.password) if operation.initialise else zvt.Diagnosis()


# Any: each builder takes its own operation; `command_for` looks it up by that very type.
_BUILDERS: Mapping[type, Callable[..., Message]] = {
    StoreCard: _store_card,
    Sale: _sale,
    Refund: _refund,
    Reversal: _reversal,
    Preauth: _preauth,
    Capture: _capture,
    Reconcile: _reconcile,
    Diagnose: _diagnose,
}
