"""Billing a missed appointment: when it may be done, what is sent and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.clinic import appointments, invoices, no_shows, operations, paying
from simulator.clinic.asking import Refused
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row
from tests.support.clinic_records import BY, card_on_file, client_of, ended, records

SEEN = "Appelée deux fois."


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


def missed(clinic: Clinic) -> Row:
    """Sophie's appointment of yesterday, physiotherapy, marked absent."""
    (row,) = clinic.db.all(
        "SELECT id FROM appointments WHERE patient = 'patient-42' AND starts LIKE '2026-11-21%'"
    )
    clinic.db.run("UPDATE appointments SET status = 'no_show' WHERE id = ?", row["id"])
    found = appointments.get(clinic.db, row["id"])
    assert found is not None
    return found


async def test_what_is_billed_keeps_fee_policy_and_evidence(clinic: Clinic) -> None:
    card, appointment = card_on_file(clinic), missed(clinic)
    assert no_shows.missed(clinic, appointment).why_not == ()
    invoice, name = await no_shows.bill(clinic, appointment, card, SEEN, BY)
    kept = invoices.load(clinic.db, invoice)
    assert kept is not None
    assert (kept.row["kind"], kept.total_minor, kept.row["evidence"]) == ("no_show", 5000, SEEN)
    assert "50,00 $" in kept.row["policy"]
    assert kept.lines[0]["text_fr"].startswith("Rendez-vous manqué : Physiothérapie, suivi, 21 nov. 2026")
    assert kept.lines[0]["text_en"].startswith("Missed appointment: Physiotherapy, follow-up, Nov 21, 2026")
    row = operations.get(clinic.db, name)
    assert row is not None
    sent = json.loads(row["data"])
    assert (sent["purpose"], sent["network_transaction_id"], sent["amount_minor"]) == (
        "no_show",
        "ntid-1",
        5000,
    )
    assert sent["consent"] == {
        "text_id": "no-show",
        "version": "3",
        "language": "fr",
        "given": "in_person",
    }
    with pytest.raises(Refused, match=r"missed\.billed"):
        await no_shows.bill(clinic, appointment, card, SEEN, BY)


async def test_a_visit_that_was_paid_is_not_billed_as_missed_until_it_is_refunded(clinic: Clinic) -> None:
    card, appointment = card_on_file(clinic), missed(clinic)
    clinic.db.run("UPDATE appointments SET status = 'arrived' WHERE id = ?", appointment["id"])
    came = appointments.get(clinic.db, appointment["id"])
    assert came is not None
    visit = invoices.load(clinic.db, invoices.for_visit(clinic.db, came, BY.actor, clinic.wall()))
    assert visit is not None
    name = await paying.with_card(clinic, visit, card, 9500, BY)
    assert no_shows.missed(clinic, appointment).why_not == ("missed.paid",), "the payment is under way"
    ended(clinic, name, "charged", 9500)
    assert no_shows.missed(clinic, appointment).why_not == ("missed.paid",)
    clinic.db.run("UPDATE payments SET amount_minor = 0")  # given back
    assert no_shows.missed(clinic, appointment).why_not == ()


async def test_the_fee_that_was_announced_holds(clinic: Clinic) -> None:
    card, appointment = card_on_file(clinic), missed(clinic)
    clinic.db.run(
        "UPDATE appointments SET fee_minor = 4000, policy_fr = 'Frais : 40,00 $', policy_en = '$40.00'"
        " WHERE id = ?",
        appointment["id"],
    )
    announced = appointments.get(clinic.db, appointment["id"])
    assert announced is not None
    invoice, _ = await no_shows.bill(clinic, announced, card, SEEN, BY)
    kept = invoices.load(clinic.db, invoice)
    assert kept is not None
    assert (kept.total_minor, kept.row["policy"]) == (4000, "Frais : 40,00 $")


