"""The dialog behind (+): point of service, terminal, holder, postal code, consent. Number, expiry and
security code are taken by the reader or terminal; there is no field for them here, and the dialog says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from protocols.contract.commands import Consent, ConsentGiven
from simulator.clinic import asking, fleet, no_shows
from simulator.clinic.asking import CardWish, Refused
from simulator.clinic.database import Row
from simulator.clinic.fleet import Desk
from simulator.clinic.postal_codes import read_postal_code, write_postal_code
from simulator.clinic.web import operation
from simulator.clinic.web.desks import follow_desks
from simulator.clinic.web.page import Page, route, staff_only
from simulator.clinic.web.patients import points_of, the_patient


@staff_only
async def show(page: Page) -> Response:
    """The dialog, for the first point of service or the one that was chosen."""
    return page.show("parts/store_card.html", **_dialog(page, page.request.query_params, {}))


@staff_only
async def follow(page: Page) -> Response:
    """How each terminal of the chosen point of service stands, kept up to date."""
    return follow_desks(page, _desks(page, page.request.query_params.get("point", "")))


@staff_only
async def start(page: Page) -> Response:
    """Sauvegarder: start the capture, and follow it in the dialog."""
    fields, patient = await page.form(), the_patient(page)
    wrong = _wrong(fields)
    desk = fleet.find(page.db, page.clinic.link, fields.get("terminal", ""))
    assigned = {point["id"] for point in points_of(page, patient)}
    if desk is None or not desk.chargeable or desk.point not in assigned:
        wrong["terminal"] = "store_card.no_terminal"
    if wrong or desk is None:
        return page.show("parts/store_card.html", 422, **_dialog(page, fields, wrong))
    try:
        started = await asking.keep_card(
            page.clinic, desk, _wish(page, patient, fields), page.person.id, page.voice.language
        )
    except Refused as refused:
        return page.show("parts/store_card.html", 409, **_dialog(page, fields, wrong, refused))
    row = page.found(page.db.one("SELECT * FROM operations WHERE id = ?", started))
    return page.show("parts/operation_live.html", **operation.panel(page, row))


def _wish(page: Page, patient: Row, fields: Mapping[str, str]) -> CardWish:
    """What the form asks for."""
    no_show = "no_show" in fields
    return CardWish(
        patient=patient["id"],
        holder=fields["holder"].strip(),
        postal_code=read_postal_code(fields["postal_code"]) or "",
        agreed=consents(page, "in_person", no_show=no_show),
        no_show=no_show,
        modes=("keyed",) if fields.get("mode") == "keyed" else (),
    )


def consents(page: Page, given: ConsentGiven, *, no_show: bool) -> list[Consent]:
    """What was agreed to: today's texts in the language in which they were shown."""
    texts = [consent_text(page, name) for name in ("card-on-file", "no-show")[: 1 + no_show]]
    return [
        Consent(text_id=text["id"], version=text["version"], language=page.voice.language, given=given)
        for text in texts
    ]


def _wrong(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that must be mended, each with its sentence."""
    wrong: dict[str, str] = {}
    if not fields.get("holder", "").strip():
        wrong["holder"] = "store_card.no_holder"
    if read_postal_code(fields.get("postal_code", "")) is None:
        wrong["postal_code"] = "store_card.bad_postal_code"
    if "consent" not in fields:
        wrong["consent"] = "store_card.no_consent"
    return wrong


def _dialog(
    page: Page, fields: Mapping[str, str], wrong: Mapping[str, str], refused: Refused | None = None
) -> dict[str, Any]:
    patient = the_patient(page)
    points = points_of(page, patient)
    asked = fields.get("point", "")
    chosen = asked if asked in {one["id"] for one in points} else _first_point(page, points)
    desks = _desks(page, chosen)
    keys = [desk.key for desk in desks]
    return {
        "patient": patient,
        "points": points,
        "point": chosen,
        "desks": desks,
        "terminal": fields.get("terminal") if fields.get("terminal") in keys else next(iter(keys), ""),
        "keyed": any(desk.takes("keyed") for desk in desks),
        "fields": {"holder": f"{patient['first_name']} {patient['last_name']}",
                   "postal_code": write_postal_code(patient["postal_code"]), **fields},
        "texts": {name: consent_text(page, name) for name in ("card-on-file", "no-show")},
        "policies": no_shows.announced(page.db),
        "wrong": wrong,
        "refused": refused,
    }  # fmt: skip


def _first_point(page: Page, points: Sequence[Row]) -> str:
    """The first that has a terminal for this; the first one where none has."""
    names: list[str] = [point["id"] for point in points]
    return next((name for name in names if _desks(page, name)), names[0] if names else "")


def _desks(page: Page, point: str) -> list[Desk]:
    """Terminals of the point of service whose cards can be charged later."""
    return [desk for desk in fleet.at_point(page.db, page.clinic.link, point) if desk.chargeable]


def consent_text(page: Page, name: str) -> Row:
    """Today's text in the page's language."""
    row: Row = page.found(
        page.db.one(
            "SELECT * FROM consent_texts WHERE id = ? AND language = ? AND current = 1",
            name,
            page.voice.language,
        )
    )
    return row


ROUTES: tuple[Route, ...] = (
    route("/patients/{patient}/cards/new", show),
    route("/patients/{patient}/cards/new/stream", follow),
    route("/patients/{patient}/cards", start, "POST"),
)
