"""The walk through the clinic forgets no page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from starlette.routing import Route

from simulator.clinic.clinic import make
from simulator.clinic.settings import ClinicPlan, ClinicSettings
from simulator.clinic.web.app import application
from tests.support.clinic_places import PLACES

# A redirection, and what keeps parts of pages up to date.
NO_PAGES = {"/"}


def test_each_page_of_the_application_is_a_place_of_the_walk(tmp_path: Path) -> None:
    plan = replace(ClinicPlan(clinic=ClinicSettings(id="clinic-1")), folder=tmp_path)
    clinic = make(plan)
    routes = [route for route in application(clinic).routes if isinstance(route, Route)]
    clinic.db.close()
    pages = {
        route.path
        for route in routes
        if "GET" in (route.methods or ()) and not route.path.endswith("/stream")
    }
    assert pages - NO_PAGES == set(PLACES.values()) - {""}
