"""What each receipt means: the whole table, and that nothing outside it is conclusive."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.contract.wording import TEXTS
from protocols.core.card import CardToken
from protocols.core.values import Money
from protocols.core.vault import (
    DeleteToken,
    ListExpiring,
    PurchaseToken,
    RefundOrder,
    StatusOf,
    TokenizeOrder,
    VaultAnswer,
    VaultRequest,
)
from protocols.moneris import codes
from protocols.moneris.codec import read_receipt
from protocols.moneris.options import MonerisOptions
from protocols.moneris.results import answer_of, policy_refusal
from tests.support.vault_paper import APPROVED, OPTIONS, no_show, purchase, receipt, verify
from tests.support.vectors import load

REFUND = RefundOrder(order_id="A1-1", customer="01J", transaction="799655-0_11", amount=Money(1250))
TOKENIZE = TokenizeOrder(order_id="A1-1", customer="01J", transaction="799655-0_11")


QUESTION = StatusOf("A1-1", "purchase_token")


def _order(order_id: str) -> PurchaseToken:
    return replace(no_show(), order_id=order_id)


def _answer(request: VaultRequest, options: MonerisOptions = OPTIONS, /, **changed: str) -> VaultAnswer:
    return answer_of(request, read_receipt(receipt(**{**APPROVED, **changed})), options)


def test_an_approval_tells_what_is_known() -> None:
    answer = _answer(purchase(), IsVisaDebit="false", IssuerId="139X3130ASCXAS9")
    assert (answer.verdict, answer.code, answer.amount) == ("done", "approved", Money(1250))
    assert answer.keys["transaction"] == "799655-0_11"
    assert answer.keys["issuer_id"] == "139X3130ASCXAS9"
    assert answer.authorisation_code == "123456"
    assert answer.message == "APPROVED * ="
    assert answer.card is not None
    assert answer.card.brand == "Visa"


@pytest.mark.parametrize(
    ("changed", "verdict", "code"),
    [
        ({"ResponseCode": "049"}, "done", "approved"),
        ({"ResponseCode": "050", "ISO": "05"}, "declined", "declined_by_host"),
        ({"ResponseCode": "481", "ISO": "51"}, "declined", "insufficient_funds"),
        ({"ResponseCode": "482", "ISO": "null"}, "declined", "card_expired"),
        ({"ResponseCode": "999", "ISO": "99"}, "declined", "declined_by_host"),
        ({"ResponseCode": "null"}, "incomplete", "vault_incomplete"),
        ({"ResponseCode": "0x1"}, "incomplete", "vault_incomplete"),
        ({"ResponseCode": "²7"}, "incomplete", "vault_incomplete"),
        ({"Complete": "false"}, "incomplete", "vault_incomplete"),
        ({"Complete": "null"}, "incomplete", "vault_incomplete"),
        ({"TimedOut": "true"}, "incomplete", "vault_timed_out"),
        ({"TransType": "04"}, "incomplete", "vault_incomplete"),
        ({"ReceiptId": "other"}, "incomplete", "vault_incomplete"),
        ({"ResponseCode": "null", "Message": "API token mismatch"}, "refused", "vault_credentials"),
        ({"ResponseCode": "null", "Message": "Invalid data key"}, "refused", "token_unknown"),
    ],
)  # fmt: skip
def test_only_a_positive_list_is_conclusive(changed: dict[str, str], verdict: str, code: str) -> None:
    answer = _answer(purchase(), **changed)
    assert (answer.verdict, answer.code) == (verdict, code)


@pytest.mark.parametrize(
    ("entry", "request_", "verdict", "code"),
    [
        ("token-purchase-approved", _order("Test1726639736860"), "done", "approved"),
        ("token-purchase-declined", _order("Test1726747179494"), "declined", "declined_by_host"),
        ("token-purchase-duplicate-order", no_show(), "incomplete", "duplicate_order"),
        ("token-purchase-duplicate-order", QUESTION, "incomplete", "duplicate_order"),
        ("token-deleted", DeleteToken("HDHvxZBjes7husgu4ayTtjm55"), "done", "card_deleted"),
        ("global-error", purchase(), "incomplete", "vault_timed_out"),
    ],
)  # fmt: skip
def test_captured_receipts(entry: str, request_: VaultRequest, verdict: str, code: str) -> None:
    document = next(one["xml"] for one in load("moneris") if one["id"] == entry)
    answer = answer_of(request_, read_receipt(document.encode()), OPTIONS)
    assert (answer.verdict, answer.code) == (verdict, code)


# --- status checks --------------------------------------------------------------------------------------

UNKNOWN = {"ResponseCode": "null", "Complete": "false", "status_code": "999", "status_message": "not found"}


def test_an_unknown_order_is_recognised_by_code_and_text() -> None:
    asked = StatusOf("A1-1", "purchase_frame")
    assert _answer(asked, **UNKNOWN).verdict == "unknown_order"
    assert _answer(asked, **{**UNKNOWN, "status_code": "001"}).verdict == "incomplete"
    assert _answer(asked, **{**UNKNOWN, "status_message": "null"}).verdict == "incomplete"
    assert _answer(asked, MonerisOptions(unknown_order_text=""), **UNKNOWN).verdict == "incomplete"
    assert _answer(purchase(), **UNKNOWN).verdict == "incomplete"


def test_the_receipt_of_the_purchase_is_no_answer_about_its_refund() -> None:
    assert _answer(StatusOf("A1-1", "refund")).verdict == "incomplete"
    assert _answer(StatusOf("A1-1", "refund"), TransType="null").verdict == "incomplete"
    assert _answer(StatusOf("A1-1", "refund"), TransType="04").verdict == "done"


# --- storing --------------------------------------------------------------------------------------------


def test_a_token_is_chargeable_in_the_scope_of_the_settings() -> None:
    answer = _answer(
        TOKENIZE, MonerisOptions(token_scope="clinic"), ResponseCode="001", ResSuccess="true", DataKey="k1"
    )
    assert (answer.code, answer.token) == ("card_stored", CardToken("k1", "chargeable", "clinic"))
    assert _answer(TOKENIZE, ResponseCode="001", ResSuccess="true").verdict == "incomplete"
    assert _answer(TOKENIZE, ResponseCode="001", ResSuccess="false", DataKey="k1").verdict == "refused"
    assert _answer(DeleteToken("k1"), ResponseCode="983", ResSuccess="false").code == "token_unknown"


def test_a_list_of_cards_shows_brand_last_four_and_expiry() -> None:
    held = b"<data_key>k1</data_key><masked_pan>5454***5454</masked_pan><expdate>2611</expdate>"
    cards = b"<ResolveData>" + held + b"</ResolveData>"
    document = receipt(ResponseCode="001", Complete="true", ResSuccess="true").replace(
        b"</receipt>", cards * 2 + b"</receipt>"
    )
    answer = answer_of(ListExpiring(), read_receipt(document), OPTIONS)
    assert [
        (one.token, one.card.brand, one.card.last_four, one.card.expiry_yymm) for one in answer.cards
    ] == [("k1", "Mastercard", "5454", "2611")] * 2


@pytest.mark.parametrize(
    ("avs", "cvd", "refused"),
    [("N", "1M", "avs_mismatch"), ("Y", "1N", "cvd_mismatch"), ("Y", "1D", "cvd_mismatch"),
     ("Y", "1M", None), ("U", "1P", None), ("A", None, None), (None, None, None)],
)  # fmt: skip
def test_the_clinic_decides_about_address_and_security_code(
    avs: str | None, cvd: str | None, refused: str | None
) -> None:
    assert policy_refusal(avs, cvd, OPTIONS) == refused
    changed = {"TransType": "06", "AvsResultCode": avs or "null", "CvdResultCode": cvd or "null"}
    for asked in (verify(), StatusOf("A1-1", "verify_frame")):
        answer = _answer(asked, **changed)
        assert answer.verdict == ("done" if refused is None else "declined")
        assert answer.code == (refused or "approved")
    assert policy_refusal(avs, cvd, MonerisOptions(refuse_avs="", refuse_cvd="")) is None


def test_a_result_never_undoes_a_purchase() -> None:
    assert _answer(purchase(), AvsResultCode="N", CvdResultCode="1N").verdict == "done"


def test_interac_is_debit_and_visa_debit_by_the_settings() -> None:
    assert _answer(verify(), TransType="06", CardType="P").debit
    refused = _answer(verify(), TransType="06", CardType="P", ResponseCode="055", ISO="40")
    assert (refused.verdict, refused.code) == ("declined", "interac_only")
    assert not _answer(verify(), TransType="06", IsVisaDebit="true").debit
    assert _answer(verify(), MonerisOptions(visa_debit="refuse"), TransType="06", IsVisaDebit="true").debit


def test_a_card_number_in_a_message_is_masked() -> None:
    assert "4242424242424242" not in _answer(purchase(), Message="card 4242424242424242").message


def test_a_refund_is_answered_by_a_refund() -> None:
    assert _answer(REFUND, TransType="04").verdict == "done"
    assert _answer(REFUND, TransType="00").verdict == "incomplete"


def test_every_code_has_words() -> None:
    told = {*codes.ISO.values(), *codes.RESPONSE.values(), *(code for _, code in codes.REFUSALS)}
    told |= {
        "duplicate_order",
        "vault_timed_out",
        "vault_incomplete",
        "vault_silent",
        "vault_garbled",
        "order_unknown",
    }
    told |= {
        "avs_mismatch",
        "cvd_mismatch",
        "interac_only",
        "card_stored",
        "card_deleted",
        "approved",
        "done",
    }
    assert told - TEXTS.keys() == set()