async def test_a_declined_fee_stays_due_and_another_card_with_consent_can_pay_it(clinic: Clinic) -> None:
    card, appointment = card_on_file(clinic), missed(clinic)
    without = card_on_file(clinic, no_show_consent=0)
    invoice, name = await no_shows.bill(clinic, appointment, card, SEEN, BY)
    ended(clinic, name, "none", 5000, "declined")
    due = invoices.load(clinic.db, invoice)
    assert due is not None
    assert due.due_minor == 5000
    with pytest.raises(Refused, match=r"offer\.no_consent"):
        await paying.with_card(clinic, due, without, 5000, BY)
    again = await paying.with_card(clinic, due, card_on_file(clinic), 5000, BY)
    row = operations.get(clinic.db, again)
    assert row is not None
    assert json.loads(row["data"])["purpose"] == "no_show"


_CHANGES: dict[str, Callable[[Clinic], object]] = {
    "missed.not_marked": lambda clinic: clinic.db.run("UPDATE appointments SET status = 'booked'"),
    "missed.not_past": lambda clinic: clinic.db.run(
        "UPDATE appointments SET starts = '2026-11-23T17:00:00.000Z' WHERE status = 'no_show'"
    ),
    "missed.off": lambda clinic: clinic.db.run("UPDATE no_show_policies SET enabled = 0"),
    # Whatever the table says, a merchant bills none.
    "missed.merchant": lambda clinic: (
        clinic.db.run("UPDATE no_show_policies SET enabled = 1"),
        clinic.db.run("UPDATE services SET class = 'merchant'"),
    ),
    "missed.no_card": lambda clinic: clinic.db.run("DELETE FROM cards"),
    "missed.no_usable_card": lambda clinic: clinic.db.run("UPDATE cards SET no_show_consent = 0"),
}  # fmt: skip


@pytest.mark.parametrize("why", _CHANGES)
async def test_each_condition_alone_stands_against_it(clinic: Clinic, why: str) -> None:
    card, appointment = card_on_file(clinic), missed(clinic)
    _CHANGES[why](clinic)
    changed = appointments.get(clinic.db, appointment["id"])
    assert changed is not None
    assert no_shows.missed(clinic, changed).why_not == (why,)
    with pytest.raises(Refused, match=why.replace(".", r"\.")):
        await no_shows.bill(clinic, changed, card, SEEN, BY)
    assert clinic.db.all("SELECT * FROM invoices") == clinic.db.all("SELECT * FROM operations") == []


@pytest.mark.parametrize(("away", "evidence", "why"), [
    (True, SEEN, "refused.away"), (False, "", "missed.no_evidence"),
])  # fmt: skip
async def test_what_is_refused_leaves_no_invoice(clinic: Clinic, away: bool, evidence: str, why: str) -> None:
    card, appointment = card_on_file(clinic), missed(clinic)
    client_of(clinic).away = away
    with pytest.raises(Refused) as refused:
        await no_shows.bill(clinic, appointment, card, evidence, BY)
    assert refused.value.key == why
    assert clinic.db.all("SELECT * FROM invoices") == []


@pytest.mark.parametrize(("name", "enabled", "fee", "french", "english", "wrong"), [
    ("professional", True, 5000, "Frais : 50,00 $.", "Fee: $50.00.", {}),
    ("professional", True, 5000, "Frais : 50,00\u00a0$.", "Fee: $50.", {"text_en": "policy.fee_not_told"}),
    ("professional", True, 0, "Frais : 0,00 $", "$0.00", {"fee": "policy.no_fee"}),
    ("professional", False, 0, "", "", {}),
    ("uncertain", True, 3000, "30,00 $", "$30.00", {}),
    ("merchant", True, 5000, "50,00 $", "$50.00", {"enabled": "policy.merchant_never"}),
    ("merchant", False, 0, "", "", {}),
])  # fmt: skip
def test_a_policy_announces_its_fee_and_a_merchant_has_none(
    clinic: Clinic, name: str, enabled: bool, fee: int, french: str, english: str, wrong: dict[str, str]
) -> None:
    policy = no_shows.policy_of(clinic.db, name)
    texts = {"fr": french, "en": english}
    assert no_shows.objection(policy, enabled=enabled, fee_minor=fee, texts=texts) == wrong  # type: ignore[arg-type]  # languages by name
