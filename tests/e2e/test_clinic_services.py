"""Ma clinique > Services, and Prise de RDV en ligne > Configuration globale, in the browser."""

from __future__ import annotations

import re

from playwright.async_api import Browser, expect

from tests.support.clinic_house import ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER

pytestmark = IN_A_BROWSER

SERVICE_BOX = "Carte de crédit requise pour réserver en ligne"
CLINIC_BOX = "Demander une carte de crédit pour réserver des services spécifiques"


async def test_a_manager_changes_a_service(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser, "gestion")
    await page.get_by_role("link", name="Services", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Liste des services")
    await page.get_by_role("link", name="Physiothérapie, évaluation").click()
    box = page.get_by_label(SERVICE_BOX, exact=True)
    await expect(box).not_to_be_checked()
    await box.check()
    await page.get_by_label("Prix ($)").fill("130,00")
    await page.get_by_label("Laval", exact=True).uncheck()
    await page.get_by_label("Samuel Nguyen, Physiothérapeute").uncheck()
    await page.get_by_label("Durée (minutes)").fill("une heure")
    await page.get_by_role("button", name="Sauvegarder").click()
    await expect(page.get_by_role("alert")).to_have_text(
        "Rien n'a été sauvegardé. Corrigez les champs marqués."
    )
    minutes = page.get_by_label("Durée (minutes)")
    await expect(minutes).to_have_accessible_description("Écrivez un nombre entier de minutes, de 5 à 480.")
    await expect(box).to_be_checked()
    await minutes.fill("50")
    await page.get_by_role("button", name="Sauvegarder").click()
    await expect(page.get_by_role("status")).to_have_text("C'est sauvegardé.")
    (row,) = clinic.rows("SELECT * FROM services WHERE id = 'physio-eval'")
    assert (row["minutes"], row["price_minor"], row["card_required"]) == (50, 13000, 1)
    points = clinic.rows("SELECT point FROM service_points WHERE service = 'physio-eval'")
    assert [one["point"] for one in points] == ["plateau"]
    given = clinic.rows("SELECT employee FROM service_employees WHERE service = 'physio-eval'")
    assert [one["employee"] for one in given] == ["nadia"]
    visitor = await browser.new_page()
    await visitor.goto(f"{clinic.address}/rdv?point=laval")
    await expect(visitor.get_by_role("main")).not_to_contain_text("évaluation")


async def test_a_manager_changes_the_settings_of_the_online_booking(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser, "gestion")
    await page.get_by_role("link", name="Prise de RDV en ligne").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Configuration globale")
    box = page.get_by_label(CLINIC_BOX, exact=True)
    await expect(box).to_be_checked()
    await box.uncheck()
    await page.get_by_label("Afficher le prix").uncheck()
    await page.get_by_label("Préavis minimal (heures)").fill("-3")
    await page.get_by_role("button", name="Sauvegarder").click()
    await expect(page.get_by_label("Préavis minimal (heures)")).to_have_accessible_description(
        "Écrivez un nombre entier d'heures, de 0 à 336."
    )
    await page.get_by_label("Préavis minimal (heures)").fill("24")
    await page.get_by_role("button", name="Sauvegarder").click()
    await expect(page.get_by_role("status")).to_have_text("C'est sauvegardé.")
    told = {row["name"]: row["value"] for row in clinic.rows("SELECT * FROM settings")}
    assert (told["ask_for_card"], told["price_shown"], told["minimum_notice_h"]) == ("0", "0", "24")
    # The service's own box says that it has no effect now, and nobody is asked for a card.
    await page.goto(f"{clinic.address}/services/physio-suivi")
    described = expect(page.get_by_label(SERVICE_BOX, exact=True))
    await described.to_have_accessible_description(re.compile("Cette case est sans effet tant que"))
    visitor = await browser.new_page()
    await visitor.goto(f"{clinic.address}/rdv?point=plateau")
    await expect(visitor.get_by_role("link", name="Physiothérapie, suivi")).to_be_visible()
    await expect(visitor.get_by_role("img")).to_have_count(0)
    await expect(visitor.get_by_role("main")).not_to_contain_text("$")


async def test_the_front_desk_may_look_and_not_change_in_english(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser, "accueil", "en")
    await page.get_by_role("link", name="Services", exact=True).click()
    await page.get_by_role("link", name="Psychology, individual session").click()
    await expect(page.get_by_label("Credit card required to book online", exact=True)).to_be_disabled()
    await expect(page.get_by_role("main")).to_contain_text("Only a manager can change a service.")
    before = [tuple(row) for row in clinic.rows("SELECT * FROM services")]
    csrf = await page.locator("main input[name=csrf]").get_attribute("value")
    for address in ("/services/psychologie", "/online-settings"):
        answer = await page.request.post(f"{clinic.address}{address}", form={"csrf": csrf or ""})
        assert answer.status == 403
    assert [tuple(row) for row in clinic.rows("SELECT * FROM services")] == before
    await page.get_by_role("link", name="Online booking").click()
    box = page.get_by_label("Request credit card to book specific services", exact=True)
    await expect(box).to_be_disabled()
