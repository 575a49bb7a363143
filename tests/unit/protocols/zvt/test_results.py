"""What the terminal's answers mean: keys, outcomes, records. Every result code has an outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.card import Card, CardToken
from protocols.core.operations import (
    Capture,
    Diagnose,
    Original,
    Preauth,
    Reconcile,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
)
from protocols.core.outcomes import Approved, Cancelled, Declined, Evidence, NotStarted, Unknown
from protocols.core.values import Money
from protocols.zvt.messages import StatusInformation
from protocols.zvt.options import ZvtOptions
from protocols.zvt.results import (
    card_of,
    keys_of,
    outcome_of,
    record_of,
    refusal,
    tells_transaction,
    totals_of,
)
from protocols.zvt.tlv import node

PROOF = Evidence("dialogue")
OPTIONS = ZvtOptions()
PARTIAL = ZvtOptions(capture_with="partial_reversal")
PAID = Original("01PAID", "sale", Money(1_250), {"receipt": "0041"})
HELD = Original("01HELD", "preauth", Money(4_000), {"receipt": "0040"})
SALE = Sale(operation_id="op", amount=Money(1_250))
REFUND = Refund(operation_id="op", amount=Money(1_250))
REVERSAL = Reversal(operation_id="op", original=PAID)
PREAUTH = Preauth(operation_id="op", amount=Money(4_000))
CAPTURE = Capture(operation_id="op", original=HELD, amount=Money(3_000))
STORE = StoreCard(operation_id="op")
EVERY: tuple[Request, ...] = (
    SALE,
    REFUND,
    REVERSAL,
    PREAUTH,
    CAPTURE,
    STORE,
    Reconcile(operation_id="op"),
    Diagnose(operation_id="op"),
)
TOLD = StatusInformation(
    result_code=0,
    amount_minor=1_250,
    currency="124",
    receipt="0042",
    trace="000062",
    turnover="000042",
    date_mmdd="1122",
    time_hhmmss="150012",
    terminal_id="52500042",
    authorisation="123456\x00\x00",
    pan="************4242",
    expiry_yymm="3012",
    card_name="VISA CREDIT\x00",
    additional_text="APPROUVÉE",
)


# --- keys -------------------------------------------------------------------------------------------


def test_keys_are_the_terminals_references_by_name() -> None:
    assert keys_of(TOLD) == {
        "receipt": "0042",
        "trace": "000062",
        "turnover": "000042",
        "at": "1122150012",
        "terminal_id": "52500042",
    }


def test_numbers_of_zeros_are_none_at_all() -> None:
    zeros = replace(TOLD, receipt="0000", trace="000000", turnover="000000", terminal_id=None, date_mmdd=None)
    assert keys_of(zeros) == {}


def test_a_long_trace_stands_in_for_a_trace_of_zeros() -> None:
    long = replace(TOLD, trace="000000", tlv=(node(0x1F2B, bytes.fromhex("12345678")),))
    assert keys_of(long)["trace"] == "12345678"


def test_a_batch_says_that_it_is_one() -> None:
    assert keys_of(replace(TOLD, totals=bytes(53)))["kind"] == "batch"


def test_a_status_that_is_about_no_transaction() -> None:
    assert tells_transaction(TOLD)
    assert tells_transaction(StatusInformation(amount_minor=1))
    assert tells_transaction(StatusInformation(pan="************4242"))
    assert not tells_transaction(StatusInformation(result_code=0, terminal_id="52500042", receipt="0000"))


# --- approvals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "money"),
    [
        (SALE, "charged"),
        (REFUND, "returned"),
        (REVERSAL, "returned"),
        (PREAUTH, "held"),
        (CAPTURE, "charged"),
    ],
)
def test_an_approval_says_what_became_of_the_money(request_: Request, money: str) -> None:
    outcome = outcome_of(TOLD, request_, OPTIONS, PROOF)
    assert isinstance(outcome, Approved)
    assert (outcome.money, outcome.amount) == (money, Money(1_250))


def test_an_approval_holds_all_that_may_be_shown() -> None:
    outcome = outcome_of(TOLD, SALE, OPTIONS, PROOF)
    assert isinstance(outcome, Approved)
    assert outcome.authorisation_code == "123456"
    assert outcome.card == Card(brand="VISA CREDIT", last_four="4242", expiry_yymm="3012")
    assert (outcome.terminal_text, outcome.keys["receipt"]) == ("APPROUVÉE", "0042")
    assert not outcome.partial


def test_less_than_was_asked_is_partial_and_the_terminals_word() -> None:
    outcome = outcome_of(replace(TOLD, amount_minor=500), SALE, OPTIONS, PROOF)
    assert isinstance(outcome, Approved)
    assert (outcome.partial, outcome.amount) == (True, Money(500))


def test_an_approval_without_an_amount_is_of_what_was_asked() -> None:
    outcome = outcome_of(replace(TOLD, amount_minor=None), SALE, OPTIONS, PROOF)
    assert isinstance(outcome, Approved)
    assert (outcome.partial, outcome.amount) == (False, Money(1_250))


@pytest.mark.parametrize("told", [1_000, 3_000])
def test_a_capture_by_partial_reversal_is_of_what_was_used_whichever_part_is_told(told: int) -> None:
    status = replace(TOLD, amount_minor=told)
    outcome = outcome_of(status, CAPTURE, PARTIAL, PROOF)
    assert isinstance(outcome, Approved)
    assert (outcome.partial, outcome.amount) == (False, Money(3_000))
    assert record_of(status, CAPTURE, PARTIAL).amount == Money(3_000)


def test_a_capture_by_its_total_is_of_what_is_told() -> None:
    outcome = outcome_of(replace(TOLD, amount_minor=1_000), CAPTURE, OPTIONS, PROOF)
    assert isinstance(outcome, Approved)
    assert (outcome.partial, outcome.amount) == (True, Money(1_000))


# --- cards that are kept ----------------------------------------------------------------------------

TOKEN = node(0x1F14, bytes.fromhex("DEADBEEF"))
INTERAC = node(0x60, node(0x43, bytes.fromhex("A0000002771010")))


def test_a_token_is_of_the_kind_and_scope_of_the_settings() -> None:
    options = ZvtOptions(token_kind="chargeable", token_scope="merchant-1")
    outcome = outcome_of(StatusInformation(result_code=0, tlv=(TOKEN,)), STORE, options, PROOF)
    assert isinstance(outcome, Approved)
    assert outcome.token == CardToken("DEADBEEF", "chargeable", "merchant-1")
    assert outcome.money == "none"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (StatusInformation(result_code=0), "no_token"),
        (StatusInformation(result_code=0, tlv=(TOKEN, INTERAC)), "interac_only"),
        (StatusInformation(result_code=0, card_name="INTERAC", tlv=(TOKEN,)), "interac_only"),
    ],
)
def test_a_card_that_cannot_be_kept_is_declined_with_its_reason(status: StatusInformation, code: str) -> None:
    outcome = outcome_of(status, STORE, OPTIONS, PROOF)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.money) == (code, "none")


def test_interac_pays_all_the_same() -> None:
    outcome = outcome_of(replace(TOLD, tlv=(INTERAC,)), SALE, OPTIONS, PROOF)
    assert isinstance(outcome, Approved)
    assert outcome.card is not None
    assert outcome.card.brand == "Interac"


@pytest.mark.parametrize(("technology", "mode"), [(0, "swipe"), (1, "insert"), (2, "tap"), (9, None)])
def test_how_the_card_was_presented(technology: int, mode: str | None) -> None:
    card = card_of(StatusInformation(pan="****4242", tlv=(node(0x2F, node(0x1F12, bytes([technology]))),)))
    assert card is not None
    assert card.entry_mode == mode


@pytest.mark.parametrize(
    ("card_type", "tag", "brand"),
    [(0xFF, b"\x00\x2e", "Maestro"), (0xFF, b"\xe8", "Discover"), (None, b"\x00\x0a", "Visa"),
     (0x06, b"\x00\x2e", "Mastercard"), (0xFF, b"\x0f\xff", "LOYALTY")],
)  # fmt: skip
def test_a_card_type_that_does_not_fit_into_its_byte_is_in_tag_41(
    card_type: int | None, tag: bytes, brand: str
) -> None:
    told = StatusInformation(card_type=card_type, card_name="LOYALTY", tlv=(node(0x60, node(0x41, tag)),))
    card = card_of(told)
    assert card is not None
    assert card.brand == brand


def test_no_card_is_none() -> None:
    assert card_of(StatusInformation(result_code=0)) is None


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", EVERY)
@given(code=st.integers(0, 255))
def test_every_result_code_has_an_outcome_and_only_zero_approves(request_: Request, code: int) -> None:
    outcome = outcome_of(replace(TOLD, result_code=code), request_, OPTIONS, PROOF)
    approvable = code == 0 and request_ is not STORE
    assert isinstance(outcome, Approved) == approvable
    if code:
        assert type(refusal(code, PROOF, request_)) is type(outcome)
    if isinstance(outcome, Unknown):
        assert outcome.ask_again_s is not None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x05, Declined),
        (0x33, Declined),
        (0x64, Declined),
        (0x6C, Cancelled),
        (0x9C, NotStarted),
        (0xA1, Unknown),
        (0xFF, Unknown),
    ],
)
def test_refusals_by_their_nature(code: int, kind: type) -> None:
    assert type(refusal(code, PROOF, SALE)) is kind


def test_a_refusal_keeps_what_the_terminal_told_beside_the_code() -> None:
    outcome = outcome_of(replace(TOLD, result_code=5), SALE, OPTIONS, PROOF)
    assert isinstance(outcome, Declined)
    assert outcome.card is not None
    assert (outcome.keys["trace"], outcome.terminal_text) == ("000062", "APPROUVÉE")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (replace(TOLD, tlv=(node(0x1F17, b"Host down"),)), "APPROUVÉE"),
        (StatusInformation(additional_text="", tlv=(node(0x1F17, b"Host down"),)), "Host down"),
        (StatusInformation(tlv=(node(0x24, node(0x07, b"Card"), node(0x07, b"refused")),)), "Card refused"),
        (StatusInformation(additional_text=""), None),
    ],
)
@pytest.mark.parametrize("code", [0x05, 0x6C, 0xFF])
def test_the_terminals_words_stand_in_several_places(
    told: StatusInformation, words: str | None, code: int
) -> None:
    assert outcome_of(replace(told, result_code=code), SALE, OPTIONS, PROOF).terminal_text == words


def test_no_result_code_is_unknown() -> None:
    assert isinstance(outcome_of(replace(TOLD, result_code=None), SALE, OPTIONS, PROOF), Unknown)


# --- what is stored ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "money"), [(SALE, "returned"), (CAPTURE, "returned"), (REFUND, "none"), (REVERSAL, "none")]
)
def test_a_stored_transaction_that_was_undone_moved_nothing_in_the_end(request_: Request, money: str) -> None:
    record = record_of(replace(TOLD, result_code=0xB4), request_, OPTIONS)
    assert isinstance(record.result, Cancelled)
    assert (record.result.code, record.result.money) == ("reversed", money)


def test_a_reversal_that_is_answered_already_reversed_is_declined() -> None:
    live = record_of(replace(TOLD, result_code=0xB4), REVERSAL, OPTIONS, stored=False)
    assert isinstance(live.result, Declined)
    assert live.result.code == "already_reversed"


def test_a_record_knows_its_result_as_a_key_too() -> None:
    record = record_of(TOLD, SALE, OPTIONS)
    assert (record.keys["result"], record.amount, record.keys["receipt"]) == ("00", Money(1_250), "0042")
    assert isinstance(record.result, Approved)


def test_a_record_of_an_unknown_result_has_none() -> None:
    assert record_of(replace(TOLD, result_code=0xA1), SALE, OPTIONS).result is None


# --- the end of a day -------------------------------------------------------------------------------


def test_totals_by_brand_as_bmp_60_has_them() -> None:
    totals = bytes.fromhex("00010042" + "02000000002500" + "00000000000000" * 4 + "01000000000990" + "00" * 7)
    details = totals_of(StatusInformation(totals=totals))
    assert (details["receipt_from"], details["receipt_to"]) == ("0001", "0042")
    assert (details["girocard_count"], details["girocard_total_minor"]) == ("2", "2500")
    assert (details["diners_count"], details["diners_total_minor"]) == ("1", "990")
    assert (details["visa_count"], details["visa_total_minor"]) == ("0", "0")


@pytest.mark.parametrize("totals", [None, b"", bytes(52)])
def test_no_totals_or_half_of_them_are_none(totals: bytes | None) -> None:
    assert totals_of(StatusInformation(totals=totals)) == {}
