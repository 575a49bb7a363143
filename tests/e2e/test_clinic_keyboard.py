"""Each flow of the front desk with the keyboard alone: no mouse, no focus lost, and a dialog gives it back.

The online booking has its own such test beside its others.
"""

from __future__ import annotations

import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from simulator.cards import CARDS
from tests.support.clinic_cards import put_on_file
from tests.support.clinic_house import TERMINAL, ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER, LIMIT_MS, asked_for_card, stands
from tests.support.keyboard import enter, reach
from tests.support.waiting import eventually_asked

pytestmark = IN_A_BROWSER


class Keys:
    """One window, in which nothing but keys is pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dialog = page.get_by_role("dialog")

    async def press(self, wanted: Locator, key: str = "Enter") -> None:
        """Go there and press a key."""
        await reach(self.page, wanted)
        await self.page.keyboard.press(key)

    async def go(self, wanted: Locator) -> None:
        """Go there and press Enter, which brings another page."""
        await reach(self.page, wanted)
        await enter(self.page)

    async def write(self, wanted: Locator, text: str) -> None:
        """Go there and write, in place of what is there; in a list: choose what begins so."""
        await reach(self.page, wanted)
        if await wanted.evaluate("one => one.tagName") != "SELECT":
            await self.page.keyboard.press("Control+a")
        await self.page.keyboard.type(text)

    async def button(self, name: str) -> None:
        """The button of this name, with the space bar."""
        await self.press(self.page.get_by_role("button", name=name, exact=True), "Space")

    async def holds_focus(self, part: Locator) -> None:
        """The focus is on something within."""

        async def within() -> bool:
            return bool(await part.evaluate("part => part.contains(document.activeElement)"))

        await eventually_asked(within, "the focus is there")


@pytest_asyncio.fixture(loop_scope="module")
async def keys(clinic: ClinicHouse, browser: Browser) -> Keys:
    """Somebody of the front desk."""
    return Keys(await clinic.logged_in(browser))


async def test_logging_in_and_the_way_to_the_content(clinic: ClinicHouse, browser: Browser) -> None:
    page = await browser.new_page(locale="fr-CA")
    await page.goto(f"{clinic.address}/login")
    await expect(page.locator("[name=login]")).to_be_focused()
    await page.keyboard.type("accueil")
    await page.keyboard.press("Tab")
    await page.keyboard.type("accueil")
    await enter(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("[name=q]")).to_be_focused()
    await page.keyboard.type("gagnon")
    await enter(page)
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.close()


async def test_points_of_service_are_assigned(clinic: ClinicHouse, keys: Keys) -> None:
    page = keys.page
    await page.goto(f"{clinic.address}/patients/patient-45")
    await keys.go(page.get_by_role("link", name="Information"))
    await keys.press(page.get_by_label("Laval"), "Space")
    await keys.button("Sauvegarder")
    await expect(page.get_by_role("status")).to_have_text("C'est sauvegardé.")
    await expect(page.get_by_label("Laval")).to_be_checked()


async def test_a_card_is_kept_and_a_capture_cancelled(clinic: ClinicHouse, keys: Keys) -> None:
    page, dialog = keys.page, keys.dialog
    await page.goto(f"{clinic.address}/patients/patient-42")
    opener = page.locator("button.add")
    await keys.press(opener)
    await keys.holds_focus(dialog)
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()

    await keys.press(opener, "Space")
    await keys.button("Sauvegarder")
    await expect(dialog).to_contain_text("Sans l'accord du patient")
    await keys.holds_focus(dialog)
    await keys.press(dialog.locator("[name=consent]"), "Space")
    await keys.button("Sauvegarder")
    await asked_for_card(clinic, dialog)
    await keys.holds_focus(dialog)
    await keys.button("Annuler")
    await stands(dialog, "cancelled")
    await keys.holds_focus(dialog)
    await keys.go(dialog.get_by_role("link", name="Fermer"))

    await keys.press(opener)
    await keys.press(dialog.locator("[name=consent]"), "Space")
    await keys.button("Sauvegarder")
    await asked_for_card(clinic, dialog)
    clinic.counter.reader.swipe(CARDS["visa"])
    await stands(dialog, "approved")
    # The panel is exchanged with its sentence; what is read out stays in its place and changes.
    sentence = await dialog.locator(".sentence").inner_text()
    await expect(dialog.locator("[aria-live=polite]")).to_have_text(sentence)
    await keys.holds_focus(dialog)
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await expect(page.locator(".cards")).to_contain_text("•••• 1111")


async def test_a_visit_is_billed_paid_and_given_back(clinic: ClinicHouse, keys: Keys) -> None:
    page, dialog = keys.page, keys.dialog
    await put_on_file(clinic, "patient-44", "mastercard")
    await page.goto(f"{clinic.address}/patients")
    await keys.go(page.get_by_role("navigation").get_by_role("link", name="Rendez-vous"))
    await keys.write(page.locator("[name=point]"), "Plateau")
    await keys.press(page.get_by_role("button", name="Afficher"))
    await keys.go(page.get_by_role("row", name="Emily Carter").locator("th a"))
    await reach(page, page.get_by_role("button", name="Créer une facture"))
    await enter(page)

    await keys.press(page.locator("#pay-terminal"))
    await keys.holds_focus(dialog)
    await page.keyboard.press("Escape")
    await expect(page.locator("#pay-terminal")).to_be_focused()
    await keys.press(page.locator("#pay-terminal"), "Space")
    checked = dialog.locator("[name=terminal]:checked")
    await reach(page, checked)
    while not (await checked.get_attribute("value") or "").endswith(f"/{TERMINAL}"):
        await page.keyboard.press("ArrowDown")
    await keys.write(dialog.locator("[name=amount]"), "100,00")
    await page.keyboard.press("Enter")
    await clinic.counter.house.station.present("visa")
    await stands(dialog, "approved")
    await keys.holds_focus(dialog)
    await keys.go(dialog.get_by_role("link", name="Fermer"))
    await expect(dialog).to_be_hidden()

    await keys.press(page.locator("#pay-card"))
    await keys.button("Débiter la carte")
    await stands(dialog, "approved")
    await page.keyboard.press("Escape")
    await expect(page.locator("tfoot")).to_contain_text("0,00 $")
    await keys.holds_focus(page.locator("main"))

    await keys.press(page.get_by_role("button", name="Rembourser").last)
    await keys.press(dialog.locator("form button").first)
    await stands(dialog, "approved")
    await page.keyboard.press("Escape")
    await keys.holds_focus(page.locator("main"))
    await keys.go(page.get_by_role("link", name="Reçu"))
    await expect(page.locator(".receipt")).to_be_visible()


async def test_a_missed_appointment_is_billed(clinic: ClinicHouse, keys: Keys) -> None:
    page = keys.page
    await put_on_file(clinic, "patient-42", "amex", no_show=True)
    clinic.change(
        "UPDATE appointments SET starts = '2026-01-05T15:00:00.000Z' WHERE id ="
        " (SELECT id FROM appointments WHERE patient = 'patient-42' ORDER BY starts LIMIT 1)"
    )
    await page.goto(f"{clinic.address}/patients/patient-42")
    await keys.go(page.get_by_role("row").last.get_by_role("link"))
    await keys.write(page.locator("[name=note]"), "Absente")
    await keys.go(page.get_by_role("button", name="Absent", exact=True))
    await keys.write(page.locator("[name=evidence]"), "Appelée deux fois.")
    await keys.go(page.get_by_role("button", name="Facturer le rendez-vous manqué"))
    await expect(page.locator("main")).to_contain_text("Cette facture est payée", timeout=LIMIT_MS)


async def test_cards_are_listed_verified_and_removed(clinic: ClinicHouse, keys: Keys) -> None:
    page, dialog = keys.page, keys.dialog
    await put_on_file(clinic, "patient-43", "discover")
    await page.goto(f"{clinic.address}/patients")
    await keys.go(page.get_by_role("navigation").get_by_role("link", name="Cartes au dossier"))
    await keys.go(page.get_by_role("row", name="Bélanger").get_by_role("link").last)
    verify = page.locator("button[hx-post$='/verify']")
    await keys.press(verify)
    await stands(dialog, "approved")
    await keys.holds_focus(dialog)
    await page.keyboard.press("Escape")
    await expect(verify).to_be_focused()
    remove = page.locator("button[hx-get$='/remove']")
    await keys.press(remove)
    await keys.holds_focus(dialog)
    await keys.press(dialog.locator("[data-close]"))
    await expect(remove).to_be_focused()
    await keys.press(remove)
    await keys.press(dialog.locator("form button").first)
    await stands(dialog, "approved")
    await keys.holds_focus(dialog)


async def test_managers_change_terminals_services_and_settings(clinic: ClinicHouse, browser: Browser) -> None:
    keys = Keys(await clinic.logged_in(browser, "gestion"))
    page = keys.page
    menu = page.get_by_role("navigation")
    await keys.go(menu.get_by_role("link", name="Terminaux de paiement"))
    await keys.go(page.get_by_role("link", name="Terminal de l'accueil"))
    await keys.write(page.get_by_label("Nom"), "Terminal de la caisse")
    await keys.write(page.get_by_label("Point de service"), "Plateau")
    await keys.go(page.get_by_role("button", name="Sauvegarder"))
    await keys.go(page.get_by_role("link", name="Terminal de la caisse"))
    await keys.go(page.get_by_role("button", name="Tester le terminal"))
    await stands(page.locator("main"), "approved")

    await keys.go(menu.get_by_role("link", name="Services"))
    await keys.go(page.get_by_role("link", name="Massage"))
    await keys.press(page.get_by_label("Carte de crédit requise pour réserver en ligne"), "Space")
    await keys.go(page.get_by_role("button", name="Sauvegarder"))
    (service,) = clinic.rows("SELECT card_required FROM services WHERE id = 'massage'")
    assert service["card_required"] == 1

    await keys.go(menu.get_by_role("link", name="Prise de RDV en ligne"))
    asks = page.get_by_label("Demander une carte de crédit pour réserver des services spécifiques")
    await keys.press(asks, "Space")
    await keys.go(page.get_by_role("button", name="Sauvegarder"))
    (setting,) = clinic.rows("SELECT value FROM settings WHERE name = 'ask_for_card'")
    assert setting["value"] == "0"


async def test_a_batch_is_closed(clinic: ClinicHouse, keys: Keys) -> None:
    page = keys.page
    await keys.go(page.get_by_role("navigation").get_by_role("link", name="Fermeture de lot"))
    await keys.write(page.locator("[name=terminal]"), "Terminal")
    await keys.write(page.locator("[name=action]"), "Fermer")
    await keys.go(page.get_by_role("button", name="Appliquer"))
    closed = page.locator("tbody tr[data-state=approved]")
    await expect(closed).to_have_count(1, timeout=LIMIT_MS)
    await keys.go(closed.get_by_role("link").first)
    await expect(page.get_by_role("heading", name="Comparaison")).to_be_visible()
