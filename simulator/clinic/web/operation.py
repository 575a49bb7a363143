"""One operation as staff follow it: what is asked of the patient now, how it ended, what to say meanwhile.

The sentences are the agent's own where it has spoken. While nobody knows how it ended there is no way to try
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from protocols.contract.commands import OCCUPYING, Verdict
from simulator.clinic import asking, operations, staff
from simulator.clinic.asking import Refused
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
VERDICTS: tuple[Verdict, ...] = ("approved", "declined", "cancelled", "not_started")
_LONGEST_REASON = 500  # characters, as the form and the contract allow


def panel(page: Page, row: Row) -> dict[str, Any]:
    """What the part `operation` shows of an operation."""
    away = not row["ended"] and page.clinic.link.client.is_away(row["agent"])
    asked = asking.asked_of(page.db, row["id"])
    not_taken = asked is not None and asked["state"] == "rejected" and not row["ended"]
    its_page = f"/operations/{row['id']}"
    return {
        "operation": row,
        "alone": page.request.url.path in (its_page, f"{its_page}/resolve")
        or "alone" in page.request.query_params,
        "view": operations.view_of(row),
        "tone": _TONES.get(row["state"], "waiting"),
        "sentence": _sentence(page, row, away=away),
        "away": away and row["state"] in _OPEN,
        "refusal": asked[f"text_{page.voice.language}"] if asked is not None and not_taken else "",
        "stopping": asking.is_stopping(page.db, row["id"]),
        "can_stop": not (row["ended"] or away or row["state"] in _OPEN),
        "verdicts": VERDICTS if row["state"] == "needs_human" else (),
        "back": back_of(row),
        "refused": None,
        "reason": "",
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
        page,
        {"part": lambda: page.render("parts/operation.html", **panel(page, _row(page)))},
        lambda: bool(page.found(operations.get(page.db, name))["ended"]),
    )


@staff_only
async def stop(page: Page) -> Response:
    """Ask the terminal to stop. The operation's own end tells whether that was in time."""
    await page.form()
    row = _row(page)
    if row["op"] in OCCUPYING and not row["ended"] and not asking.is_stopping(page.db, row["id"]):
        with suppress(Refused):  # its agent is away, which the panel says
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
    reason = " ".join(fields.get("reason", "").split())
    verdict = next((one for one in VERDICTS if one == fields.get("verdict")), None)
    if row["state"] != "needs_human":
        return _undecided(page, row, 409, Refused("operation.nothing_to_decide"))
    if verdict is None or not 0 < len(reason) <= _LONGEST_REASON:
        return _undecided(page, row, 422, Refused("operation.no_reason"), reason)
    asked = asking.asked_of(page.db, row["id"])
    if asked is None or asked["op"] != "resolve" or asked["ended"]:
        try:
            await asking.resolve(page.clinic, row, page.person.id, verdict, reason)
        except Refused as refused:
            return _undecided(page, row, 409, refused, reason)
    return page.go(f"/operations/{row['id']}")


def _undecided(page: Page, row: Row, status: int, refused: Refused, reason: str = "") -> Response:
    return page.show("operation.html", status, **{**panel(page, row), "refused": refused, "reason": reason})


def _row(page: Page) -> Row:
    row: Row = page.found(operations.get(page.db, page.request.path_params["operation"]))
    return row


ROUTES: tuple[Route, ...] = (
    route("/operations/{operation}", show),
    route("/operations/{operation}/stream", follow),
    route("/operations/{operation}/stop", stop, "POST"),
    route("/operations/{operation}/resolve", resolve, "POST"),
)
