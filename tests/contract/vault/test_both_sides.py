"""The agent's vault against the simulated one, by bytes: what is told is what stands in the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from protocols.core.card import Address
from protocols.core.values import Money
from protocols.core.vault import (
    CorrectOrder,
    DeleteToken,
    ListExpiring,
    NoAnswer,
    OrderKind,
    RefundOrder,
    StatusOf,
    StoredCredential,
    VaultAnswer,
    VaultRequest,
    VerifyToken,
)
from simulator.acquirer.totals import balance, live_charges
from simulator.vault.settings import Moment, Trouble, VaultFault, VaultSettings
from tests.support.vault_shop import INTERAC, MASTERCARD, VISA, Shop, charge, frame_of, sale, tokenize, verify

Verdict = Literal["done", "declined", "unknown_order", "refused", "incomplete"]


def _stored(shop: Shop, number: str = VISA, order: str = "A1") -> tuple[str, str]:
    verified = shop.done(verify(order, frame_of(number)))
    kept = shop.done(tokenize(order, verified.keys["transaction"]))
    assert kept.token is not None
    return kept.token.value, verified.keys["issuer_id"]


def _verdict(answer: VaultAnswer | NoAnswer) -> tuple[str, str]:
    assert isinstance(answer, VaultAnswer), answer
    return answer.verdict, answer.code


@pytest.mark.parametrize("split", [0, 1, 7])
def test_a_card_is_stored_and_a_no_show_charged_with_the_kept_issuer_id(split: int) -> None:
    shop = Shop(split=split)
    token, issuer_id = _stored(shop)
    shop.now += timedelta(days=31)
    charged = shop.done(charge("A2", token, issuer_id))
    assert charged.amount == Money(4000)
    assert charged.card is not None
    assert (charged.card.brand, charged.card.last_four) == ("Visa", "4242")
    assert [(line.kind, line.order, line.reason) for line in shop.ledger.lines()] == [
        ("verification", "A1", "C/0"),
        ("token_stored", "A1", ""),
        ("charge", "A2", "U/2"),
    ]
    stored = shop.ledger.lines()[1]
    assert (stored.token, stored.card, stored.customer) == (token, "************4242", "01J")


def test_tokenizing_twice_gives_the_same_token_and_books_once() -> None:
    shop = Shop()
    token, _ = _stored(shop)
    again, _ = _stored(shop, order="A2")
    assert again == token
    assert shop.kinds().count("token_stored") == 1


def test_a_sale_is_refunded_in_parts_and_never_beyond() -> None:
    shop = Shop()
    bought = shop.done(sale("A1", frame_of(VISA), keyed=False))
    refund = RefundOrder(
        order_id="A1", customer="01J", transaction=bought.keys["transaction"], amount=Money(1500)
    )
    assert shop.done(refund).amount == Money(1500)
    assert _verdict(shop.ask(refund)) == ("refused", "vault_refused")
    assert shop.done(replace(refund, amount=Money(1000))).keys["order_id"] == "A1"
    assert balance(shop.ledger.lines()) == {"CAD": 0}


def test_a_correction_undoes_a_sale_once() -> None:
    shop = Shop()
    bought = shop.done(sale("A1", frame_of(VISA)))
    undo = CorrectOrder(order_id="A1", customer="01J", transaction=bought.keys["transaction"])
    shop.done(undo)
    assert _verdict(shop.ask(undo)) == ("refused", "vault_refused")
    assert live_charges(shop.ledger.lines()) == ()
    assert shop.kinds() == ["charge", "reversal"]


@pytest.mark.parametrize(
    ("minor", "code"),
    [(5, "declined_by_host"), (2, "approved"), (1, "call_issuer"), (9, "host_no_answer"),
     (14, "card_invalid"), (51, "insufficient_funds"), (954, "card_expired"), (57, "card_not_admitted"),
     (5500, "card_blocked"), (12_500, "card_expired"), (8500, "approved")],
)  # fmt: skip
def test_the_amount_chooses_the_answer(minor: int, code: str) -> None:
    shop = Shop()
    assert _verdict(shop.ask(sale("A1", frame_of(VISA), minor)))[1] == code
    assert shop.kinds() == (["charge"] if code == "approved" else [])


@pytest.mark.parametrize(
    ("frame", "verdict", "code"),
    [
        (frame_of(VISA, "2610"), "declined", "card_expired"),
        (frame_of("371449635398431"), "declined", "declined_by_host"),
        (frame_of("4242424242424241"), "declined", "card_invalid"),
        (frame_of(INTERAC), "declined", "interac_only"),
        (frame_of(VISA, cvv="999"), "declined", "cvd_mismatch"),
        (frame_of("378282246310005", cvv="9999"), "declined", "cvd_mismatch"),
        (frame_of(VISA, cvv="123"), "done", "approved"),
        (b"no frame at all", "refused", "vault_refused"),
    ],
)
def test_a_verification_that_is_not_done_leaves_nothing_stored(frame: bytes, verdict: str, code: str) -> None:
    shop = Shop()
    assert _verdict(shop.ask(verify("A1", frame))) == (verdict, code)
    assert "token_stored" not in shop.kinds()


@pytest.mark.parametrize(
    ("address", "avs", "verdict"),
    [(Address("h0h 0h0"), "N", "declined"), (Address("H2X1Y4"), "Z", "done"),
     (Address("H2X1Y4", "212", "Payton"), "Y", "done"), (Address("H0H0H2"), "U", "done"),
     (Address(), None, "done")],
)  # fmt: skip
def test_the_address_is_compared(address: Address, avs: str | None, verdict: Verdict) -> None:
    answer = Shop().ask(replace(verify("A1", frame_of(VISA)), address=address))
    assert isinstance(answer, VaultAnswer)
    assert (answer.avs, answer.verdict) == (avs, verdict)


def test_an_interac_card_pays_and_is_not_kept() -> None:
    shop = Shop()
    bought = shop.done(sale("A1", frame_of(INTERAC)))
    assert bought.debit
    assert _verdict(shop.ask(tokenize("A1", bought.keys["transaction"])))[0] == "refused"
    assert shop.kinds() == ["charge"]


def test_a_stored_credential_needs_the_issuers_id_of_its_own_card() -> None:
    shop = Shop()
    token, issuer_id = _stored(shop)
    _, others = _stored(shop, MASTERCARD, "A2")
    for wrong in (None, "139X3130ASCXAS9", others):
        assert _verdict(shop.ask(charge(f"B{wrong}", token, wrong)))[0] == "refused"
    assert "charge" not in shop.kinds()
    shop.done(charge("C1", token, issuer_id, "cardholder"))
    assert shop.ledger.lines()[-1].reason == "Z/2"


def test_a_stored_card_is_verified_listed_and_deleted() -> None:
    shop = Shop()
    token, issuer_id = _stored(shop, MASTERCARD)
    look = VerifyToken(
        order_id="A3", customer="01J", token=token, credential=StoredCredential("cardholder", issuer_id)
    )
    assert shop.done(look).keys["issuer_id"] == issuer_id
    assert shop.done(ListExpiring()).cards == ()
    shop.now = shop.now.replace(year=2030, month=12, day=1)
    (listed,) = shop.done(ListExpiring()).cards
    assert (listed.token, listed.card.brand, listed.card.expiry_yymm) == (token, "Mastercard", "3012")
    assert shop.done(DeleteToken(token)).code == "card_deleted"
    assert _verdict(shop.ask(DeleteToken(token))) == ("refused", "token_unknown")
    assert _verdict(shop.ask(replace(look, order_id="A4"))) == ("refused", "token_unknown")
    assert shop.kinds()[-1] == "token_deleted"


def test_an_order_id_is_taken_once_whatever_became_of_it() -> None:
    shop = Shop()
    shop.ask(sale("A1", frame_of(VISA), 5))
    assert _verdict(shop.ask(sale("A1", frame_of(VISA)))) == ("incomplete", "duplicate_order")
    assert _verdict(shop.ask(StatusOf("A1", "purchase_frame")))[0] == "declined"
    assert shop.kinds() == []


def test_an_order_that_the_agent_has_forgotten_is_found_and_not_made_again() -> None:
    shop = Shop()
    shop.done(sale("A1", frame_of(VISA)))
    assert _verdict(shop.ask(sale("A1", frame_of(VISA)))) == ("incomplete", "duplicate_order")
    assert shop.done(StatusOf("A1", "purchase_frame")).amount == Money(2500)
    assert shop.kinds() == ["charge"]


def test_a_wrong_store_or_token_is_refused() -> None:
    shop = Shop(settings=VaultSettings(stores=("other:token",)))
    assert _verdict(shop.ask(sale("A1", frame_of(VISA)))) == ("refused", "vault_credentials")
    assert _verdict(shop.ask(StatusOf("A1", "purchase_frame"))) == ("refused", "vault_credentials")


# --- losses ---------------------------------------------------------------------------------------------

LOSSES: list[tuple[Moment, Trouble, bool]] = [
    ("received", "cut", False),
    ("received", "timed_out", False),
    ("received", "error", False),
    ("received", "http", False),
    ("received", "garbage", False),
    ("done", "cut", True),
    ("done", "half", True),
    ("done", "timed_out", True),
    ("done", "error", True),
    ("done", "http", True),
    ("done", "garbage", True),
]


@pytest.mark.parametrize(("when", "what", "booked"), LOSSES)
@pytest.mark.parametrize("kind", ["verify_frame", "purchase_frame", "purchase_token", "refund", "correction"])
def test_a_lost_answer_is_never_a_verdict_and_the_status_check_tells_the_truth(
    when: Moment, what: Trouble, booked: bool, kind: OrderKind
) -> None:
    shop = Shop()
    asked, order = _prepared(shop, kind)
    before = len(shop.ledger.lines())
    shop.desk.plan(VaultFault(when=when, what=what))
    lost = shop.ask(asked)
    assert isinstance(lost, NoAnswer) or lost.verdict == "incomplete"
    assert (len(shop.ledger.lines()) > before) == booked
    found = shop.ask(StatusOf(order, kind))
    assert isinstance(found, VaultAnswer)
    assert found.verdict == ("done" if booked else "unknown_order")
    if booked:
        line = shop.ledger.lines()[-1]
        assert (line.receipt, line.order) == (found.keys["transaction"], order)
        assert found.amount == Money(line.amount_minor)
    assert len(shop.ledger.lines()) == before + booked


def _prepared(shop: Shop, kind: OrderKind) -> tuple[VaultRequest, str]:
    """A request of a kind, with what must have happened before it."""
    if kind == "verify_frame":
        return verify("A9", frame_of(VISA)), "A9"
    if kind == "purchase_frame":
        return sale("A9", frame_of(VISA), keyed=False), "A9"
    if kind == "purchase_token":
        return charge("A9", *_stored(shop)), "A9"
    transaction = shop.done(sale("A8", frame_of(VISA))).keys["transaction"]
    if kind == "refund":
        return RefundOrder(order_id="A8", customer="01J", transaction=transaction, amount=Money(100)), "A8"
    return CorrectOrder(order_id="A8", customer="01J", transaction=transaction), "A8"


def test_a_decline_is_still_a_decline_when_it_is_asked_for_later() -> None:
    shop = Shop(faults=(VaultFault(when="done", what="cut"),))
    assert isinstance(shop.ask(sale("A1", frame_of(VISA), 51)), NoAnswer)
    assert _verdict(shop.ask(StatusOf("A1", "purchase_frame"))) == ("declined", "insufficient_funds")


def test_a_planned_decline_and_a_planned_duplicate() -> None:
    shop = Shop(
        faults=(
            VaultFault(when="received", what="decline", value=61, command="enc_purchase", nth=1),
            VaultFault(when="received", what="duplicate", command="enc_purchase", nth=2),
        )
    )
    assert _verdict(shop.ask(sale("A1", frame_of(VISA)))) == ("declined", "limit_exceeded")
    assert _verdict(shop.ask(sale("A2", frame_of(VISA)))) == ("incomplete", "duplicate_order")
    assert _verdict(shop.ask(StatusOf("A2", "purchase_frame")))[0] == "unknown_order"
    shop.done(sale("A3", frame_of(VISA)))
    assert shop.kinds() == ["charge"]


def test_an_answer_that_is_too_late_is_none() -> None:
    shop = Shop(faults=(VaultFault(when="done", what="slow", seconds=36.0),))
    lost = shop.ask(sale("A1", frame_of(VISA)))
    assert isinstance(lost, NoAnswer)
    assert lost.sent
    assert shop.kinds() == ["charge"]
    assert _verdict(shop.ask(StatusOf("A1", "purchase_frame")))[0] == "done"


def test_a_status_check_can_be_lost_too() -> None:
    shop = Shop(faults=(VaultFault(when="received", what="cut", command="status"),))
    shop.done(sale("A1", frame_of(VISA)))
    assert isinstance(shop.ask(StatusOf("A1", "purchase_frame")), NoAnswer)
    assert _verdict(shop.ask(StatusOf("A1", "purchase_frame")))[0] == "done"
    assert _verdict(shop.ask(StatusOf("A1", "verify_frame")))[0] == "unknown_order"


def test_a_question_carries_neither_frame_nor_token() -> None:
    shop = Shop()
    shop.ask(StatusOf("A1", "purchase_token"))
    assert b"enc_track2>" not in shop.requests[-1]
    assert b"data_key" not in shop.requests[-1]
    assert b"amount" not in shop.requests[-1]
