"""A patient at the clinic's page, at night: one visit of the online booking in a browser of its own.

visit = await a_visit(clinic, browser)
await visit.choose("Plateau-Mont-Royal", "Physiothérapie, suivi", "Nadia Fortin")
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

from playwright.async_api import Browser, FrameLocator, Page

from simulator.cards import CARDS
from simulator.clinic.database import new_id, stamp
from tests.support.clinic_house import ClinicHouse
from tests.support.reader_house import SCOPE
from tests.support.waiting import eventually

Language = Literal["fr", "en"]
_CODE = re.compile(r"\b\d{6}\b")
_NEW = {
    "first_name": "Alice",
    "last_name": "Lavoie",
    "born": "1991-05-17",
    "phone": "514 555-0177",
    "postal_code": "h2j 1x1",
}


class Visit:
    """One visitor. What is said is looked for by whoever tests."""

    def __init__(self, clinic: ClinicHouse, page: Page, language: Language) -> None:
        self.clinic, self.page, self.language = clinic, page, language

    async def choose(self, point: str, service: str, employee: str, slot: int = 0) -> str:
        """Down to a slot, the first one or a later one; its moment, as the clinic keeps it."""
        for name in (point, service, employee):
            await self.page.get_by_role("link", name=name).first.click()
        button = self.page.locator("button[name=starts]").nth(slot)
        starts = await button.get_attribute("value")
        assert starts
        await button.click()
        return starts

    async def prove(self, email: str) -> None:
        """Give the address, and the code that came to it."""
        await self.give_address(email)
        await self.give_code(await self.code_of(email))

    async def give_address(self, email: str) -> None:
        """Ask for a code."""
        await self.page.locator("[name=email]").fill(email)
        await self.page.locator("main form.narrow button").click()
        await self.page.wait_for_url("**/rdv/code*")

    async def give_code(self, code: str) -> None:
        """One try."""
        await self.page.locator("[name=code]").fill(code)
        async with self.page.expect_navigation():
            await self.page.locator("main form.narrow button").click()

    async def code_of(self, email: str) -> str:
        """The newest code in the outbox for an address."""

        def look() -> str | None:
            rows = self.clinic.rows("SELECT body FROM outbox WHERE recipient = ? ORDER BY id DESC", email)
            found = (_CODE.search(row["body"]) for row in rows)
            return next((one[0] for one in found if one), None)

        return await eventually(look, "a code was sent")

    async def be_new(self, **other: str) -> None:
        """Give the details of somebody without a file."""
        for name, value in {**_NEW, **other}.items():
            await self.page.locator(f"[name={name}]").fill(value)
        await self.page.locator("main form.narrow button").click()
        await self.page.wait_for_url("**/rdv/confirm")

    async def agree(self) -> None:
        """To the card being kept, and to the no-show fee where one is announced."""
        for name in ("consent", "no_show"):
            for box in await self.page.locator(f"[name={name}]").all():
                await box.check()

    @property
    def entry(self) -> FrameLocator:
        """The vault's own page in its frame."""
        return self.page.frame_locator("iframe.hosted")

    async def enter_card(self, name: str = "visa_second", code: str = "123", expiry: str = "1230") -> None:
        """Type a test card into the vault's page. A failure must not print the number."""
        for field, value in (("number", CARDS[name].number), ("expiry", expiry), ("code", code)):
            box = self.entry.locator(f"[name={field}]")
            await box.wait_for()
            await box.focus()
            await self.page.keyboard.insert_text(value)
        await self.entry.locator("button").click()

    async def confirm(self) -> None:
        """Press the last button."""
        await self.page.locator("#confirm button").click()


async def a_visit(clinic: ClinicHouse, browser: Browser, language: Language = "fr") -> Visit:
    """A visitor without a cookie, on the first page."""
    context = await browser.new_context(locale=f"{language}-CA", ignore_https_errors=True)
    page = await context.new_page()
    await page.goto(f"{clinic.address}/rdv")
    if language == "en":
        await page.get_by_role("button", name="English").click()
    return Visit(clinic, page, language)


def switch(clinic: ClinicHouse, name: str, value: int) -> None:
    """Change one of the settings of the online booking."""
    clinic.change("UPDATE settings SET value = ? WHERE name = ?", str(value), name)


def put_on_file(clinic: ClinicHouse, patient: str, *, expiry: str = "3012", scope: str = SCOPE) -> str:
    """A card of a patient's, •••• 4321, that the clinic has; its id."""
    card = new_id(datetime.now(UTC))
    clinic.change(
        "INSERT INTO cards (id, patient, token, scope, kind, brand, last_four, expiry, consent_text,"
        " consent_version, consent_language, consent_given, stored_at, stored_by)"
        " VALUES (?, ?, ?, ?, 'chargeable', 'Visa', '4321', ?, 'card-on-file', '2', 'fr', 'in_person', ?,"
        " 'staff-17')",
        card, patient, f"token{card}", scope, expiry, stamp(datetime.now(UTC)),
    )  # fmt: skip
    return card


def booked(clinic: ClinicHouse, starts: str) -> list[tuple[str, str, str | None]]:
    """Patient, status and card of what was booked online with Nadia Fortin at this moment."""
    rows = clinic.rows(
        "SELECT patient, status, card FROM appointments WHERE online = 1 AND starts = ?"
        " AND employee = 'nadia'",
        starts,
    )
    return [tuple(row) for row in rows]
