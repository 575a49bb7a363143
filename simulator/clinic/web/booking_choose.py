"""Online booking, for everybody: point of service, service, employee, a free slot. It needs no agent and no
login; what is chosen is in the address, and a slot is held from the moment it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import booking, offers, online_settings, services, slots, visitors
from simulator.clinic.booking import Choice, NotFree
from simulator.clinic.database import Row, stamp
from simulator.clinic.slots import Wanted
from simulator.clinic.web.page import Page, route

_DAYS_SHOWN = 5
Day = tuple[date, list[tuple[str, datetime]]]
"""A day with its free slots, each as the form names it and as a moment."""


async def show(page: Page) -> Response:
    """What can be chosen next."""
    page.visit()
    return page.show("booking_choose.html", **_choices(page, page.request.query_params))


async def choose(page: Page) -> Response:
    """Hold a slot, and go on."""
    fields, browser = await page.form(), page.visit().hash
    choice = Choice(**{name: fields.get(name, "") for name in ("point", "service", "employee", "starts")})
    try:
        booking.hold(page.db, browser, choice, page.clinic.wall(), page.clinic.zone)
    except NotFree:
        return page.show("booking_choose.html", 409, **_choices(page, fields, taken=True))
    visitors.begin(page.db, browser)
    return page.go("/rdv/email")


async def leave(page: Page) -> Response:
    """Let go of everything, and begin anew."""
    await page.form()
    browser = page.visit().hash
    booking.release(page.db, browser)
    visitors.end(page.db, browser, None)
    return page.go("/rdv")


def _choices(page: Page, chosen: Mapping[str, str], *, taken: bool = False) -> dict[str, Any]:
    db, settings = page.db, online_settings.read(page.db)
    points = offers.points(db)
    point = offers.one(points, chosen.get("point", ""))
    given = offers.services(db, point["id"]) if point else []
    service = offers.one(given, chosen.get("service", ""))
    people = offers.employees(db, point["id"], service["id"]) if point and service else []
    employee = offers.one(people, chosen.get("employee", ""))
    days: list[Day] = []
    later = None
    if point and service and employee:
        wanted = Wanted(service, employee["id"], point["id"], page.visit().hash)
        days, later = _days(page, wanted, chosen)
    return {
        "points": points,
        "point": point,
        "services": [(one, services.asks_for_card(one, settings)) for one in given],
        "service": service,
        "service_card": service is not None and services.asks_for_card(service, settings),
        "employees": people,
        "employee": employee,
        "days": days,
        "later": later,
        "settings": settings,
        "gone": "gone" in chosen,
        "taken": taken,
        "held": booking.held(db, page.visit().hash, page.clinic.wall()),
    }


def _days(page: Page, wanted: Wanted, chosen: Mapping[str, str]) -> tuple[list[Day], date | None]:
    """Some days with their free slots, and the day from which there are more."""
    zone = page.clinic.zone
    found = slots.free(page.db, wanted, online_settings.read(page.db), page.clinic.wall(), zone)
    by_day = [
        (day, [(stamp(one), one) for one in several])
        for day, several in groupby(found, lambda one: one.astimezone(zone).date())
        if day.isoformat() >= chosen.get("from", "")
    ]
    later = by_day[_DAYS_SHOWN][0] if len(by_day) > _DAYS_SHOWN else None
    return by_day[:_DAYS_SHOWN], later


def the_held(page: Page) -> Row | None:
    """What this visitor holds now."""
    return booking.held(page.db, page.visit().hash, page.clinic.wall())


ROUTES: tuple[Route, ...] = (
    route("/rdv", show),
    route("/rdv", choose, "POST"),
    route("/rdv/leave", leave, "POST"),
)
