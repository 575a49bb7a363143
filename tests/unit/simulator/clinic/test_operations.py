"""The rows of commands: sent, answered, told, ended once, corrected; what an end means for the records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from protocols.contract.commands import Abort, Consent, Sale, StoreCard, TerminalCommand
from protocols.contract.events import Corrected
from protocols.contract.fields import Text
from protocols.contract.operation import CardView, EvidenceView, OperationView, TokenView
from protocols.contract.replies import Reply
from protocols.contract.ulids import make_ulid
from simulator.clinic import cards, operations, payments
from simulator.clinic.database import AlreadyThereError, Database
from simulator.clinic.link import keep
from simulator.clinic.operations import About
from simulator.clinic.seed import fill
from terminal_agent.client import Fact

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
TEXT = Text(fr="fr", en="en")
EPOCH = make_ulid(1, bytes(10))
CONSENT = {"text_id": "no-show", "version": "3", "language": "fr", "given": "in_person"}
AGREED = [{**CONSENT, "text_id": "card-on-file", "version": "2"}, CONSENT]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "clinic.sqlite")
    fill(database, NOW)
    database.add(
        "invoices",
        id="i-1",
        number=1,
        patient="patient-42",
        point="plateau",
        kind="visit",
        made_at="",
        made_by="staff-17",
    )
    database.add("invoice_lines", invoice="i-1", text_fr="a", text_en="a", amount_minor=9500)
    yield database
    database.close()


def stamped(number: int) -> dict[str, Any]:
    return {
        "operation_id": make_ulid(number, bytes(10)),
        "not_after": NOW + timedelta(minutes=2),
        "actor": "staff-17",
    }


def asked(db: Database, command: TerminalCommand, **about: Any) -> str:
    return operations.written(db, "agent-1", "t1", command, About(**about), now=NOW)


def a_sale(db: Database, number: int = 1) -> str:
    return asked(db, Sale(**stamped(number), amount_minor=9500), invoice="i-1")


def reply(name: str, verdict: str, state: OperationView | None = None) -> Reply:
    return Reply(operation_id=name, verdict=verdict, code=verdict, text=TEXT, state=state)


def view(name: str, state: str, **more: Any) -> OperationView:
    return OperationView(operation_id=name, op="sale", state=state, code=state, text=TEXT, **more)


def fact(seq: int, body: Any, epoch: str = EPOCH) -> Fact:
    return Fact("agent-1", "t1", "operation", epoch, seq, 1, body)


def state(db: Database, name: str) -> tuple[str, bool]:
    row = operations.get(db, name)
    assert row is not None
    return row["state"], bool(row["ended"])


def test_a_sale_that_is_approved_pays_the_invoice(db: Database) -> None:
    name = a_sale(db)
    assert state(db, name) == ("sent", False)
    assert [row["id"] for row in operations.unanswered(db)] == [name]
    operations.replied(db, name, reply(name, "accepted"), NOW)
    assert operations.unanswered(db) == []
    keep(db, fact(1, view(name, "committed", money="unknown")), NOW)
    assert [one.operation_id for one in operations.open_at(db, "agent-1")] == [name]
    keep(db, fact(2, view(name, "approved", money="charged", amount_minor=9500)), NOW)
    assert state(db, name) == ("approved", True)
    assert (payments.due_minor(db, "i-1"), list(operations.open_at(db, "agent-1"))) == (0, [])


def test_a_fact_that_comes_again_is_stored_once(db: Database) -> None:
    name = a_sale(db)
    told = fact(1, view(name, "approved", money="charged", amount_minor=9500))
    keep(db, told, NOW)
    keep(db, told, NOW)
    assert len(db.all("SELECT * FROM facts")) == len(db.all("SELECT * FROM payments")) == 1


def test_the_first_end_counts(db: Database) -> None:
    name = a_sale(db)
    keep(db, fact(1, view(name, "approved", money="charged", amount_minor=9500)), NOW)
    keep(db, fact(1, view(name, "not_started"), epoch=make_ulid(2, bytes(10))), NOW)
    assert (state(db, name), payments.due_minor(db, "i-1")) == (("approved", True), 0)


def test_a_truth_found_later_corrects_the_payment(db: Database) -> None:
    name = a_sale(db)
    keep(db, fact(1, view(name, "not_started")), NOW)
    assert payments.due_minor(db, "i-1") == 9500
    truth = Corrected(
        operation_id=name,
        was="not_started",
        state="approved",
        money="charged",
        code="found",
        text=TEXT,
        amount_minor=9500,
        evidence=EvidenceView(source="late_message"),
    )
    keep(db, fact(2, truth), NOW)
    assert (state(db, name), payments.due_minor(db, "i-1")) == (("approved", True), 0)


def test_a_refusal_ends_what_nothing_was_told_of(db: Database) -> None:
    name = a_sale(db)
    operations.replied(db, name, reply(name, "rejected"), NOW)
    assert state(db, name) == ("rejected", True)


def test_a_refusal_does_not_hide_what_runs(db: Database) -> None:
    name = a_sale(db)
    keep(db, fact(1, view(name, "committed", money="unknown")), NOW)
    operations.replied(db, name, reply(name, "rejected"), NOW)
    assert state(db, name) == ("committed", False)


def test_a_fact_outranks_a_refusal(db: Database) -> None:
    name = a_sale(db)
    operations.replied(db, name, reply(name, "rejected"), NOW)
    keep(db, fact(1, view(name, "approved", money="charged", amount_minor=9500)), NOW)
    assert (state(db, name), payments.due_minor(db, "i-1")) == (("approved", True), 0)


def test_a_repeat_that_tells_the_end_is_as_good_as_the_fact(db: Database) -> None:
    name = a_sale(db)
    end = view(name, "approved", money="charged", amount_minor=9500)
    operations.replied(db, name, reply(name, "duplicate", end), NOW)
    assert (state(db, name), payments.due_minor(db, "i-1")) == (("approved", True), 0)


def test_a_wish_to_stop_ends_with_its_reply(db: Database) -> None:
    name = asked(db, Abort(**stamped(3), target_operation_id=make_ulid(1, bytes(10))))
    operations.replied(db, name, reply(name, "done"), NOW)
    assert state(db, name) == ("done", True)


def test_an_invoice_has_one_payment_under_way(db: Database) -> None:
    name = a_sale(db)
    with pytest.raises(AlreadyThereError):
        a_sale(db, 2)
    keep(db, fact(1, view(name, "in_doubt", money="unknown")), NOW)
    with pytest.raises(AlreadyThereError):
        a_sale(db, 3)
    keep(db, fact(2, view(name, "declined")), NOW)
    a_sale(db, 4)


def test_a_card_is_on_file_once_with_its_consent(db: Database) -> None:
    command = StoreCard(
        **stamped(5), customer="patient-42", purpose="no_show", consent=Consent.model_validate(CONSENT)
    )
    note = {"holder": "Sophie Gagnon", "postal_code": "H2J1X1", "no_show": True, "agreed": AGREED}
    name = asked(db, command, patient="patient-42", note=note)
    token = TokenView(value="ot-abcdefgh", kind="chargeable", scope="merchant-1")
    shown = CardView(brand="Visa", last_four="1111", expiry="3012")
    end = view(name, "approved", token=token, card=shown, network_transaction_id="n-1")
    keep(db, fact(1, end), NOW)
    keep(db, fact(1, end, epoch=make_ulid(2, bytes(10))), NOW)
    (card,) = cards.of_patient(db, "patient-42")
    assert (card["token"], card["consent_version"], card["no_show_consent"]) == ("ot-abcdefgh", "3", 1)
    (line,) = cards.history(db, card["id"])
    assert (line["what"], cards.agreed_in(line)) == ("stored", AGREED)
    # Both texts are shown, as they were worded in those versions.
    db.run("UPDATE consent_texts SET current = 0")
    assert [text["id"] for text in cards.consent_texts(db, card)] == ["card-on-file", "no-show"]
    assert not cards.is_expired(card, NOW.date())
    assert cards.is_expired(card, NOW.date().replace(year=2031, month=1, day=1))


def test_no_show_fees_may_be_agreed_to_once_a_card_is_on_file(db: Database) -> None:
    command = StoreCard(
        **stamped(5), customer="patient-42", purpose="appointment", consent=Consent.model_validate(AGREED[0])
    )
    name = asked(db, command, patient="patient-42", note={"agreed": AGREED[:1]})
    token = TokenView(value="ot-abcdefgh", kind="chargeable", scope="merchant-1")
    keep(db, fact(1, view(name, "approved", token=token)), NOW)
    (card,) = cards.of_patient(db, "patient-42")
    assert [text["id"] for text in cards.consent_texts(db, card)] == ["card-on-file"]
    cards.agree_to_no_show(db, card["id"], CONSENT, "online", NOW)
    (card,) = cards.of_patient(db, "patient-42")
    assert (card["no_show_consent"], card["consent_text"], card["consent_version"]) == (1, "no-show", "3")
    assert [text["id"] for text in cards.consent_texts(db, card)] == ["card-on-file", "no-show"]
    assert [line["what"] for line in cards.history(db, card["id"])] == ["agreed", "stored"]


def test_a_card_that_cannot_be_kept_is_not_on_file(db: Database) -> None:
    command = StoreCard(
        **stamped(6), customer="patient-42", purpose="no_show", consent=Consent.model_validate(CONSENT)
    )
    name = asked(db, command, patient="patient-42", note={"agreed": AGREED})
    keep(db, fact(1, view(name, "declined", storable=False, storable_reason="interac_only")), NOW)
    assert cards.of_patient(db, "patient-42") == []
