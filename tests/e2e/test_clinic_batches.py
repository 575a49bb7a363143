"""Gestion > Comptabilité > Fermeture de lot: a batch is closed, and the terminal's totals stand beside the
clinic's own with every difference named.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from simulator.acquirer.ledger import FileLedger
from simulator.acquirer.lines import Entry
from tests.support.broker import Broker
from tests.support.clinic_house import TERMINAL, ClinicHouse, a_browser, a_clinic
from tests.support.station import TERMINAL_ID

pytestmark = [pytest.mark.system, pytest.mark.mocked_usb, pytest.mark.browser]


def pay_by_hand(clinic: ClinicHouse, amount_minor: int) -> None:
    """Somebody typed a payment at the terminal itself: it is booked there, and nobody asked for it."""
    ledger = FileLedger(clinic.counter.house.station.ledger)
    entry = Entry(
        kind="charge", at=datetime.now(UTC), terminal=TERMINAL_ID, amount_minor=amount_minor, currency="CAD",
        receipt="0077", trace="000077", turnover="000077", brand="visa", card="************1111",
    )  # fmt: skip
    ledger.append(entry)
    ledger.close()


async def close_the_batch(page: Page, clinic: ClinicHouse, *, words: str = "Fermer le lot") -> None:
    """Choose the terminal and the action, and apply."""
    await page.goto(f"{clinic.address}/batches")
    await page.locator("[name=terminal]").select_option(f"{clinic.counter.house.agent.id}/{TERMINAL}")
    await page.locator("[name=action]").select_option(label=words)
    await page.locator("main form button").click()


async def test_batches_are_closed_and_compared(broker: Broker, tmp_path: Path) -> None:
    async with a_clinic(broker, tmp_path) as clinic, a_browser() as browser:
        page = await clinic.logged_in(browser)
        pay_by_hand(clinic, 4200)
        await close_the_batch(page, clinic)
        rows = page.locator("tbody tr[data-state]")
        await expect(rows).to_have_count(1)
        await expect(rows.nth(0)).to_have_attribute("data-state", "approved")
        await expect(rows.nth(0)).to_contain_text("42,00 $ (1)")
        await expect(rows.nth(0)).to_contain_text("Reçu 0077 : le terminal le compte")
        await rows.nth(0).get_by_role("link").first.click()
        await expect(page.get_by_role("row", name="Visa")).to_contain_text("0,00 $ (0)")

        await close_the_batch(page, clinic)
        await expect(rows).to_have_count(2)
        await expect(rows.nth(0)).to_contain_text("Les deux s'accordent.")
