"""Rendez-vous: a point of service's day, and an appointment's window "Statut du RDV"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import appointments, fleet, invoices, no_shows, paying
from simulator.clinic.asking import Refused
from simulator.clinic.database import Row
from simulator.clinic.web.page import Page, route, staff_only
from simulator.clinic.web.terminals import points

_EARLIEST, _LATEST = date(1900, 1, 1), date(2999, 12, 31)  # a year that is typed half is none


@staff_only
async def show_day(page: Page) -> Response:
    """The day's appointments at a point of service: today's at the first one that has a terminal, unless
    another is chosen."""
    asked = page.request.query_params
    known = points(page)
    names = [point["id"] for point in known]
    point = asked.get("point", "")
    point = point if point in names else _at_home(page, names)
    day = _day(asked.get("day", ""), page.clinic.today)
    rows = appointments.of_day(page.db, point, day, page.clinic.zone)
    return page.show(
        "appointments.html",
        points=known,
        point=point,
        day=day,
        today=page.clinic.today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        appointments=[(row, _invoices(page, row)) for row in rows],
    )


def _at_home(page: Page, names: Sequence[str]) -> str:
    """Where staff most likely are."""
    return next((name for name in names if fleet.at_point(page.db, page.clinic.link, name)), names[0])


@staff_only
async def show(page: Page) -> Response:
    """Statut du RDV."""
    return page.show("appointment.html", **_shown(page))


@staff_only
async def change(page: Page) -> Response:
    """Another status."""
    fields, appointment = await page.form(), _appointment(page)
    status, note = fields.get("status", ""), fields.get("note", "").strip()
    try:
        appointments.change(page.db, appointment, status, page.clinic.wall(), note=note)
    except Refused as refused:
        return page.show("appointment.html", 409, **_shown(page, refused))
    page.clinic.live.changed()
    return page.go(f"/appointments/{appointment['id']}")


@staff_only
async def make_invoice(page: Page) -> Response:
    """Créer une facture: the visit's, or the one that is there already."""
    await page.form()
    try:
        invoice = invoices.for_visit(page.db, _appointment(page), page.person.id, page.clinic.wall())
    except Refused as refused:
        return page.show("appointment.html", 409, **_shown(page, refused))
    return page.go(f"/invoices/{invoice}")


@staff_only
async def bill_missed(page: Page) -> Response:
    """Facturer le rendez-vous manqué: charge the card on file, and follow it on the invoice."""
    fields, appointment = await page.form(), _appointment(page)
    try:
        invoice, _ = await no_shows.bill(
            page.clinic,
            appointment,
            fields.get("card", ""),
            fields.get("evidence", "").strip(),
            paying.By(page.person.id, page.voice.language),
        )
    except Refused as refused:
        return page.show("appointment.html", 409, **_shown(page, refused))
    return page.go(f"/invoices/{invoice}")


def _shown(page: Page, refused: Refused | None = None) -> dict[str, Any]:
    appointment = _appointment(page)
    missed = no_shows.missed(page.clinic, appointment)
    usable = [card["id"] for card in missed.usable]
    taken = appointment["card"]  # the one that was asked for when it was booked
    return {
        "appointment": appointment,
        "day": appointments.local_day(appointment, page.clinic.zone),
        "choices": appointments.choices(page.db, appointment, page.clinic.wall()),
        "invoices": _invoices(page, appointment),
        "visit": invoices.existing(page.db, appointment["id"], "visit"),
        "billable": appointment["status"] in invoices.BILLABLE,
        "missed": missed,
        "chosen": taken if taken in usable else next(iter(usable), ""),
        "refused": refused,
    }


def _invoices(page: Page, appointment: Row) -> list[invoices.Invoice]:
    rows = appointments.invoices_of(page.db, appointment["id"])
    return [found for row in rows if (found := invoices.load(page.db, row["id"])) is not None]


def _day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if _EARLIEST <= day <= _LATEST else otherwise


def _appointment(page: Page) -> Row:
    row: Row = page.found(appointments.get(page.db, page.request.path_params["appointment"]))
    return row


ROUTES: tuple[Route, ...] = (
    route("/appointments", show_day),
    route("/appointments/{appointment}", show),
    route("/appointments/{appointment}/status", change, "POST"),
    route("/appointments/{appointment}/invoice", make_invoice, "POST"),
    route("/appointments/{appointment}/missed", bill_missed, "POST"),
)
