"""Ma clinique > Services > Liste des services > service: managers change them, all staff may look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import online_settings, services
from simulator.clinic.amounts import write_amount
from simulator.clinic.database import Row
from simulator.clinic.web.page import Page, manager_only, route, staff_only
from simulator.clinic.web.terminals import points


@staff_only
async def show(page: Page) -> Response:
    """All services."""
    return page.show(
        "services.html",
        services=services.all_services(page.db),
        settings=online_settings.read(page.db),
    )


@staff_only
async def show_one(page: Page) -> Response:
    """One service."""
    row = _service(page)
    kept = {"price": write_amount(row["price_minor"], page.voice.language)}
    fields = {**kept, **{name: str(row[name]) for name in ("name_fr", "name_en", "minutes", "class")}}
    fields.update({name: "on" for name in ("online", "card_required") if row[name]})
    given = services.assigned(page.db, row["id"])
    fields.update({f"point-{name}": "on" for name in given.points})
    fields.update({f"employee-{name}": "on" for name in given.employees})
    return page.show("service.html", **_form(page, fields))


@manager_only
async def save(page: Page) -> Response:
    """Take the form, whole or not at all."""
    fields, row = await page.form(), _service(page)
    wrong = services.save(page.db, row["id"], fields)
    if wrong:
        return page.show("service.html", 422, **_form(page, fields, wrong))
    return page.go(f"/services/{row['id']}?saved=1")


def _form(page: Page, fields: Mapping[str, str], wrong: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {
        "service": _service(page),
        "settings": online_settings.read(page.db),
        "fields": fields,
        "wrong": wrong,
        "saved": "saved" in page.request.query_params,
        "may_change": page.person.role == "manager",
        "classes": services.CLASSES,
        "points": points(page),
        "employees": page.db.all("SELECT * FROM employees ORDER BY name"),
    }


def _service(page: Page) -> Row:
    row: Row = page.found(services.get(page.db, page.request.path_params["service"]))
    return row


ROUTES: tuple[Route, ...] = (
    route("/services", show),
    route("/services/{service}", show_one),
    route("/services/{service}", save, "POST"),
)
