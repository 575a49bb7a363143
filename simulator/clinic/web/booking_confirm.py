"""Online booking, the last step: the purpose, a card where one is asked for and none usable is on file, the
appointment. The number is typed into the vault's own page in a frame; what comes here is a temporary token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import booking, cards, letters, online_cards, online_settings, services, visitors
from simulator.clinic.booking import NotFree
from simulator.clinic.database import Row
from simulator.clinic.online_cards import Given, Taken
from simulator.clinic.postal_codes import read_postal_code, write_postal_code
from simulator.clinic.vault_access import Vault
from simulator.clinic.web.booking_choose import the_held
from simulator.clinic.web.booking_person import GONE, holding
from simulator.clinic.web.page import Page, route
from simulator.clinic.web.store_card import consent_text, consents

_LONGEST_PURPOSE = 200  # characters, as the form allows
_NOT_TAKEN: Mapping[str, str] = {
    "declined": "confirm.declined",
    "expired": "confirm.expired",
    "security_code": "confirm.security_code",
    "postal_code": "confirm.postal_code_differs",
    "refused": "confirm.refused",
    "away": "confirm.vault_away",
    "open": "confirm.card_open",
}


@holding
async def show(page: Page) -> Response:
    """What is about to be booked."""
    return _shown(page, {}) if _visitor(page) is not None else page.go("/rdv/who")


@holding
async def confirm(page: Page) -> Response:
    """Take the card if one is needed, and book."""
    fields, visitor = await page.form(), _visitor(page)
    if visitor is None:
        return page.go("/rdv/who")
    wrong = _wrong(page, visitor, fields)
    if wrong:
        return _shown(page, fields, wrong)
    card, why = None, ""
    if _asks(page):
        card, why = await _card(page, visitor, fields)
        if card is None:
            return _shown(page, {**fields, "data_key": ""}, {"card": why})
    return _booked(page, visitor, card, fields)


async def done(page: Page) -> Response:
    """What was booked, to this browser alone."""
    made = visitors.made(page.db, page.visit().hash)
    if made is None:
        return page.go("/rdv")
    row = letters.whole(page.clinic, made)
    return page.show("booking_done.html", appointment=row)


# --- inside ---------------------------------------------------------------------------------------------


def _booked(page: Page, visitor: Row, card: str | None, fields: Mapping[str, str]) -> Response:
    """Nothing is awaited here: what was looked at holds until it is booked."""
    clinic, browser, now = page.clinic, page.visit().hash, page.clinic.wall()
    purpose = " ".join(fields.get("purpose", "").split())[:_LONGEST_PURPOSE]
    try:
        with page.db.transaction():
            patient = visitors.file_of(page.db, browser, page.voice.language, now)
            if card is not None and _to_agree(page, _usable(page, visitor)):
                agreed = consents(page, "online", no_show=True)[-1].model_dump()
                cards.agree_to_no_show(page.db, card, agreed, online_cards.ACTOR, now)
            made = booking.book(page.db, browser, patient, purpose=purpose, card=card, now=now)
            visitors.end(page.db, browser, made)
    except NotFree:
        booking.release(page.db, browser)
        return page.go(GONE)
    accepted = online_settings.read(page.db).accept_automatically
    letters.send_news(clinic, page.voice, made, "booked" if accepted else "requested")
    clinic.live.changed()
    return page.go("/rdv/done")


async def _card(page: Page, visitor: Row, fields: Mapping[str, str]) -> tuple[str | None, str]:
    """The card that the appointment is booked with; or None, and why not."""
    usable = _usable(page, visitor)
    if usable is not None:
        return usable["id"], ""
    vault, browser = page.clinic.vault, page.visit().hash
    if vault is None:
        return None, "confirm.no_vault"
    booking.hold_on(page.db, browser, page.clinic.wall())
    begun = _begun(page)
    if begun is not None and begun["state"] == "verifying":
        return None, "confirm.card_under_way"
    taken = await (
        online_cards.settle(page.clinic, vault, begun["order_id"])
        if begun is not None
        else _taken(page, vault, fields)
    )
    return taken.card, _NOT_TAKEN.get(taken.why, "")


async def _taken(page: Page, vault: Vault, fields: Mapping[str, str]) -> Taken:
    """Verify and keep the card of the temporary token. Its patient has a file from here on."""
    browser, policy = page.visit().hash, _policy(page)
    given = Given(
        browser=browser,
        patient=visitors.file_of(page.db, browser, page.voice.language, page.clinic.wall()),
        temporary=fields["data_key"],
        holder=fields["holder"].strip(),
        postal_code=read_postal_code(fields["postal_code"]) or "",
        agreed=[one.model_dump() for one in consents(page, "online", no_show=policy is not None)],
        no_show=policy is not None,
    )
    return await online_cards.take(page.clinic, vault, given)


def _wrong(page: Page, visitor: Row, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that must be mended, each with its sentence."""
    wrong: dict[str, str] = {}
    if online_settings.read(page.db).purpose_required and not fields.get("purpose", "").strip():
        wrong["purpose"] = "confirm.no_purpose"
    usable = _usable(page, visitor)
    if _to_agree(page, usable) and "no_show" not in fields:
        wrong["consent"] = "confirm.no_consent_on_file"
    if not _asks(page) or usable is not None or _begun(page) is not None:
        return wrong
    if not fields.get("holder", "").strip():
        wrong["holder"] = "store_card.no_holder"
    if read_postal_code(fields.get("postal_code", "")) is None:
        wrong["postal_code"] = "store_card.bad_postal_code"
    if "consent" not in fields or (_policy(page) is not None and "no_show" not in fields):
        wrong["consent"] = "confirm.no_consent"
    if not online_cards.is_temporary(fields.get("data_key", "")):
        wrong["card"] = "confirm.no_card"
    return wrong


