"""What a receipt means: verdict, code and what may be known of the card. Total.

Only a positive list is conclusive; any other receipt is `incomplete`, and the order is to be asked.
"""

from __future__ import annotations

import re

from protocols.core.brands import brand_of
from protocols.core.card import Card, CardToken, StoredCard
from protocols.core.scrub import scrub
from protocols.core.values import Money
from protocols.core.vault import (
    CorrectOrder,
    DeleteToken,
    ListExpiring,
    PurchaseFrame,
    PurchaseToken,
    RefundOrder,
    StatusOf,
    TokenizeOrder,
    VaultAnswer,
    VaultRequest,
    VerifyFrame,
    VerifyToken,
)
from protocols.moneris import codes
from protocols.moneris.codec import cents
from protocols.moneris.messages import Receipt, ResolveData
from protocols.moneris.options import MonerisOptions

_CODE = re.compile(r"[0-9]{1,3}")
_VERIFICATIONS = (VerifyFrame, VerifyToken)
_ADMINISTRATION = (TokenizeOrder, DeleteToken, ListExpiring)
# TransType of the receipt that answers a request (field sheet): a receipt about something else is no answer.
_TYPES: dict[type | str, str] = {
    VerifyFrame: "06",
    VerifyToken: "06",
    PurchaseFrame: "00",
    PurchaseToken: "00",
    RefundOrder: "04",
    CorrectOrder: "11",
    "verify_frame": "06",
    "verify_token": "06",
    "purchase_frame": "00",
    "purchase_token": "00",
    "refund": "04",
    "correction": "11",
}


def answer_of(request: VaultRequest, receipt: Receipt, options: MonerisOptions) -> VaultAnswer:
    """The answer that a receipt gives to a request."""
    told = _without_result(request, receipt, options)
    if told is None and int(receipt.response_code or 0) >= 50:
        told = _refused_or_declined(request, receipt)
    if told is not None:
        return _answer(*told, receipt, options)
    if isinstance(request, _ADMINISTRATION):
        return _administered(request, receipt, options)
    return _approved(request, receipt, options)


def policy_refusal(avs: str | None, cvd: str | None, options: MonerisOptions) -> str | None:
    """The code with which the clinic's settings refuse to keep a card that the issuer approved; None to keep
    it. The gateway itself never declines for these results (field sheet)."""
    if cvd and cvd[-1] in options.refuse_cvd:
        return "cvd_mismatch"
    if avs and avs[0] in options.refuse_avs:
        return "avs_mismatch"
    return None


# --- verdicts -------------------------------------------------------------------------------------------


def _without_result(
    request: VaultRequest, receipt: Receipt, options: MonerisOptions
) -> tuple[str, str] | None:
    """Verdict and code of a receipt that tells no result of what was asked; None where it tells one."""
    if _is_unknown_order(request, receipt, options):
        return "unknown_order", "order_unknown"
    if _is_true(receipt.timed_out):
        return "incomplete", "vault_timed_out"
    if receipt.response_code is None:
        return _not_sent(request, receipt)
    if _CODE.fullmatch(receipt.response_code) and _is_true(receipt.complete):
        return _of_another(request, receipt, options)
    return "incomplete", "vault_incomplete"


def _of_another(request: VaultRequest, receipt: Receipt, options: MonerisOptions) -> tuple[str, str] | None:
    """A receipt about something else than was asked."""
    if not _is_foreign(request, receipt):
        return None
    alone = _tells_the_payment(request, receipt, options)
    return ("unknown_order", "order_unknown") if alone else ("incomplete", "vault_incomplete")


def _is_unknown_order(request: VaultRequest, receipt: Receipt, options: MonerisOptions) -> bool:
    """[?] The form of this reply is not confirmed; see the option."""
    if (
        not isinstance(request, StatusOf)
        or not options.unknown_order_text
        or receipt.response_code is not None
    ):
        return False
    code, text = receipt.status_code or "", (receipt.status_message or "").lower()
    return bool(_CODE.fullmatch(code)) and int(code) >= 50 and options.unknown_order_text.lower() in text


def _tells_the_payment(request: VaultRequest, receipt: Receipt, options: MonerisOptions) -> bool:
    """Whether a refund or a correction was asked about and the order has its payment alone."""
    follows = isinstance(request, StatusOf) and request.kind in ("refund", "correction")
    of_order = follows and request.order_id == receipt.receipt_id  # type: ignore[union-attr]  # a StatusOf
    return of_order and options.follow_up_status == "own" and receipt.trans_type in _TYPES.values()


def _not_sent(request: VaultRequest, receipt: Receipt) -> tuple[str, str]:
    """Not sent for authorisation, if the gateway says so in words that we know."""
    said = (receipt.message or "").lower()
    if said.startswith(codes.DUPLICATE):
        return "incomplete", "duplicate_order"
    code = next((code for beginning, code in codes.REFUSALS if said.startswith(beginning)), None)
    if code is None or (isinstance(request, StatusOf) and code != "vault_credentials"):
        # A status check that is refused was not taken for a question: what became of the order is not told.
        return "incomplete", "vault_incomplete"
    return "refused", code


