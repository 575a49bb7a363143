"""The dialog behind (+), and a card's own page, as the front desk sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import pytest_asyncio

from protocols.contract.operation import TokenView
from simulator.clinic import cards, operations
from simulator.clinic.clinic import Clinic
from tests.support.clinic_records import READER, records, view
from tests.support.clinic_window import Window

FILLED = {"point": "plateau", "terminal": READER, "holder": "Sophie Gagnon", "postal_code": "H2J 1X1"}
START = "/patients/patient-42/cards"


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


@pytest_asyncio.fixture
async def window(clinic: Clinic) -> Window:
    window = Window(clinic)
    await window.log_in("accueil")
    return window


async def test_what_was_agreed_to_is_recorded_and_shown_text_by_text(clinic: Clinic, window: Window) -> None:
    answer = await window.post(START, part=True, **FILLED, consent="on", no_show="on")
    assert answer.status == 200
    (row,) = clinic.db.all("SELECT * FROM operations")
    asked = json.loads(row["data"])
    assert (asked["consent"]["text_id"], asked["purpose"]) == ("no-show", "no_show")
    agreed = [(one["text_id"], one["version"], one["language"]) for one in json.loads(row["note"])["agreed"]]
    assert agreed == [("card-on-file", "2", "fr"), ("no-show", "3", "fr")]
    token = TokenView(value="ot-abcdefgh", kind="chargeable", scope="merchant-1")
    kept = view(clinic, row["id"], "none", 0).model_copy(update={"token": token})
    operations.told(clinic.db, kept, clinic.wall())
    (card,) = cards.of_patient(clinic.db, "patient-42")
    page = await window.get(f"/cards/{card['id']}")
    for part in (
        "Carte au dossier, version 2, français, en personne",
        "Frais de rendez-vous manqué, version 3, français, en personne",
        "garder cette carte au dossier",
        "en mon absence",
        "Maude Tremblay",
    ):
        assert part in page.text


@pytest.mark.parametrize(("change", "sentence"), [
    ({"holder": " "}, "Écrivez le nom qui est sur la carte."),
    ({"postal_code": "75001"}, "Écrivez un code postal canadien"),
    ({"terminal": "agent-1/t1"}, "Choisissez un terminal."),
    ({"terminal": ""}, "Choisissez un terminal."),
])  # fmt: skip
async def test_what_must_be_mended_is_said(
    clinic: Clinic, window: Window, change: dict[str, str], sentence: str
) -> None:
    answer = await window.post(START, part=True, **{**FILLED, "consent": "on", **change})
    assert answer.status == 422
    assert sentence in answer.text
    assert clinic.db.all("SELECT * FROM operations") == []


async def test_the_terminal_is_one_of_the_patients_points_of_service(clinic: Clinic, window: Window) -> None:
    clinic.db.run("UPDATE terminals SET point = 'laval'")
    elsewhere = "/patients/patient-44/cards"  # assigned to the other one alone
    answer = await window.post(elsewhere, part=True, **FILLED, consent="on")
    assert (answer.status, "Choisissez un terminal." in answer.text) == (422, True)
    assert clinic.db.all("SELECT * FROM operations") == []


async def test_another_point_of_service_has_its_own_terminal_chosen(clinic: Clinic, window: Window) -> None:
    clinic.db.add("terminals", agent="agent-2", terminal="r2", name="r2", point="laval", kind="chargeable")
    kept = f"holder=S.+Gagnon&terminal={READER}&consent=on"
    answer = await window.get(f"{START}/new?point=laval&{kept}", part=True)
    assert 'value="agent-2/r2" checked' in answer.text
    assert 'value="S. Gagnon"' in answer.text
    unknown = await window.get(f"{START}/new?point=elsewhere", part=True)
    assert '<option value="laval" selected>' in unknown.text


async def test_the_no_show_fee_is_shown_where_it_is_agreed_to(clinic: Clinic, window: Window) -> None:
    shown = await window.get(f"{START}/new", part=True)
    assert "Services professionnels — Un rendez-vous manqué est facturé 50,00 $" in shown.text
    assert 'name="no_show"' in shown.text
    clinic.db.run("UPDATE no_show_policies SET enabled = 0")
    shown = await window.get(f"{START}/new", part=True)
    assert 'name="no_show"' not in shown.text


async def test_an_agent_that_is_away_is_said_and_nothing_is_queued(clinic: Clinic, window: Window) -> None:
    clinic.link.client.away = True  # type: ignore[attr-defined]  # the stub's
    answer = await window.post(START, part=True, **FILLED, consent="on")
    assert answer.status == 409
    assert "rien n&#39;a été envoyé et rien n&#39;est en attente" in answer.text
    assert clinic.db.all("SELECT * FROM operations") == []
