"""Invoices: what is due, what is refused, which card is offered, what is given back and how."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from protocols.contract.events import Corrected
from protocols.contract.fields import Text
from protocols.contract.operation import EvidenceView
from simulator.clinic import appointments, cards, fleet, invoices, operations, paying
from simulator.clinic.asking import Refused
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row
from simulator.clinic.fleet import Desk
from simulator.clinic.invoices import Invoice
from simulator.clinic.paying import Back
from tests.support.clinic_records import (
    BY,
    READER,
    TERMINAL,
    card_on_file,
    client_of,
    ended,
    later,
    records,
)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


@pytest.fixture
def invoice(clinic: Clinic) -> str:
    """Sophie's visit of 95 dollars at Plateau-Mont-Royal."""
    (row,) = clinic.db.all(
        "SELECT id FROM appointments WHERE patient = 'patient-42' AND starts LIKE '2026-11-22%'"
    )
    appointment = appointments.get(clinic.db, row["id"])
    assert appointment is not None
    made = invoices.for_visit(clinic.db, appointment, "staff-17", clinic.wall())
    assert invoices.for_visit(clinic.db, appointment, "staff-17", clinic.wall()) == made
    return made


def now(clinic: Clinic, name: str) -> Invoice:
    found = invoices.load(clinic.db, name)
    assert found is not None
    return found


def desk(clinic: Clinic, key: str) -> Desk:
    found = fleet.find(clinic.db, clinic.link, key)
    assert found is not None
    return found


async def sold(clinic: Clinic, invoice: str, amount: int, key: str = TERMINAL) -> str:
    return await paying.with_terminal(clinic, now(clinic, invoice), desk(clinic, key), amount, BY)


async def refused(asked: Coroutine[Any, Any, Any]) -> str:
    with pytest.raises(Refused) as why:
        await asked
    return why.value.key


def truth(clinic: Clinic, name: str, money: str, amount: int) -> None:
    """What an agent finds out after the end."""
    state = "declined" if money == "none" else "approved"
    told = Corrected(
        operation_id=name,
        was="declined" if money != "none" else "approved",
        state=state,
        money=money,
        code=state,
        amount_minor=amount,
        text=Text(fr="Vérité.", en="Truth."),
        evidence=EvidenceView(source="batch"),
    )
    operations.corrected(clinic.db, told, clinic.wall())


def command(clinic: Clinic, name: str) -> dict[str, Any]:
    row = operations.get(clinic.db, name)
    assert row is not None
    return {"op": row["op"], **json.loads(row["data"])}


async def test_what_was_charged_counts_whatever_was_asked(clinic: Clinic, invoice: str) -> None:
    assert (now(clinic, invoice).word, now(clinic, invoice).due_minor) == ("due", 9500)
    name = await sold(clinic, invoice, 9500)
    assert now(clinic, invoice).word == "under_way"
    assert await refused(sold(clinic, invoice, 100)) == "refused.under_way"
    ended(clinic, name, "charged", 4000)
    assert (now(clinic, invoice).word, now(clinic, invoice).due_minor) == ("part_paid", 5500)
    assert await refused(sold(clinic, invoice, 5501)) == "pay.too_much"
    ended(clinic, await sold(clinic, invoice, 5500), "charged", 5500)
    assert now(clinic, invoice).word == "paid"
    assert await refused(sold(clinic, invoice, 1)) == "pay.paid"


async def test_in_doubt_nothing_more_is_asked(clinic: Clinic, invoice: str) -> None:
    name = await sold(clinic, invoice, 9500)
    ended(clinic, name, "unknown", 9500, "in_doubt")
    assert now(clinic, invoice).word == "checking"
    assert await refused(sold(clinic, invoice, 9500)) == "refused.under_way"


async def test_a_sale_that_its_terminal_took_back_has_moved_nothing(clinic: Clinic, invoice: str) -> None:
    ended(clinic, await sold(clinic, invoice, 9500), "returned", 9500, "cancelled")
    assert (now(clinic, invoice).word, now(clinic, invoice).moves) == ("due", ())


async def test_a_truth_found_later_changes_what_is_due(clinic: Clinic, invoice: str) -> None:
    card = card_on_file(clinic)
    name = await paying.with_card(clinic, now(clinic, invoice), card, 9500, BY)
    ended(clinic, name, "none", 9500, "declined")
    truth(clinic, name, "charged", 9500)
    assert now(clinic, invoice).word == "paid"
    assert [line["what"] for line in cards.history(clinic.db, card)] == ["charged"]


async def test_a_truth_found_after_the_closing_stays_in_its_batch(clinic: Clinic, invoice: str) -> None:
    name = await sold(clinic, invoice, 9500)
    ended(clinic, name, "charged", 9500)
    clinic.db.run("UPDATE payments SET batch = 'b-1'")
    truth(clinic, name, "charged", 9000)
    (payment,) = now(clinic, invoice).moves
    assert (payment["amount_minor"], payment["batch"]) == (9000, "b-1")


