"""Ma clinique > Services > Frais de rendez-vous manqué: the no-show policy of each class of service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import no_shows
from simulator.clinic.amounts import read_amount, write_amount
from simulator.clinic.database import Row
from simulator.clinic.web.page import Page, manager_only, route, staff_only


@staff_only
async def show(page: Page) -> Response:
    """Every class's policy."""
    return page.show("policies.html", **_shown(page))


@manager_only
async def save(page: Page) -> Response:
    """One class's policy."""
    fields = await page.form()
    policy: Row = page.found(
        page.db.one("SELECT * FROM no_show_policies WHERE class = ?", page.request.path_params["name"])
    )
    enabled = "enabled" in fields
    fee = read_amount(fields.get("fee", ""))
    wrong = no_shows.objection(
        policy,
        enabled=enabled,
        fee_minor=fee,
        texts={"fr": fields.get("text_fr", ""), "en": fields.get("text_en", "")},
    )
    if fee is None:
        wrong["fee"] = "pay.no_amount"
    if wrong:
        return page.show("policies.html", 422, **_shown(page, policy["class"], fields, wrong))
    page.db.run(
        "UPDATE no_show_policies SET enabled = ?, fee_minor = ?, text_fr = ?, text_en = ? WHERE class = ?",
        int(enabled),
        fee,
        fields.get("text_fr", "").strip(),
        fields.get("text_en", "").strip(),
        policy["class"],
    )
    page.clinic.live.changed()
    return page.go("/no-show-policies?saved=1")


def _shown(
    page: Page,
    tried: str = "",
    fields: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """`tried` is the class whose form comes back with what was typed."""
    shown = []
    for policy in no_shows.policies(page.db):
        kept = {
            **({"enabled": "on"} if policy["enabled"] else {}),
            "fee": write_amount(policy["fee_minor"], page.voice.language),
            "fee_minor": policy["fee_minor"],
            "text_fr": policy["text_fr"],
            "text_en": policy["text_en"],
        }
        again = policy["class"] == tried
        shown.append(
            (policy["class"], fields if again and fields else kept, wrong if again and wrong else {})
        )
    return {"policies": shown, "never": no_shows.NEVER, "saved": "saved" in page.request.query_params}


ROUTES: tuple[Route, ...] = (
    route("/no-show-policies", show),
    route("/no-show-policies/{name}", save, "POST"),
)
