"""Gestion > Comptabilité > Fermeture de lot: a batch is closed, and the terminal's totals stand beside the
clinic's own with every difference named.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.async_api import Browser, Page, expect

from simulator.acquirer.ledger import FileLedger
from simulator.acquirer.lines import Entry
from tests.support.clinic_house import TERMINAL, ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER, LIMIT_MS, bill, send_to_terminal, stands
from tests.support.station import TERMINAL_ID

pytestmark = IN_A_BROWSER
BY_HAND = (
    "Visa : le terminal compte 147,00 $ (2), la clinique 105,00 $ (1). Un paiement a pu être fait à la main"
    " au terminal, ou annulé ici seulement."
)
RECEIPT = (
    "Reçu 0002 : le terminal le compte, mais aucun paiement demandé par la clinique ne le porte. Il a sans"
    " doute été fait à la main au terminal."
)


def pay_by_hand(clinic: ClinicHouse, amount_minor: int) -> None:
    """Somebody typed a payment at the terminal itself: it is booked there, and nobody asked for it."""
    ledger = FileLedger(clinic.counter.house.station.ledger)
    entry = Entry(
        kind="charge", at=datetime.now(UTC), terminal=TERMINAL_ID, amount_minor=amount_minor, currency="CAD",
        receipt="0002", trace="000002", turnover="000002", brand="visa", card="************1111",
    )  # fmt: skip
    ledger.append(entry)
    ledger.close()


async def apply(page: Page, clinic: ClinicHouse, action: str = "close") -> None:
    """Choose the terminal and the action, and apply."""
    await page.goto(f"{clinic.address}/batches")
    await page.locator("[name=terminal]").select_option(f"{clinic.counter.house.agent.id}/{TERMINAL}")
    await page.locator("[name=action]").select_option(action)
    await page.locator("main form button").click()
    await page.wait_for_url(re.compile(r"/batches\?terminal="))


async def pay(page: Page, clinic: ClinicHouse, patient: str) -> str:
    """An appointment of today is billed and paid at the terminal; the invoice's number."""
    await bill(page, clinic, patient)
    dialog = await send_to_terminal(page)
    await clinic.counter.house.station.present("visa")
    await stands(dialog, "approved")
    (invoice,) = clinic.rows("SELECT number FROM invoices WHERE id = ?", page.url.rpartition("/")[2])
    return str(invoice["number"])


async def test_batches_are_closed_and_compared(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    rows = page.locator("tbody tr[data-state]")
    await page.goto(f"{clinic.address}/batches")
    await expect(page.locator("main")).to_contain_text("Lecteur de l'accueil : rien à fermer ici.")

    number = await pay(page, clinic, "Mohamed Benali")
    await apply(page, clinic, "look")
    await expect(page.locator("main")).to_contain_text("la clinique compte 105,00 $ (1).")
    await expect(page.get_by_role("link", name=number, exact=True)).to_be_visible()
    await expect(rows).to_have_count(0)

    pay_by_hand(clinic, 4200)
    await apply(page, clinic)
    first = rows.nth(0)
    await expect(first).to_have_attribute("data-state", "approved", timeout=LIMIT_MS)
    await expect(first).to_contain_text("147,00 $ (2)")
    await expect(first.locator("li")).to_have_text([BY_HAND, RECEIPT])
    await expect(page.locator("main")).to_contain_text("Aucun paiement depuis la dernière fermeture.")
    await first.get_by_role("link").first.click()
    total = page.get_by_role("row", name="Total")
    await expect(total.locator("td")).to_have_text(["147,00 $ (2)", "105,00 $ (1)"])
    await expect(page.locator("main")).to_contain_text("Le journal de l'agent compte 105,00 $ (1).")
    await expect(page.get_by_role("row", name=number)).to_contain_text("Visa •••• 1111")
    (payment,) = clinic.rows("SELECT batch FROM payments")
    assert page.url.endswith(payment["batch"])


async def test_what_both_count_alike_agrees_and_a_refused_closure_closes_nothing(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser, language="fr")
    rows = page.locator("tbody tr[data-state]")
    await pay(page, clinic, "Sophie Gagnon")
    await clinic.counter.house.station.fault("host", "decline", command="end_of_day", value=91)
    await apply(page, clinic)
    await expect(rows.nth(0)).to_have_attribute("data-state", "declined", timeout=LIMIT_MS)
    await expect(page.locator("main")).to_contain_text("la clinique compte 95,00 $ (1).")
    await apply(page, clinic)
    await expect(rows.nth(0)).to_have_attribute("data-state", "approved", timeout=LIMIT_MS)
    await expect(rows.nth(0)).to_contain_text("Les deux s'accordent.")
    await expect(rows.nth(0)).to_contain_text("95,00 $ (1)")

    english = await clinic.logged_in(browser, language="en")
    await english.goto(page.url)
    await expect(english.locator("tbody tr[data-state]").nth(0)).to_contain_text("Both agree.")
    await expect(english.locator("tbody tr[data-state]").nth(0)).to_contain_text("$95.00 (1)")
