"""One operation as staff follow it: what is asked of the patient now, how it ended, what to say meanwhile.

The sentences are the agent's own where it has spoken. While nobody knows how it ended there is no way to try
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from protocols.contract.commands import OCCUPYING
from simulator.clinic import asking, operations, staff
from simulator.clinic.database import Row
from simulator.clinic.web.page import Page, manager_only, route, staff_only
from simulator.clinic.web.stream import stream

_TONES: Mapping[str, str] = {
    "approved": "good",
    "done": "good",
    "declined": "bad",
    "cancelled": "neutral",
    "not_started": "neutral",
    "rejected": "bad",
    "in_doubt": "doubt",
    "needs_human": "human",
}
_OPEN = ("in_doubt", "needs_human")
VERDICTS = ("approved", "declined", "cancelled", "not_started")


def panel(page: Page, row: Row) -> dict[str, Any]:
    """What the part `operation` shows of an operation."""
    away = not row["ended"] and page.clinic.link.client.is_away(row["agent"])
    its_page = f"/operations/{row['id']}"
    return {
        "operation": row,
        "alone": page.request.url.path in (its_page, f"{its_page}/resolve")
        or "alone" in page.request.query_params,
        "view": operations.view_of(row),
        "tone": _TONES.get(row["state"], "waiting"),
        "sentence": _sentence(page, row, away=away),
        "away": away and row["state"] in _OPEN,
        "stopping": asking.is_stopping(page.db, row["id"]),
        "can_stop": not (row["ended"] or away or row["state"] in _OPEN),
        "verdicts": VERDICTS if row["state"] == "needs_human" else (),
        "back": back_of(row),
    }


def _sentence(page: Page, row: Row, *, away: bool) -> str:
    """What is asked of the patient now, or how it stands: in the agent's words. What an agent that is away
    asked for last is not asked for now."""
    language = page.voice.language
    if not row["ended"] and row["state"] not in _OPEN:
        if away:
            return page.voice.say("operation.away")
        if progress := page.clinic.live.progress(row["id"]):
            return staff.named(page.db, getattr(progress.text, language))
    return staff.named(page.db, row[f"text_{language}"]) or page.voice.say("operation.sent")


def back_of(row: Row) -> str:
    """The page that an operation belongs to."""
    if row["invoice"]:
        return f"/invoices/{row['invoice']}"
    if row["card"]:
        return f"/cards/{row['card']}"
    if row["patient"]:
        return f"/patients/{row['patient']}"
    if row["op"] == "reconcile":
        return f"/batches?terminal={row['agent']}/{row['terminal']}"
    return f"/terminals/{row['agent']}/{row['terminal']}"


@staff_only
async def show(page: Page) -> Response:
    """The operation on a page of its own, or in place of the dialog that started it."""
    row = _row(page)
    template = "parts/operation_live.html" if page.in_part else "operation.html"
    return page.show(template, **panel(page, row))


@staff_only
async def follow(page: Page) -> Response:
    """The part, kept up to date until the end."""
    name = _row(page)["id"]
    return stream(
        page.clinic.live,
        {"part": lambda: page.render("parts/operation.html", **panel(page, _row(page)))},
        lambda: bool(page.found(operations.get(page.db, name))["ended"]),
    )


@staff_only
async def stop(page: Page) -> Response:
    """Ask the terminal to stop. The operation's own end tells whether that was in time."""
    await page.form()
    row = _row(page)
    if row["op"] in OCCUPYING and not row["ended"]:
        await asking.stop(page.clinic, row, page.person.id, page.voice.language)
    return (
        page.show("parts/operation_live.html", **panel(page, _row(page)))
        if page.in_part
        else page.go(f"/operations/{row['id']}")
    )


@manager_only
async def resolve(page: Page) -> Response:
    """A manager's verdict on an operation that the agent cannot resolve, with a reason."""
    fields, row = await page.form(), _row(page)
    reason = fields.get("reason", "").strip()
    if row["state"] != "needs_human" or fields.get("verdict") not in VERDICTS or not reason:
        return page.show("operation.html", 422, **panel(page, row))
    await asking.resolve(page.clinic, row, page.person.id, fields["verdict"], reason)
    return page.go(f"/operations/{row['id']}")


def _row(page: Page) -> Row:
    row: Row = page.found(operations.get(page.db, page.request.path_params["operation"]))
    return row


ROUTES: tuple[Route, ...] = (
    route("/operations/{operation}", show),
    route("/operations/{operation}/stream", follow),
    route("/operations/{operation}/stop", stop, "POST"),
    route("/operations/{operation}/resolve", resolve, "POST"),
)