def _shown(page: Page, fields: Mapping[str, str], wrong: Mapping[str, str] | None = None) -> Response:
    visitor, vault = _visitor(page), page.clinic.vault
    if visitor is None:
        return page.go("/rdv/who")
    person = visitors.described(page.db, visitor)
    usable, asks = _usable(page, visitor), _asks(page)
    begun = _begun(page)
    shown: dict[str, Any] = {
        "held": the_held(page),
        "person": person,
        "settings": online_settings.read(page.db),
        "card": usable if asks else None,
        "asks": asks and usable is None and begun is None,
        "to_agree": _to_agree(page, usable),
        "begun": asks and usable is None and begun is not None,
        "policy": _policy(page) if asks else None,
        "vault": vault,
        "texts": {name: consent_text(page, name) for name in ("card-on-file", "no-show")},
        "fields": {
            "holder": f"{person['first_name']} {person['last_name']}",
            "postal_code": write_postal_code(person["postal_code"]),
            **fields,
        },
        "wrong": wrong or {},
    }
    shown["who"] = shown.pop("person")
    return page.show("booking_confirm.html", 422 if wrong else 200, **shown)


def _visitor(page: Page) -> Row | None:
    return visitors.get(page.db, page.visit().hash)


def _asks(page: Page) -> bool:
    held = the_held(page)
    return held is not None and services.asks_for_card(held, online_settings.read(page.db))


def _usable(page: Page, visitor: Row) -> Row | None:
    """A card on file that can be charged here: an expired one or one of another scope counts as none. One
    with which the patient agreed to no-show fees comes first."""
    if visitor["patient"] is None or page.clinic.vault is None:
        return None
    today = page.clinic.today
    found = cards.usable(page.db, visitor["patient"], page.clinic.vault.scope, today)
    return next((card for card in found if card["no_show_consent"]), found[0] if found else None)


def _to_agree(page: Page, usable: Row | None) -> bool:
    """Whether the patient of the card on file has yet to agree to the no-show fee of this service."""
    if usable is None or usable["no_show_consent"]:
        return False
    return _asks(page) and _policy(page) is not None


def _begun(page: Page) -> Row | None:
    """A card of this visitor of which the vault has not told the end."""
    return online_cards.under_way(page.db, page.visit().hash, page.clinic.wall())


def _policy(page: Page) -> Row | None:
    held = the_held(page)
    return services.no_show_policy(page.db, held) if held is not None else None


ROUTES: tuple[Route, ...] = (
    route("/rdv/confirm", show),
    route("/rdv/confirm", confirm, "POST"),
    route("/rdv/done", done),
)
