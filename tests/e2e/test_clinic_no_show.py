"""Statut du RDV > Facturer le rendez-vous manqué: only where the clinic's policy and the patient's consent
allow it, and what is kept of it; and the managers' page of the policies.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Page, expect

from simulator.clinic.database import new_id, stamp
from tests.support.clinic_cards import put_on_file
from tests.support.clinic_house import ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER, LIMIT_MS

pytestmark = IN_A_BROWSER
POLICY = "Un rendez-vous manqué est facturé 50,00 $ à la carte au dossier."
SEEN = "Appelée à 15 h 10 et à 15 h 20, pas de réponse."
A_MONTH = timedelta(days=31)


def appointment_of(clinic: ClinicHouse, patient: str, service: str, hours: int) -> str:
    """An appointment of a patient that begins in so many hours, or began before; its id."""
    now = datetime.now(UTC)
    starts = now + timedelta(hours=hours)
    given = {"physio-suivi": "nadia", "massage": "julie"}[service]
    name = new_id(now)
    clinic.change(
        "INSERT INTO appointments (id, patient, service, employee, point, starts, ends)"
        " VALUES (?, ?, ?, ?, 'plateau', ?, ?)",
        *(name, patient, service, given, stamp(starts), stamp(starts + timedelta(hours=1))),
    )
    return name


async def reasons(page: Page) -> list[str]:
    """Why the button is not available."""
    button = page.get_by_role("button", name="Facturer le rendez-vous manqué")
    await expect(button).to_be_disabled()
    return await page.locator(f"#{await button.get_attribute('aria-describedby')} li").all_inner_texts()


async def test_a_missed_appointment_is_billed_a_month_after_the_card_was_kept(
    clinic: ClinicHouse, browser: Browser
) -> None:
    missed = appointment_of(clinic, "patient-42", "physio-suivi", -26)
    page = await clinic.logged_in(browser)
    await page.goto(f"{clinic.address}/appointments/{missed}")
    assert await reasons(page) == [
        "Le rendez-vous n'est pas marqué « Absent ».",
        "Aucune carte n'est au dossier du client.",
    ]
    await page.get_by_label("ce que vous avez constaté").fill(SEEN)
    await page.get_by_role("button", name="Absent").click()
    await expect(page.locator("main strong").first).to_have_text("Absent")
    await put_on_file(clinic, "patient-42", "mastercard")
    await page.reload()
    assert await reasons(page) == [
        "Aucune carte au dossier ne peut être utilisée pour un rendez-vous manqué.",
        "Mastercard •••• 4444 — "
        "Le patient n'a pas consenti aux frais de rendez-vous manqué avec cette carte.",
    ]
    card = await put_on_file(clinic, "patient-42", "visa", no_show=True)
    clinic.counter.vault.later = A_MONTH
    await page.reload()
    await expect(page.locator("main")).to_contain_text(POLICY)
    await expect(page.locator("[name=card]:checked")).to_have_value(card)
    await expect(page.locator("[name=evidence]")).to_have_value(SEEN)
    await page.get_by_role("button", name="Facturer le rendez-vous manqué").click()
    await page.wait_for_url("**/invoices/*")
    await expect(page.locator("main")).to_contain_text("Cette facture est payée", timeout=LIMIT_MS)
    for kept in ("50,00 $", POLICY, SEEN):
        await expect(page.locator("main")).to_contain_text(kept)
    charged_without_the_patient(clinic, card)

    await page.get_by_role("link", name="Reçu").click()
    for told in ("Rendez-vous manqué : Physiothérapie, suivi, ", "Nadia Fortin", "50,00 $", POLICY,
                 "Visa •••• 1111", "Payé : 50,00 $"):  # fmt: skip
        await expect(page.locator(".receipt")).to_contain_text(told)
    await page.goto(f"{clinic.address}/cards/{card}")
    await expect(page.get_by_role("row", name="Débitée (Rendez-vous manqué) 50,00 $")).to_be_visible()
    await page.goto(f"{clinic.address}/appointments/{missed}")
    await expect(page.locator("main")).to_contain_text("Ce rendez-vous manqué est déjà facturé.")
    assert await page.get_by_role("button", name="Facturer le rendez-vous manqué").count() == 0


def charged_without_the_patient(clinic: ClinicHouse, card: str) -> None:
    """The vault was told that it is the merchant who asks, with the consent and the first transaction."""
    (line,) = [line for line in clinic.counter.vault.lines() if line.kind == "charge"]
    assert (line.amount_minor, line.reason) == (5000, "U/2")
    (kept,) = clinic.rows("SELECT * FROM cards WHERE id = ?", card)
    (asked,) = clinic.rows("SELECT data FROM operations WHERE op = 'charge_card'")
    sent = json.loads(asked["data"])
    assert sent["purpose"] == "no_show"
    assert sent["network_transaction_id"] == kept["network_transaction_id"] is not None
    assert sent["consent"] == {
        "text_id": "no-show",
        "version": "3",
        "language": "fr",
        "given": "in_person",
    }


async def test_the_button_says_why_it_is_not_available(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    for patient, service, hours, why in (
        ("patient-43", "physio-suivi", 3, "L'heure du rendez-vous n'est pas encore passée."),
        ("patient-43", "massage", -3,
         "La clinique ne facture pas les rendez-vous manqués pour cette classe de services."),
    ):  # fmt: skip
        appointment = appointment_of(clinic, patient, service, hours)
        await page.goto(f"{clinic.address}/appointments/{appointment}")
        assert why in await reasons(page)
        absent = page.get_by_role("button", name="Absent")
        await (expect(absent).to_be_disabled() if hours > 0 else expect(absent).to_be_enabled())
    clinic.change("UPDATE services SET class = 'merchant' WHERE id = 'massage'")
    await page.reload()
    assert (await reasons(page))[0] == (
        "Ce service est celui d'un commerçant : la loi ne permet pas de frais fixés d'avance pour un"
        " rendez-vous manqué."
    )
    clinic.change("UPDATE services SET class = 'uncertain' WHERE id = 'massage'")


async def test_managers_decide_the_policies_in_english(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser, "gestion", "en")
    await page.goto(f"{clinic.address}/no-show-policies")
    await expect(page.locator("main")).to_contain_text("Consumer Protection Act, s. 13")
    section = page.get_by_role("region", name="Other health services")
    await section.get_by_label("Bill missed appointments").check()
    await section.get_by_label("Fee").fill("35.00")
    await section.get_by_role("button", name="Save").click()
    await expect(section.locator(".wrong").first).to_contain_text("must tell this amount")
    await section.get_by_label("in French").fill("Un rendez-vous manqué coûte 35,00 $.")
    await section.get_by_label("in English").fill("A missed appointment costs $35.00.")
    await section.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    (policy,) = clinic.rows("SELECT * FROM no_show_policies WHERE class = 'uncertain'")
    assert (policy["enabled"], policy["fee_minor"]) == (1, 3500)

    merchant = page.get_by_role("region", name="A merchant's services")
    await expect(merchant).to_contain_text("Cannot be enabled")
    assert await merchant.locator("input, button").count() == 0
    token = await page.locator("[name=csrf]").first.get_attribute("value")
    forced = await page.request.post(
        f"{clinic.address}/no-show-policies/merchant",
        form={
            "csrf": token or "",
            "enabled": "on",
            "fee": "50.00",
            "text_fr": "50,00 $",
            "text_en": "$50.00",
        },
    )
    assert forced.status == 422
    (policy,) = clinic.rows("SELECT * FROM no_show_policies WHERE class = 'merchant'")
    assert policy["enabled"] == 0

    desk = await clinic.logged_in(browser)
    await desk.goto(f"{clinic.address}/no-show-policies")
    await expect(desk.get_by_role("region", name="Autres services de santé")).to_contain_text("35,00 $")
    assert await desk.locator("main form").count() == 0
