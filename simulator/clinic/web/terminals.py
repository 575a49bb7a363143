"""Ma clinique > Intégrations > Terminaux de paiement: the terminals that agents announce, with the clinic's
own records of them, and devices that no agent is set up for.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from protocols.contract.commands import Rescan
from simulator.clinic import asking, fleet
from simulator.clinic.asking import Refused
from simulator.clinic.fleet import Desk
from simulator.clinic.web.page import Page, manager_only, route, staff_only
from simulator.clinic.web.stream import stream

_ALERTS_SHOWN = 10


@staff_only
async def show(page: Page) -> Response:
    """All terminals."""
    return page.show("terminals.html", **_listed(page))


@staff_only
async def follow(page: Page) -> Response:
    """The list, kept up to date."""
    return stream(page, {"part": lambda: page.render("parts/terminals.html", **_listed(page))})


@staff_only
async def show_one(page: Page) -> Response:
    """One terminal with the clinic's record of it."""
    return page.show("terminal.html", **_one(page))


@manager_only
async def save(page: Page) -> Response:
    """Name, point of service, disabled: the clinic's own."""
    fields, desk = await page.form(), _desk(page)
    point = fields.get("point", "")
    known = {row["id"] for row in points(page)}
    name = " ".join(fields.get("name", "").split())
    if not name or (point and point not in known):
        return page.show("terminal.html", 422, **_one(page, Refused("terminals.no_name")))
    page.db.run(
        "UPDATE terminals SET name = ?, point = ?, disabled = ? WHERE agent = ? AND terminal = ?",
        name,
        point or None,
        int("disabled" in fields),
        desk.agent,
        desk.terminal,
    )
    page.clinic.live.changed()
    return page.go("/terminals")


@staff_only
async def test(page: Page) -> Response:
    """A test without money."""
    await page.form()
    try:
        operation = await asking.test_terminal(page.clinic, _desk(page), page.person.id, page.voice.language)
    except Refused as refused:
        return page.show("terminal.html", 409, **_one(page, refused))
    return page.go(f"/operations/{operation}")


@manager_only
async def look_again(page: Page) -> Response:
    """Have every agent look for devices, and tell those that are there anew."""
    await page.form()
    client = page.clinic.link.client
    for agent in tuple(client.agents()):
        if not client.is_away(agent):
            page.clinic.link.forget_devices(agent)
            await client.send_agent(agent, Rescan(operation_id=client.new_id()))
    return page.go("/terminals")


def points(page: Page) -> list[Any]:
    """Every point of service."""
    return page.db.all("SELECT * FROM points_of_service ORDER BY name")


def _listed(page: Page) -> dict[str, Any]:
    client = page.clinic.link.client
    found = page.clinic.link.discovered
    return {
        "desks": fleet.all_desks(page.db, page.clinic.link),
        "points": {row["id"]: row["name"] for row in points(page)},
        "agents": {agent: client.agents().get(agent) for agent in sorted(client.agents())},
        "away": {agent for agent in client.agents() if client.is_away(agent)},
        "discovered": [(agent, one) for (agent, _), one in sorted(found.items()) if one.settings],
        "alerts": page.db.all("SELECT * FROM alerts ORDER BY id DESC LIMIT ?", _ALERTS_SHOWN),
    }


def _one(page: Page, refused: Refused | None = None) -> dict[str, Any]:
    return {"desk": _desk(page), "points": points(page), "refused": refused}


def _desk(page: Page) -> Desk:
    found = page.request.path_params
    desk: Desk = page.found(fleet.find(page.db, page.clinic.link, f"{found['agent']}/{found['terminal']}"))
    return desk


ROUTES: tuple[Route, ...] = (
    route("/terminals", show),
    route("/terminals/stream", follow),
    route("/terminals/look", look_again, "POST"),
    route("/terminals/{agent}/{terminal}", show_one),
    route("/terminals/{agent}/{terminal}", save, "POST"),
    route("/terminals/{agent}/{terminal}/test", test, "POST"),
)
