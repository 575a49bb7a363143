"""Ma clinique > Prise de RDV en ligne > Configuration globale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import online_settings
from simulator.clinic.web.page import Page, manager_only, route, staff_only


@staff_only
async def show(page: Page) -> Response:
    """The settings of today."""
    told = asdict(online_settings.read(page.db))
    fields = {name: str(value) for name, value in told.items() if value is not False}
    return _shown(page, fields)


@manager_only
async def save(page: Page) -> Response:
    """Take the form, whole or not at all."""
    fields = await page.form()
    wrong = online_settings.save(page.db, fields)
    return _shown(page, fields, wrong) if wrong else page.go("/online-settings?saved=1")


def _shown(page: Page, fields: Mapping[str, str], wrong: frozenset[str] = frozenset()) -> Response:
    return page.show(
        "online_settings.html",
        422 if wrong else 200,
        fields=fields,
        wrong=wrong,
        saved="saved" in page.request.query_params,
        may_change=page.person.role == "manager",
    )


ROUTES: tuple[Route, ...] = (
    route("/online-settings", show),
    route("/online-settings", save, "POST"),
)
