"""Gestion > Comptabilité > Fermeture de lot: choose a terminal and an action; the result joins the history,
the terminal's totals beside the clinic's own.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import asking, batches, fleet, operations
from simulator.clinic.asking import Refused
from simulator.clinic.batches import Closure, Difference
from simulator.clinic.database import Row
from simulator.clinic.fleet import Desk
from simulator.clinic.web.operation import panel
from simulator.clinic.web.page import Page, route, staff_only
from simulator.clinic.web.stream import stream

ACTIONS = ("look", "close")


@staff_only
async def show(page: Page) -> Response:
    """The form, and of the chosen terminal what is to be closed and what was."""
    return page.show("batches.html", **_listed(page))


@staff_only
async def follow(page: Page) -> Response:
    """The chosen terminal's part, kept up to date: a closure joins the history when it has ended."""
    return stream(page, {"part": lambda: page.render("parts/batches.html", **_listed(page))})


@staff_only
async def apply(page: Page) -> Response:
    """Appliquer."""
    fields = await page.form()
    desk = fleet.find(page.db, page.clinic.link, fields.get("terminal", ""))
    if desk is None or not desk.can("reconcile"):
        return page.show("batches.html", 422, **_listed(page, wrong="batches.no_terminal"))
    if fields.get("action") == "close":
        try:
            await asking.close_batch(page.clinic, desk, page.person.id, page.voice.language)
        except Refused as refused:
            return page.show("batches.html", 409, **_listed(page, desk=desk, refused=refused))
    return page.go(f"/batches?terminal={desk.key}")


@staff_only
async def show_one(page: Page) -> Response:
    """One closure: both sides, by brand, each difference, and the payments that it took in."""
    row = page.found(operations.get(page.db, page.request.path_params["operation"]))
    page.found(row["op"] == "reconcile" or None)
    closed = batches.closure(page.db, row, operations.view_of(row))
    desk = fleet.find(page.db, page.clinic.link, f"{row['agent']}/{row['terminal']}")
    return page.show(
        "batch.html", closure=closed, desk=page.found(desk), sentences=_said(page, closed), **panel(page, row)
    )


def _listed(
    page: Page, *, desk: Desk | None = None, refused: Refused | None = None, wrong: str = ""
) -> dict[str, Any]:
    desks = fleet.all_desks(page.db, page.clinic.link)  # disabled ones too: money may lie in their batch
    closing = [one for one in desks if one.can("reconcile")]
    wanted = page.request.query_params.get("terminal", "")
    chosen = desk or next((one for one in closing if one.key == wanted), None)
    pending = batches.pending(page.db, chosen.agent, chosen.terminal) if chosen else None
    return {
        "desks": closing,
        "others": [one for one in desks if one.caps is not None and one not in closing],
        "actions": ACTIONS,
        "desk": chosen,
        "pending": pending,
        "pending_said": _said(page, pending) if pending else [],
        "history": [_line(page, row) for row in batches.history(page.db, chosen.agent, chosen.terminal)]
        if chosen
        else [],
        "refused": refused,
        "wrong": wrong,
    }


def _line(page: Page, row: Row) -> dict[str, Any]:
    """One line of the history."""
    closed = batches.closure(page.db, row, operations.view_of(row))
    return {
        "operation": row,
        "closure": closed,
        "sentences": _said(page, closed),
        "sentence": panel(page, row)["sentence"],
    }


def _said(page: Page, closed: Closure) -> list[tuple[str, Difference]]:
    """Each difference as a sentence."""
    return [(_sentence(page, one), one) for one in closed.differences]


def _sentence(page: Page, difference: Difference) -> str:
    voice = page.voice
    values = {
        name: voice.money(value) if name.endswith("_minor") and isinstance(value, int) else value
        for name, value in difference.values.items()
    }
    if "place" in values:
        values["place"] = voice.say("brand." + values["place"])
    if "op" in values:
        values["op"] = voice.say("op." + values["op"])
    return voice.say(difference.key, **values)


ROUTES: tuple[Route, ...] = (
    route("/batches", show),
    route("/batches", apply, "POST"),
    route("/batches/stream", follow),
    route("/batches/{operation}", show_one),
)
