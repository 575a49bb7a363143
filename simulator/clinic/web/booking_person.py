"""Online booking: who it is for. An address, the code that proves it, and only then a file or a new person.

Until the code is there nothing is looked up: every address gets the same pages, the same words and a letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import email_codes, letters, visitors
from simulator.clinic.web.booking_choose import the_held
from simulator.clinic.web.page import Handler, Page, route

GONE = "/rdv?gone=1"


def holding(handler: Handler) -> Handler:
    """For visitors who hold a slot; others choose one first. Who goes back, or presses the last button twice,
    is shown what is booked."""

    async def guarded(page: Page) -> Response:
        if the_held(page) is not None:
            return await handler(page)
        return page.go("/rdv/done" if visitors.made(page.db, page.visit().hash) else GONE)

    return guarded


@holding
async def ask_address(page: Page) -> Response:
    """The form for the address; who has proven one goes on."""
    if email_codes.proven(page.db, page.visit().hash) is not None:
        return page.go("/rdv/who")
    return _address(page, "")


@holding
async def take_address(page: Page) -> Response:
    """Send a code, whoever it is."""
    fields = await page.form()
    email = email_codes.address(fields.get("email", ""))
    if email is None:
        return _address(page, fields.get("email", ""), "visitor.bad_email")
    if not _send(page, email):
        return _address(page, email, "visitor.too_many_codes")
    return page.go("/rdv/code")


@holding
async def ask_code(page: Page) -> Response:
    """The form for the code."""
    row = email_codes.awaited(page.db, page.visit().hash)
    if row is None:
        return page.go("/rdv/email")
    return page.go("/rdv/who") if row["proven"] else _code(page, row["email"])


@holding
async def take_code(page: Page) -> Response:
    """One try."""
    fields, browser = await page.form(), page.visit().hash
    row = email_codes.awaited(page.db, browser)
    if row is None:
        return page.go("/rdv/email")
    match email_codes.try_code(page.db, browser, fields.get("code", ""), page.clinic.wall()):
        case "proven":
            return page.go("/rdv/who")
        case "wrong":
            left = email_codes.TRIES - row["tries"] - 1
            return _code(page, row["email"], page.voice.say("visitor.wrong_code", left=left))
        case "over":
            return _code(page, row["email"], page.voice.say("visitor.code_over"))


@holding
async def send_again(page: Page) -> Response:
    """A new code to the same address."""
    await page.form()
    row = email_codes.awaited(page.db, page.visit().hash)
    if row is None or row["proven"]:
        return page.go("/rdv/email")
    if not _send(page, row["email"]):
        return _code(page, row["email"], page.voice.say("visitor.too_many_codes"))
    return page.go("/rdv/code?again=1")


@holding
async def ask_person(page: Page) -> Response:
    """The files of the proven address, and the form for somebody else."""
    return _person(page, {})


@holding
async def take_person(page: Page) -> Response:
    """One of the files, or somebody without one."""
    fields, browser = await page.form(), page.visit().hash
    if email_codes.proven(page.db, browser) is None:
        return page.go("/rdv/email")
    if "patient" in fields:
        chosen = visitors.is_file(page.db, browser, fields["patient"])
        return page.go("/rdv/confirm" if chosen else "/rdv/who")
    person, wrong = visitors.told(fields, page.clinic.today)
    if person is None:
        return _person(page, fields, wrong)
    visitors.is_somebody(page.db, browser, person)
    return page.go("/rdv/confirm")


# --- inside ---------------------------------------------------------------------------------------------


def _send(page: Page, email: str) -> bool:
    code = email_codes.make(page.db, page.visit().hash, email, page.clinic.wall())
    if code is not None:
        letters.send_code(page.clinic, page.voice, email, code)
        page.clinic.live.changed()
    return code is not None


def _address(page: Page, email: str, wrong: str = "") -> Response:
    return page.show(
        "booking_email.html", 422 if wrong else 200, held=the_held(page), email=email, wrong=wrong
    )


def _code(page: Page, email: str, wrong: str = "") -> Response:
    return page.show(
        "booking_code.html",
        422 if wrong else 200,
        held=the_held(page),
        email=email,
        wrong=wrong,
        again="again" in page.request.query_params,
    )


def _person(page: Page, fields: Mapping[str, Any], wrong: frozenset[str] = frozenset()) -> Response:
    browser = page.visit().hash
    if email_codes.proven(page.db, browser) is None:
        return page.go("/rdv/email")
    return page.show(
        "booking_who.html",
        422 if wrong else 200,
        held=the_held(page),
        files=visitors.files(page.db, browser),
        fields=fields,
        wrong=wrong,
    )


ROUTES: tuple[Route, ...] = (
    route("/rdv/email", ask_address),
    route("/rdv/email", take_address, "POST"),
    route("/rdv/code", ask_code),
    route("/rdv/code", take_code, "POST"),
    route("/rdv/code/new", send_again, "POST"),
    route("/rdv/who", ask_person),
    route("/rdv/who", take_person, "POST"),
)
