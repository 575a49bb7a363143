"""Clients: the list, a patient's file with the section "Carte de crédit", and the page Information."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from simulator.clinic import cards, invoices, patients
from simulator.clinic.database import Row
from simulator.clinic.web.page import Page, route, staff_only
from simulator.clinic.web.stream import stream
from simulator.clinic.web.terminals import points


async def first(_page: Page) -> Response:
    """Where staff begin."""
    return RedirectResponse("/patients", 303)


@staff_only
async def search(page: Page) -> Response:
    """Patients by names, e-mail or telephone number."""
    wanted = page.request.query_params.get("q", "").strip()
    return page.show("patients.html", patients=patients.search(page.db, wanted), wanted=wanted)


@staff_only
async def show(page: Page) -> Response:
    """A patient's file."""
    patient = the_patient(page)
    return page.show(
        "patient.html",
        appointments=page.db.all(
            "SELECT appointments.*, services.name_fr, services.name_en, employees.name AS employee_name"
            " FROM appointments JOIN services ON services.id = service"
            " JOIN employees ON employees.id = employee WHERE patient = ? ORDER BY starts DESC LIMIT 20",
            patient["id"],
        ),
        invoices=invoices.of_patient(page.db, patient["id"]),
        **cards_shown(page, patient),
    )


@staff_only
async def follow_cards(page: Page) -> Response:
    """The section "Carte de crédit", kept up to date: a card appears when it is stored."""
    patient = the_patient(page)
    return stream(
        page,
        {"part": lambda: page.render("parts/cards.html", **cards_shown(page, patient))},
    )


def cards_shown(page: Page, patient: Row) -> dict[str, Any]:
    """What the section shows."""
    today = page.clinic.today
    rows = cards.of_patient(page.db, patient["id"])
    return {
        "patient": patient,
        "cards": [{**dict(card), "expired": cards.is_expired(card, today)} for card in rows],
        "under_way": page.db.all(
            "SELECT * FROM operations WHERE patient = ? AND ended = 0 AND op = 'store_card' ORDER BY id",
            patient["id"],
        ),
    }


@staff_only
async def information(page: Page) -> Response:
    """The page Information: the points of service of the patient."""
    return page.show("information.html", **_information(page))


@staff_only
async def assign(page: Page) -> Response:
    """Points of service, assigned and removed."""
    fields, patient = await page.form(), the_patient(page)
    with page.db.transaction():
        page.db.run("DELETE FROM patient_points WHERE patient = ?", patient["id"])
        for point in points(page):
            if f"point-{point['id']}" in fields:
                page.db.add("patient_points", patient=patient["id"], point=point["id"])
    page.clinic.live.changed()
    return page.go(f"/patients/{patient['id']}/information?saved=1")


def _information(page: Page) -> dict[str, Any]:
    patient = the_patient(page)
    return {
        "patient": patient,
        "points": points(page),
        "assigned": {row["id"] for row in points_of(page, patient)},
        "saved": "saved" in page.request.query_params,
    }


def points_of(page: Page, patient: Row) -> list[Row]:
    """The points of service that a patient is assigned to."""
    return page.db.all(
        "SELECT points_of_service.* FROM points_of_service JOIN patient_points ON point = id"
        " WHERE patient = ? ORDER BY name",
        patient["id"],
    )


def the_patient(page: Page) -> Row:
    """The patient of the address. Raises HTTPException 404."""
    row: Row = page.found(
        page.db.one("SELECT * FROM patients WHERE id = ?", page.request.path_params["patient"])
    )
    return row


ROUTES: tuple[Route, ...] = (
    route("/", first),
    route("/patients", search),
    route("/patients/{patient}", show),
    route("/patients/{patient}/cards/stream", follow_cards),
    route("/patients/{patient}/information", information),
    route("/patients/{patient}/information", assign, "POST"),
)
