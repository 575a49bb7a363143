"""Cartes au dossier: all of them, those that expire soon, and each with its history; verify and remove."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import cards, keeping, operations, paying, staff
from simulator.clinic.asking import Refused
from simulator.clinic.database import Row
from simulator.clinic.postal_codes import write_postal_code
from simulator.clinic.web import operation
from simulator.clinic.web.page import Page, route, staff_only


@staff_only
async def listed(page: Page) -> Response:
    """Every card on file, or those that are over or expire this month or the next."""
    today = page.clinic.today
    soon = "soon" in page.request.query_params
    limit = after_next_month(today)
    expiring = cards.expiring(page.db, limit)
    return page.show(
        "cards.html",
        soon=soon,
        cards=[(card, _validity(card, today)) for card in (expiring if soon else cards.all_on_file(page.db))],
        expiring=len(expiring),
    )


@staff_only
async def show(page: Page) -> Response:
    """One card, also one that was removed."""
    return page.show("card.html", **_shown(page))


@staff_only
async def verify(page: Page) -> Response:
    """Vérifier: have the issuer say whether it is good."""
    await page.form()
    try:
        started = await keeping.verify(
            page.clinic, _card(page), paying.By(page.person.id, page.voice.language)
        )
    except Refused as refused:
        return page.show("parts/card_refused.html", 409, refused=refused)
    return _follow(page, started)


@staff_only
async def ask_removal(page: Page) -> Response:
    """The dialog that asks whether it is really to be removed."""
    return page.show("parts/card_remove.html", **_removal(page, _card(page)))


@staff_only
async def remove(page: Page) -> Response:
    """Retirer: have the vault forget it."""
    await page.form()
    card = _card(page)
    try:
        started = await keeping.remove(page.clinic, card, paying.By(page.person.id, page.voice.language))
    except Refused as refused:
        return page.show("parts/card_remove.html", 409, **_removal(page, card, refused))
    return page.go(f"/cards/{card['id']}") if started is None else _follow(page, started)


def after_next_month(day: date) -> date:
    """The first day of the month after the next."""
    first = day.replace(day=1)
    for _ in range(2):
        first = (first + timedelta(days=31)).replace(day=1)
    return first


def _validity(card: Row, today: date) -> str:
    """expired, soon, or "" for a card that is good for longer."""
    if cards.is_expired(card, today):
        return "expired"
    soon = bool(card["expiry"]) and card["expiry"] < after_next_month(today).strftime("%y%m")
    return "soon" if soon else ""


def _follow(page: Page, started: str) -> Response:
    row = page.found(operations.get(page.db, started))
    return page.show("parts/operation_live.html", **operation.panel(page, row))


def _removal(page: Page, card: Row, refused: Refused | None = None) -> dict[str, Any]:
    return {"card": card, "shared": cards.is_shared(page.db, card), "refused": refused}


def _shown(page: Page) -> dict[str, Any]:
    card = _card(page)
    return {
        "card": card,
        "postal_code": write_postal_code(card["postal_code"]),
        "patient": page.db.one("SELECT * FROM patients WHERE id = ?", card["patient"]),
        "validity": _validity(card, page.clinic.today),
        "consents": cards.consent_texts(page.db, card),
        "stored_by": _name(page, card["stored_by"]),
        "history": [_line(page, row) for row in cards.history(page.db, card["id"])],
    }


def _line(page: Page, row: Row) -> dict[str, Any]:
    """A line of the history with who, and the invoice that it was about."""
    operation_row = operations.get(page.db, row["operation"]) if row["operation"] else None
    return {
        **dict(row),
        "who": _name(page, row["actor"]),
        "agreed": cards.agreed_in(row),
        "amount": int(row["detail"]) if row["detail"].isdecimal() else None,
        "invoice": operation_row["invoice"] if operation_row is not None else None,
        "purpose": json.loads(operation_row["data"]).get("purpose") if operation_row is not None else None,
    }


def _name(page: Page, actor: str) -> str:
    """Somebody of the staff by name; whoever booked online."""
    known = staff.person(page.db, actor)
    return known.name if known else page.voice.say("card.online")


def _card(page: Page) -> Row:
    row: Row = page.found(cards.get(page.db, page.request.path_params["card"]))
    return row


ROUTES: tuple[Route, ...] = (
    route("/cards", listed),
    route("/cards/{card}", show),
    route("/cards/{card}/verify", verify, "POST"),
    route("/cards/{card}/remove", ask_removal),
    route("/cards/{card}/remove", remove, "POST"),
)
