"""What comes of the online booking, for staff: requests to be answered, and the e-mail that was sent."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import booking, letters, outbox
from simulator.clinic.web.page import Page, route, staff_only
from simulator.clinic.wording import Voice

_ANSWERS: Mapping[str, bool] = {"accept": True, "refuse": False}


@staff_only
async def show(page: Page) -> Response:
    """Requests that wait for an answer."""
    return page.show("online_requests.html", requests=booking.requested(page.db))


@staff_only
async def answer(page: Page) -> Response:
    """Accept one or turn it down; the patient gets a letter."""
    fields = await page.form()
    accepted = _ANSWERS.get(fields.get("answer", ""))
    if accepted is None:
        raise HTTPException(400)
    appointment = page.request.path_params["appointment"]
    if booking.answer(page.db, appointment, accepted=accepted):
        row = letters.whole(page.clinic, appointment)
        voice = Voice(row["language"], page.clinic.zone)
        letters.send_news(page.clinic, voice, appointment, "booked" if accepted else "refused")
        page.clinic.live.changed()
    return page.go("/online-requests")


@staff_only
async def show_outbox(page: Page) -> Response:
    """The newest letters, for trying things out: none of them goes anywhere else."""
    return page.show("outbox.html", letters=outbox.newest(page.db))


ROUTES: tuple[Route, ...] = (
    route("/online-requests", show),
    route("/online-requests/{appointment}", answer, "POST"),
    route("/outbox", show_outbox),
)