def _is_foreign(request: VaultRequest, receipt: Receipt) -> bool:
    """Whether it is about another order or another kind of transaction than was asked."""
    wanted = _TYPES.get(request.kind if isinstance(request, StatusOf) else type(request))
    if wanted != receipt.trans_type and (
        isinstance(request, StatusOf) or None not in (wanted, receipt.trans_type)
    ):
        return True
    order_id = getattr(request, "order_id", None)
    if isinstance(request, _ADMINISTRATION) or receipt.receipt_id is None:
        return False
    return order_id != receipt.receipt_id


def _refused_or_declined(request: VaultRequest, receipt: Receipt) -> tuple[str, str]:
    if isinstance(request, _ADMINISTRATION):
        return "refused", "token_unknown" if isinstance(request, DeleteToken) else "vault_refused"
    verifies = isinstance(request, _VERIFICATIONS) or (
        isinstance(request, StatusOf) and request.kind in ("verify_frame", "verify_token")
    )
    if verifies and receipt.card_type == codes.INTERAC:
        return "declined", "interac_only"
    code = codes.ISO.get(receipt.iso or "") or codes.RESPONSE.get(receipt.response_code or "")
    return "declined", code or codes.DECLINED


def _administered(request: VaultRequest, receipt: Receipt, options: MonerisOptions) -> VaultAnswer:
    if not _is_true(receipt.res_success):
        return _answer("refused", "vault_refused", receipt, options)
    if isinstance(request, TokenizeOrder) and receipt.data_key is None:
        return _answer("incomplete", "vault_incomplete", receipt, options)
    code = {TokenizeOrder: "card_stored", DeleteToken: "card_deleted"}.get(type(request), "done")
    return _answer("done", code, receipt, options, token=isinstance(request, TokenizeOrder))


def _approved(request: VaultRequest, receipt: Receipt, options: MonerisOptions) -> VaultAnswer:
    kind = request.kind if isinstance(request, StatusOf) else ""
    if isinstance(request, _VERIFICATIONS) or kind in ("verify_frame", "verify_token"):
        refusal = policy_refusal(receipt.avs_result_code, receipt.cvd_result_code, options)
        if refusal is not None:
            return _answer("declined", refusal, receipt, options)
    return _answer("done", "approved", receipt, options)


# --- what else the receipt tells ------------------------------------------------------------------------


def _answer(
    verdict: str, code: str, receipt: Receipt, options: MonerisOptions, *, token: bool = False
) -> VaultAnswer:
    minor = cents(receipt.trans_amount or "")
    return VaultAnswer(
        verdict=verdict,  # type: ignore[arg-type]  # every caller names one of the verdicts
        code=code,
        message=scrub(" ".join((receipt.message or "").split()))[0],
        keys=_keys(receipt),
        card=_card(receipt),
        amount=None if minor is None else Money(minor, options.currency),
        authorisation_code=receipt.auth_code,
        token=CardToken(receipt.data_key, "chargeable", options.token_scope)
        if token and receipt.data_key
        else None,
        avs=receipt.avs_result_code,
        cvd=receipt.cvd_result_code,
        debit=receipt.card_type == codes.INTERAC
        or (_is_true(receipt.is_visa_debit) and options.visa_debit == "refuse"),
        cards=tuple(_stored(card) for card in receipt.resolved if card.data_key),
    )


def _keys(receipt: Receipt) -> dict[str, str]:
    found = {
        "transaction": receipt.trans_id,
        "issuer_id": receipt.issuer_id,
        "reference": receipt.reference_num,
        "order_id": receipt.receipt_id,
        "response_code": receipt.response_code,
        "iso": receipt.iso,
    }
    return {name: value for name, value in found.items() if value}


def _card(receipt: Receipt) -> Card | None:
    resolved = receipt.resolved[0] if len(receipt.resolved) == 1 else ResolveData()
    card = Card(
        brand=codes.BRANDS.get(receipt.card_type or "", receipt.card_type) or _brand_of(resolved.masked_pan),
        last_four=_last_four(resolved.masked_pan),
        expiry_yymm=resolved.expdate,
    )
    return None if card == Card() else card


def _stored(resolved: ResolveData) -> StoredCard:
    card = Card(
        brand=_brand_of(resolved.masked_pan),
        last_four=_last_four(resolved.masked_pan),
        expiry_yymm=resolved.expdate,
    )
    return StoredCard(resolved.data_key or "", card)


def _last_four(masked: str | None) -> str | None:
    tail = (masked or "").rpartition("*")[2]
    return tail if len(tail) == 4 and tail.isdecimal() else None


def _brand_of(masked: str | None) -> str | None:
    """What the first digits of a masked number suggest."""
    return brand_of((masked or "").partition("*")[0])


def _is_true(text: str | None) -> bool:
    return (text or "").lower() == "true"
