"""The choice of a terminal in a form, each with its live state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import Response

from simulator.clinic import fleet
from simulator.clinic.fleet import Desk
from simulator.clinic.web.page import Page
from simulator.clinic.web.stream import stream


def follow_desks(page: Page, desks: Sequence[Desk]) -> Response:
    """How each of them stands, kept up to date, as the part `desk-0`, `desk-1` …"""

    def standing(key: str) -> Callable[[], str]:
        return lambda: page.render("parts/desk_state.html", desk=fleet.find(page.db, page.clinic.link, key))

    return stream(page, {f"desk-{at}": standing(desk.key) for at, desk in enumerate(desks)})