async def test_cards_that_are_not_offered_say_why(clinic: Clinic, invoice: str) -> None:
    told = {
        card_on_file(clinic): "",
        card_on_file(clinic, expiry="2610"): "offer.expired",
        card_on_file(clinic, expiry="2611"): "",
        card_on_file(clinic, scope="merchant-9"): "offer.other_scope",
        card_on_file(clinic, kind="recognition"): "offer.recognition",
        card_on_file(clinic, no_show_consent=0): "",
    }
    offers = paying.offers(clinic, "patient-42", "plateau", no_show=False)
    assert {offer.card["id"]: offer.why for offer in offers} == told
    for card, why in told.items():
        if why:
            assert await refused(paying.with_card(clinic, now(clinic, invoice), card, 100, BY)) == why
    missed = paying.offers(clinic, "patient-42", "plateau", no_show=True)
    assert [offer.why for offer in missed if not offer.card["no_show_consent"]] == ["offer.no_consent"]
    elsewhere = paying.offers(clinic, "patient-42", "laval", no_show=False)
    assert {offer.why for offer in elsewhere} == {"offer.expired", "offer.other_scope", "offer.recognition"}
    others = card_on_file(clinic, "patient-44")
    assert await refused(paying.with_card(clinic, now(clinic, invoice), others, 100, BY)) == "pay.no_card"


async def test_a_visit_is_charged_with_the_patient_asking(clinic: Clinic, invoice: str) -> None:
    name = await paying.with_card(clinic, now(clinic, invoice), card_on_file(clinic), 4750, BY)
    sent = command(clinic, name)
    assert (sent["op"], sent["purpose"], sent.get("consent")) == ("charge_card", "appointment", None)
    assert sent["network_transaction_id"] == "ntid-1"


async def test_an_agent_that_is_away_is_asked_nothing(clinic: Clinic, invoice: str) -> None:
    client_of(clinic).away = True
    assert await refused(sold(clinic, invoice, 9500)) == "refused.away"
    assert clinic.db.all("SELECT * FROM operations") == []
    assert now(clinic, invoice).word == "due"


async def test_a_terminal_of_another_point_of_service_takes_nothing(clinic: Clinic, invoice: str) -> None:
    clinic.db.run("UPDATE terminals SET point = 'laval' WHERE terminal = 't1'")
    assert await refused(sold(clinic, invoice, 9500)) == "pay.no_terminal"


async def given(clinic: Clinic, invoice: str, amount: int, *, credit: bool = False) -> str:
    """Give back of the first payment."""
    found = now(clinic, invoice)
    return await paying.give_back(clinic, found, found.payments[0], Back(amount, credit), BY)


async def test_todays_whole_payment_is_reversed_and_anything_else_refunded(
    clinic: Clinic, invoice: str
) -> None:
    sale = await sold(clinic, invoice, 9500, READER)
    ended(clinic, sale, "charged", 9500)
    assert await refused(given(clinic, invoice, 9501)) == "refund.too_much"
    part = await given(clinic, invoice, 2000)
    assert (command(clinic, part)["op"], command(clinic, part)["original_operation_id"]) == ("refund", sale)
    assert await refused(given(clinic, invoice, 100)) == "refused.under_way"
    ended(clinic, part, "returned", 2000)
    assert (now(clinic, invoice).payments[0].left_minor, now(clinic, invoice).due_minor) == (7500, 2000)
    rest = await given(clinic, invoice, 7500)
    assert command(clinic, rest)["op"] == "refund"  # it is not untouched any more
    ended(clinic, rest, "returned", 7500)
    assert await refused(given(clinic, invoice, 1)) == "refund.too_much"

    again = await sold(clinic, invoice, 9500, READER)
    ended(clinic, again, "charged", 9500)
    payment = now(clinic, invoice).payments[-1]
    whole = await paying.give_back(clinic, now(clinic, invoice), payment, Back(9500), BY)
    assert command(clinic, whole)["op"] == "reversal"


@pytest.mark.parametrize("why", ["next day", "batch closed"])
async def test_yesterdays_or_a_closed_batchs_payment_is_refunded(
    clinic: Clinic, invoice: str, why: str
) -> None:
    ended(clinic, await sold(clinic, invoice, 9500), "charged", 9500)
    if why == "next day":
        later(clinic, timedelta(hours=12))
    else:
        clinic.db.run("UPDATE payments SET batch = 'b-1'")
    assert command(clinic, await given(clinic, invoice, 9500))["op"] == "refund"


async def test_what_is_given_back_for_good_is_not_due_any_more(clinic: Clinic, invoice: str) -> None:
    ended(clinic, await sold(clinic, invoice, 9500), "charged", 9500)
    name = await given(clinic, invoice, 9500, credit=True)
    ended(clinic, name, "returned", 9500)
    found = now(clinic, invoice)
    assert (found.word, found.due_minor, found.total_minor) == ("refunded", 0, 0)
    assert await refused(sold(clinic, invoice, 100)) == "pay.nothing_due"
    truth(clinic, name, "none", 9500)
    assert (now(clinic, invoice).word, now(clinic, invoice).total_minor) == ("paid", 9500)


async def test_a_cards_history_tells_charge_and_refund(clinic: Clinic, invoice: str) -> None:
    card = card_on_file(clinic)
    ended(clinic, await paying.with_card(clinic, now(clinic, invoice), card, 9500, BY), "charged", 9500)
    ended(clinic, await given(clinic, invoice, 500), "returned", 500)
    told = [(line["what"], line["detail"]) for line in cards.history(clinic.db, card)]
    assert told == [("refunded", "500"), ("charged", "9500")]
    methods: list[Row] = clinic.db.all("SELECT method FROM payments")
    assert {row["method"] for row in methods} == {"card_on_file"}
