"""Stopping an operation, and a manager's verdict on one: what is refused, by whom, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import pytest_asyncio

from protocols.contract.fields import Text
from protocols.contract.replies import Reply
from simulator.clinic import appointments, fleet, invoices, operations, paying
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row
from tests.support.clinic_records import BY, READER, client_of, ended, records
from tests.support.clinic_window import Window

NOT_IN_TIME = Text(fr="La demande est arrivée trop tard.", en="Too late.")


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


@pytest_asyncio.fixture
async def manager(clinic: Clinic) -> Window:
    window = Window(clinic)
    await window.log_in("gestion")
    return window


async def a_payment(clinic: Clinic, state: str = "") -> str:
    """Of Sophie's visit of today, at the reader; its page."""
    first = clinic.db.all("SELECT id FROM appointments WHERE patient = 'patient-42'")[0]["id"]
    appointment = appointments.get(clinic.db, first)
    assert appointment is not None
    invoice = invoices.load(clinic.db, invoices.for_visit(clinic.db, appointment, "staff-17", clinic.wall()))
    desk = fleet.find(clinic.db, clinic.link, READER)
    assert invoice is not None
    assert desk is not None
    name = await paying.with_terminal(clinic, invoice, desk, 1000, BY)
    if state:
        ended(clinic, name, "unknown", 0, state)
    return f"/operations/{name}"


def asked(clinic: Clinic, op: str) -> list[Row]:
    return clinic.db.all("SELECT * FROM operations WHERE op = ? ORDER BY id", op)


def refuse(clinic: Clinic, name: str) -> None:
    reply = Reply(operation_id=name, verdict="rejected", code="expired", text=NOT_IN_TIME)
    operations.replied(clinic.db, name, reply, clinic.wall())


async def test_a_request_to_stop_that_was_refused_is_told_and_can_be_repeated(
    clinic: Clinic, manager: Window
) -> None:
    page = await a_payment(clinic)
    assert (await manager.post(f"{page}/stop")).goes_to == page
    shown = await manager.get(page)
    assert "Annulation demandée." in shown.text
    assert f'action="{page}/stop"' not in shown.text
    refuse(clinic, asked(clinic, "abort")[0]["id"])
    shown = await manager.get(page)
    assert "Annulation demandée." not in shown.text
    assert NOT_IN_TIME.fr in shown.text
    assert f'action="{page}/stop"' in shown.text


async def test_a_verdict_is_sent_once_with_its_reason(clinic: Clinic, manager: Window) -> None:
    page = await a_payment(clinic, "needs_human")
    for _ in range(2):  # pressed twice
        answer = await manager.post(f"{page}/resolve", verdict="declined", reason=" relevé\tdu jour ")
        assert (answer.status, answer.goes_to) == (303, page)
    (row,) = asked(clinic, "resolve")
    told = json.loads(row["data"])
    assert (told["verdict"], told["reason"], told["by"]) == ("declined", "relevé du jour", "staff-1")
    refuse(clinic, row["id"])
    assert NOT_IN_TIME.fr in (await manager.get(page)).text
    await manager.post(f"{page}/resolve", verdict="approved", reason="relevé")
    assert len(asked(clinic, "resolve")) == 2


@pytest.mark.parametrize(("state", "fields", "status", "sentence"), [
    ("needs_human", {"verdict": "approved", "reason": " "}, 422, "écrivez la raison"),
    ("needs_human", {"verdict": "approved", "reason": "r" * 501}, 422, "écrivez la raison"),
    ("needs_human", {"verdict": "lost", "reason": "relevé"}, 422, "écrivez la raison"),
    ("in_doubt", {"verdict": "approved", "reason": "relevé"}, 409, "rien à décider ici"),
    ("approved", {"verdict": "declined", "reason": "relevé"}, 409, "rien à décider ici"),
])  # fmt: skip
async def test_a_verdict_that_is_none_is_refused_in_words(
    clinic: Clinic, manager: Window, state: str, fields: dict[str, str], status: int, sentence: str
) -> None:
    page = await a_payment(clinic, state)
    answer = await manager.post(f"{page}/resolve", verdict=fields["verdict"], reason=fields["reason"])
    assert answer.status == status
    assert sentence in answer.text
    assert asked(clinic, "resolve") == []


async def test_a_verdict_is_not_lost_on_an_agent_that_is_away(clinic: Clinic, manager: Window) -> None:
    page = await a_payment(clinic, "needs_human")
    client_of(clinic).away = True
    answer = await manager.post(f"{page}/resolve", verdict="approved", reason="relevé du jour")
    assert answer.status == 409
    assert "rien n&#39;a été envoyé et rien n&#39;est en attente" in answer.text
    assert 'value="relevé du jour"' in answer.text
    assert asked(clinic, "resolve") == []


async def test_only_managers_are_led_to_the_verdict(clinic: Clinic, manager: Window) -> None:
    page = await a_payment(clinic, "needs_human")
    row = operations.get(clinic.db, page.rpartition("/")[2])
    assert row is not None
    staff = Window(clinic)
    await staff.log_in("accueil")
    link = f'<a href="{page}">Décision de la gestion</a>'
    seen = [(await window.get(f"/invoices/{row['invoice']}")).text.count(link) for window in (manager, staff)]
    assert seen == [1, 0]
