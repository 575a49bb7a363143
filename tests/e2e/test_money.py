"""Cards and money, approved and refused, over MQTT with mutual TLS, on a real pty and over TCP, for
staff and terminals in French and in English; what is reported is compared with the acquirer's ledger."""

from __future__ import annotations

import pytest

from protocols.contract.fields import Text
from protocols.contract.operation import OperationView
from terminal_agent.client import (
    Capture,
    Preauth,
    Refund,
    Reversal,
    Sale,
    StoreCard,
)
from tests.support.counter import approved, booked_so_far, says, sold
from tests.support.house import House
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


# --- store card ---------------------------------------------------------------------------------------


async def test_a_card_is_stored_and_nothing_is_charged(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(StoreCard(**house.stamp(), customer="p-1", purpose="recognition"), "mastercard")
    assert (view.state, view.card_stored, view.storable) == ("approved", "yes", True), view
    assert view.token is not None
    assert (view.token.kind, view.token.scope) == ("recognition", "merchant-1")
    assert view.card is not None
    assert (view.card.last_four, view.card.expiry, view.card.entry_mode) == ("4444", "3012", "tap")
    says(view.text, "Carte enregistrée", "Card stored")
    assert_true(view, house.lines(), before)


async def test_the_same_card_gives_the_same_token(house: House) -> None:
    tokens = [
        (await house.pay(StoreCard(**house.stamp(), customer=who, purpose="recognition"), "visa", "insert"))
        for who in ("p-1", "p-2")
    ]
    assert tokens[0].token is not None
    assert tokens[0].token == tokens[1].token


async def test_an_interac_card_is_not_stored_and_the_reason_is_told(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(
        StoreCard(**house.stamp(), customer="p-1", purpose="recognition"), "interac", "insert"
    )
    assert (view.state, view.card_stored, view.storable_reason) == ("declined", "no", "interac_only"), view
    says(view.text, "Interac ne peut pas être gardée", "Interac debit card cannot be kept")
    assert view.token is None
    assert_true(view, house.lines(), before)


# --- money ----------------------------------------------------------------------------------------------


async def test_a_sale_is_approved_with_receipts(house: House) -> None:
    before = booked_so_far(house)
    view = await sold(house, 1999)
    approved(house, view, before)
    assert (view.amount_minor, view.currency, view.actor) == (1999, "CAD", "staff-17")
    assert [slip.kind for slip in view.receipts] == ["merchant", "customer"]
    assert any("19,99" in line or "19.99" in line for line in view.receipts[0].lines)
    title = {"fr": "ACHAT", "en": "PURCHASE"}[house.locale]
    assert any(title in line for line in view.receipts[0].lines)


async def test_a_sale_with_pin_tells_each_step_in_both_languages(house: House) -> None:
    before = booked_so_far(house)
    pending = await house.start(Sale(**house.stamp(), amount_minor=3000))
    await house.station.present("visa", "insert")
    approved(house, await pending.outcome(LIMIT_S), before)
    told = {body["state"]: body["text"] for body in house.traffic.progress(pending.operation_id)}
    assert told.keys() >= {"awaiting_card", "pin", "authorizing"}
    says(Text(**told["awaiting_card"]), "Insérez", "Insert")
    says(Text(**told["pin"]), "NIP", "PIN")
    says(Text(**told["authorizing"]), "Autorisation", "Authorizing")


@pytest.mark.parametrize(
    ("cents", "code", "fr", "en"),
    [
        (5, "declined", "refusée", "declined"),
        (51, "insufficient_funds", "Fonds insuffisants", "funds"),
        (54, "card_expired", "expirée", "expired"),
    ],
)
async def test_a_sale_is_declined_and_the_reason_is_told(
    house: House, cents: int, code: str, fr: str, en: str
) -> None:
    before = booked_so_far(house)
    view = await house.pay(Sale(**house.stamp(), amount_minor=2000 + cents))
    assert (view.state, view.code, view.money) == ("declined", code, "none"), view
    says(view.text, fr, en)
    assert_true(view, house.lines(), before)


async def test_a_refund_gives_money_back(house: House) -> None:
    sale = await sold(house, 5000)
    before = booked_so_far(house)
    refund = Refund(**house.stamp(), amount_minor=2000, original_operation_id=sale.operation_id)
    approved(house, await house.pay(refund), before)


async def test_a_refund_is_declined(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(Refund(**house.stamp(), amount_minor=2000), "blocked")
    assert (view.state, view.money) == ("declined", "none"), view
    says(view.text, "carte est bloquée", "card is blocked")
    assert_true(view, house.lines(), before)


async def test_a_reversal_undoes_a_sale(house: House) -> None:
    sale = await sold(house)
    before = booked_so_far(house)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=sale.operation_id))
    approved(house, view, before)
    assert [line.reverses for line in house.lines()[before:]] == [house.lines()[before - 1].id]


async def test_a_reversal_is_refused_by_the_host(house: House) -> None:
    sale = await sold(house)
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="reversal", value=57)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=sale.operation_id))
    assert (view.state, view.money) == ("declined", "none"), view
    assert view.text.fr != view.text.en
    assert_true(view, house.lines(), before)


async def held(house: House, amount_minor: int = 8000) -> OperationView:
    """A pre-authorisation that was approved."""
    return await house.pay(Preauth(**house.stamp(), amount_minor=amount_minor))


async def test_a_preauthorisation_holds_the_amount(house: House) -> None:
    before = booked_so_far(house)
    view = await held(house)
    approved(house, view, before)
    assert view.money == "held"


async def test_a_preauthorisation_is_declined(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(Preauth(**house.stamp(), amount_minor=8000), "declined")
    assert (view.state, view.money) == ("declined", "none"), view
    says(view.text, "refusée", "declined")
    assert_true(view, house.lines(), before)


@pytest.mark.parametrize("part", [None, 4500], ids=["whole", "partial"])
async def test_a_capture_charges_what_is_held(house: House, part: int | None) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    capture = Capture(**house.stamp(), original_operation_id=preauth.operation_id, amount_minor=part)
    view = await house.run(capture)
    approved(house, view, before)
    assert (view.amount_minor, view.money) == (part or 8000, "charged")


async def test_a_capture_is_refused_by_the_host(house: House) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="capture", value=5)
    view = await house.run(Capture(**house.stamp(), original_operation_id=preauth.operation_id))
    assert (view.state, view.money) == ("declined", "none"), view
    says(view.text, "refusée", "declined")
    assert_true(view, house.lines(), before)


async def test_a_preauthorisation_is_released(house: House) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=preauth.operation_id))
    approved(house, view, before)
    assert [line.kind for line in house.lines()[before:]] == ["release"]


async def test_a_release_is_refused_by_the_host(house: House) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="release", value=5)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=preauth.operation_id))
    assert (view.state, view.money) == ("declined", "none"), view
    assert_true(view, house.lines(), before)
