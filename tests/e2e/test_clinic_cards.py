"""Cartes au dossier: the list, those that expire soon, each with its history; verify and remove."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, expect

from simulator.acquirer.totals import tokens_kept
from tests.support.clinic_cards import put_on_file
from tests.support.clinic_house import ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER, closed, stands

pytestmark = IN_A_BROWSER


def in_months(months: int) -> str:
    """The expiry of a card that is good until so many months from now, YYMM."""
    day = datetime.now(ZoneInfo("America/Toronto")).date().replace(day=15)
    for _ in range(months):
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=15)
    return day.strftime("%y%m")


async def test_expiring_cards_are_listed_verified_and_removed(clinic: ClinicHouse, browser: Browser) -> None:
    soon = await put_on_file(clinic, "patient-42", "visa", expiry=in_months(1))
    await put_on_file(clinic, "patient-44", "mastercard", expiry="2401")
    await put_on_file(clinic, "patient-45", "amex", expiry=in_months(2))
    page = await clinic.logged_in(browser)
    await page.get_by_role("link", name="Cartes au dossier").click()
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(3)
    await page.get_by_role("link", name="expirent bientôt (2)").click()
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("Carter, Emily")
    await expect(rows.nth(0)).to_contain_text("Expirée")
    await expect(rows.nth(1)).to_contain_text("Expire bientôt")

    await page.goto(f"{clinic.address}/patients/patient-42")
    await page.get_by_role("link", name="Visa •••• 1111").click()
    await expect(page).to_have_url(f"{clinic.address}/cards/{soon}")
    await expect(page.locator("main")).to_contain_text("Le patient n'y a pas consenti")
    await expect(page.locator("blockquote")).to_contain_text("J'autorise la clinique à garder cette carte")
    dialog = page.get_by_role("dialog")
    await page.get_by_role("button", name="Vérifier").click()
    await stands(dialog, "approved", "L’émetteur confirme que la carte est valide.")
    await closed(page)
    await expect(page.get_by_role("row", name="Vérifiée : la carte est bonne")).to_contain_text("Maude")

    before = len(tokens_kept(clinic.counter.vault.lines()))
    await page.get_by_role("button", name="Retirer").click()
    await expect(dialog).to_contain_text("Retirer la carte Visa •••• 1111")
    await dialog.get_by_role("button", name="Annuler").click()
    await expect(dialog).not_to_be_visible()
    await page.get_by_role("button", name="Retirer").click()
    await dialog.get_by_role("button", name="Oui, retirer la carte").click()
    await stands(dialog, "approved")
    await closed(page)
    await expect(page.locator("main")).to_contain_text("Cette carte a été retirée le")
    assert await page.get_by_role("button", name="Retirer").count() == 0
    await expect(page.get_by_role("row", name="Retirée")).to_be_visible()
    assert len(tokens_kept(clinic.counter.vault.lines())) == before - 1
    await page.goto(f"{clinic.address}/patients/patient-42")
    await expect(page.locator("main")).to_contain_text("Aucune carte au dossier.")


async def test_what_cannot_be_asked_is_said_in_english(clinic: ClinicHouse, browser: Browser) -> None:
    strange = await put_on_file(clinic, "patient-46", "discover", scope="merchant-9")
    page = await clinic.logged_in(browser, language="en")
    await page.goto(f"{clinic.address}/cards/{strange}")
    await page.get_by_role("button", name="Verify").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("alert")).to_have_text(
        "No terminal of the clinic works for the merchant account in which this card is kept."
    )
    await dialog.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Remove").click()
    await dialog.get_by_role("button", name="Yes, remove the card").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("merchant account")
    assert not clinic.rows("SELECT 1 FROM operations WHERE card = ?", strange)
