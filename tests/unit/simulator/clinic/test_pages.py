"""What holds for every page: who is let in, the way back, and the clinic's own page for what goes wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from simulator.clinic.clinic import Clinic
from simulator.clinic.web import app, patients
from simulator.clinic.web.page import Page
from tests.support.clinic_records import records
from tests.support.clinic_window import Window

OPEN_TO_ALL = ("/login", "/logout", "/language", "/rdv")
MANAGERS = ("/terminals/look", "/services/x", "/online-settings", "/no-show-policies/x", "/terminals/a/t",
            "/operations/x/resolve")  # fmt: skip


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


def addresses(clinic: Clinic, method: str) -> list[str]:
    """Every address of this method, with an `x` in each blank."""
    routes = [route for route in app.application(clinic).routes if isinstance(route, Route)]
    return [re.sub(r"\{\w+\}", "x", route.path) for route in routes if method in (route.methods or ())]


async def test_staffs_pages_ask_a_stranger_to_log_in(clinic: Clinic) -> None:
    window = Window(clinic)
    await window.get("/login")  # a cookie, and with it a form that is the browser's own
    for method, ask in (("GET", window.get), ("POST", window.post)):
        inner = [address for address in addresses(clinic, method) if address != "/"]
        guarded = [address for address in inner if not address.startswith(OPEN_TO_ALL)]
        assert len(guarded) > 15
        for address in guarded:
            answer = await ask(address)
            assert (answer.status, answer.goes_to.partition("?")[0]) == (303, "/login"), address


async def test_every_form_must_be_the_browsers_own(clinic: Clinic) -> None:
    window = Window(clinic)
    await window.log_in("gestion")
    for address in addresses(clinic, "POST"):
        answer = await window.post(address, csrf="of another browser")
        # Of the online booking a visitor who holds no slot is sent back to choose one.
        assert (answer.status, answer.goes_to) in ((403, ""), (303, "/rdv?gone=1")), address


async def test_what_is_the_managers_is_refused_to_the_front_desk(clinic: Clinic) -> None:
    window = Window(clinic)
    await window.log_in("accueil")
    for address in MANAGERS:
        answer = await window.post(address)
        assert answer.status == 403, address
        assert "réservée à la gestion" in answer.text


async def test_an_address_of_a_form_alone_shows_the_page_above_it(clinic: Clinic) -> None:
    window = Window(clinic)
    await window.log_in("gestion")
    shown = set(addresses(clinic, "GET"))
    alone = [address for address in addresses(clinic, "POST") if address not in shown]
    assert "/appointments/x/status" in alone
    for address in alone:
        answer = await window.get(address)
        assert answer.status == 303, address
        assert answer.goes_to in shown, address


async def test_who_logs_in_again_comes_back_to_the_page_that_was_open(clinic: Clinic) -> None:
    window = Window(clinic)
    await window.log_in("accueil")
    await window.get("/patients/patient-42")
    clinic.db.run("DELETE FROM browsers")
    part = await window.get("/patients/patient-42/cards/new", part=True)
    assert part.goes_to == "/login?next=/patients/patient-42"
    whole = await window.get("/appointments?day=2026-11-22&point=laval")
    assert whole.goes_to == "/login?next=/appointments%3Fday%3D2026-11-22%26point%3Dlaval"
    login = await window.get(whole.goes_to)
    assert 'name="next" value="/appointments?day=2026-11-22&amp;point=laval"' in login.text


@pytest.mark.parametrize("address", ["https://evil.test/", "//evil.test", "/\\evil.test", "evil.test", ""])
async def test_the_way_back_leads_nowhere_else(clinic: Clinic, address: str) -> None:
    window = Window(clinic)
    await window.get("/login")
    answer = await window.post("/login", login="accueil", password="accueil", next=address)
    assert (answer.status, answer.goes_to) == (303, "/")


async def test_a_page_that_is_not_there_is_told_in_the_clinics_own_form(clinic: Clinic) -> None:
    answer = await Window(clinic).get("/nowhere")
    assert answer.status == 404
    assert "Cette page n&#39;existe pas." in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_a_failure_of_ours_is_told_too_and_not_hidden(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window(clinic)
    await window.log_in("accueil")

    def broken(_page: Page) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(patients, "the_patient", broken)
    with pytest.raises(RuntimeError, match="broken"):  # the server logs it
        await window.get("/patients/patient-42")
    assert window.last is not None
    assert window.last.status == 500
    assert "Une erreur est survenue à la clinique." in window.last.text
    assert "frame-ancestors 'none'" in window.last.headers["content-security-policy"]
