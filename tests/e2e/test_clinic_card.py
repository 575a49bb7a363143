"""Clients > patient > "Carte de crédit" > (+): cards kept on file, from the browser to the vault."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from simulator.cards import CARDS
from simulator.vault.settings import VaultFault
from tests.support.clinic_house import TERMINAL, ClinicHouse
from tests.support.clinic_pages import (
    FIELDS,
    IN_A_BROWSER,
    LIMIT_MS,
    asked_for_card,
    closed,
    give_card,
    open_dialog,
    operation_of,
    stands,
    start_capture,
)
from tests.support.reader_house import READER, SCOPE
from tests.support.waiting import eventually

pytestmark = IN_A_BROWSER
STORED = {"fr": "Carte enregistrée.", "en": "Card stored."}
KEY_IN = {
    "fr": "Entrez le numéro de la carte sur le clavier du lecteur.",
    "en": "Key the card number on the reader’s keypad.",
}
SWIPE = {"fr": "Glissez la carte.", "en": "Swipe the card."}
CANCELLED = "Transaction annulée. Rien n’a été débité."


def kept(clinic: ClinicHouse, last_four: str) -> list[str]:
    """The tokens on file of cards that end so."""
    return [row["token"] for row in clinic.rows("SELECT token FROM cards WHERE last_four = ?", last_four)]


def known_to_vault(clinic: ClinicHouse) -> set[str]:
    """Every token that the vault gave."""
    return {line.token for line in clinic.counter.vault.lines() if line.kind == "token_stored"}


async def offered(page: Page) -> list[str]:
    """The terminals that the dialog offers, by their own ids."""
    values = (
        await page.get_by_role("dialog")
        .locator("[name=terminal]")
        .evaluate_all("all => all.map(one => one.value)")
    )
    return [value.rpartition("/")[2] for value in values]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_swiped_card_is_kept(
    clinic: ClinicHouse, browser: Browser, language: Literal["fr", "en"]
) -> None:
    card = {"fr": "visa", "en": "mastercard"}[language]
    page = await clinic.logged_in(browser, language=language)
    other = await clinic.logged_in(browser)
    await other.goto(f"{clinic.address}/patients/patient-42")
    dialog = await start_capture(page, clinic)
    await expect(dialog.locator(".sentence")).to_have_text(SWIPE[language])
    await give_card(clinic, dialog, card)
    await stands(dialog, "approved", STORED[language])
    shown = f"•••• {CARDS[card].last_four}"
    await expect(dialog).to_contain_text(shown)
    await closed(page)
    await expect(page.locator(".cards")).to_contain_text(shown)
    await expect(page.locator(".cards")).to_contain_text("12/30")
    await expect(other.locator(".cards"), "it appears in other windows too").to_contain_text(shown)
    assert set(kept(clinic, CARDS[card].last_four)) <= known_to_vault(clinic)
    (row,) = clinic.rows("SELECT * FROM cards WHERE last_four = ?", CARDS[card].last_four)
    assert (row["kind"], row["scope"], row["stored_by"]) == ("chargeable", SCOPE, "staff-17")
    assert row["network_transaction_id"]
    consent = tuple(row[f"consent_{part}"] for part in ("text", "version", "language", "given"))
    assert (consent, row["no_show_consent"]) == (("card-on-file", "2", language, "in_person"), 0)


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_card_is_keyed_on_the_reader(
    clinic: ClinicHouse, browser: Browser, language: Literal["fr", "en"]
) -> None:
    page = await clinic.logged_in(browser, language=language)
    card = {"fr": "discover", "en": "jcb"}[language]
    dialog = await start_capture(page, clinic, "patient-44", keyed=True, no_show=True)
    await expect(dialog.locator(".sentence")).to_have_text(KEY_IN[language])
    await asked_for_card(clinic, dialog)
    clinic.counter.reader.key_in(CARDS[card], "123")
    await stands(dialog, "approved", STORED[language])
    (row,) = clinic.rows("SELECT * FROM cards WHERE last_four = ?", CARDS[card].last_four)
    assert (row["consent_text"], row["consent_version"]) == ("no-show", "3")
    assert (row["no_show_consent"], row["consent_language"]) == (1, language)


async def test_nothing_of_the_card_is_typed_into_the_page(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    dialog = await open_dialog(page, clinic)
    names = await dialog.locator("input, select, textarea").evaluate_all("all => all.map(one => one.name)")
    assert set(names) <= FIELDS
    await expect(dialog).to_contain_text(
        "Le numéro, l'expiration et le code de sécurité sont pris par le lecteur ou le terminal."
    )
    await expect(dialog.get_by_label("Nom du titulaire")).to_have_value("Sophie Gagnon")


async def test_what_is_missing_is_said_beside_its_field(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    before = len(clinic.rows("SELECT id FROM operations"))
    dialog = await open_dialog(page, clinic)
    await dialog.get_by_label("Code postal").fill("90210")
    await dialog.get_by_label("Nom du titulaire").fill(" ")
    await dialog.get_by_role("button", name="Sauvegarder").click()
    for label, sentence in (
        ("Code postal", "Écrivez un code postal canadien, comme H2J 1X1."),
        ("Nom du titulaire", "Écrivez le nom qui est sur la carte."),
    ):
        await expect(dialog.get_by_label(label)).to_have_accessible_description(sentence)
    await expect(dialog).to_contain_text("Sans l'accord du patient, la carte ne peut pas être gardée.")
    assert len(clinic.rows("SELECT id FROM operations")) == before


async def test_a_capture_is_cancelled(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    before = clinic.counter.vault.lines()
    dialog = await start_capture(page, clinic)
    await asked_for_card(clinic, dialog)
    await dialog.get_by_role("button", name="Annuler").click()
    await stands(dialog, "cancelled", CANCELLED)
    await expect(dialog).not_to_contain_text("trop tard")
    assert clinic.counter.vault.lines() == before


async def test_a_cancellation_that_comes_too_late_says_so(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    clinic.counter.vault.desk.plan(
        VaultFault(when="done", what="slow", command="res_tokenize_cc", seconds=2.0)
    )
    dialog = await start_capture(page, clinic)
    await give_card(clinic, dialog, "amex")
    operation = await operation_of(dialog)
    await eventually(
        lambda: "token_stored" in clinic.counter.vault.kinds(operation), "the vault has stored the card"
    )
    await dialog.get_by_role("button", name="Annuler").click()
    await expect(dialog).to_contain_text("Annulation demandée. La fin dira si c'était à temps.")
    await stands(dialog, "approved", STORED["fr"])
    await expect(dialog).to_contain_text("L'annulation est arrivée trop tard.")
    assert len(kept(clinic, CARDS["amex"].last_four)) == 1


async def test_a_closed_dialog_leaves_the_capture_in_the_file(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    dialog = await start_capture(page, clinic, "patient-45")
    await asked_for_card(clinic, dialog)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("link", name="Une carte est en cours d'ajout.").click()
    clinic.counter.reader.swipe(CARDS["diners"])
    await stands(page.locator("main"), "approved", STORED["fr"])
    await page.get_by_role("link", name="Fermer").click()
    await expect(page.locator(".cards")).to_contain_text(f"•••• {CARDS['diners'].last_four}")


async def test_the_same_card_again_is_on_file_as_often_as_the_vault_has_it(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser)
    orders = []
    for _ in range(2):
        dialog = await start_capture(page, clinic, "patient-44")
        await give_card(clinic, dialog, "mastercard_2series")
        orders.append(await operation_of(dialog))
        await stands(dialog, "approved", STORED["fr"])
    lines = clinic.counter.vault.lines()
    tokens = {line.token for line in lines if line.order in orders and line.kind == "token_stored"}
    assert sorted(kept(clinic, CARDS["mastercard_2series"].last_four)) == sorted(tokens)


async def test_points_of_service_of_a_patient_decide_what_is_offered(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser)
    information = f"{clinic.address}/patients/patient-43/information"

    async def assign(*points: str) -> None:
        await page.goto(information)
        for point in ("plateau", "laval"):
            await page.locator(f"[name=point-{point}]").set_checked(point in points)
        await page.get_by_role("button", name="Sauvegarder").click()
        await expect(page.get_by_role("status")).to_have_text("C'est sauvegardé.")

    await assign()
    dialog = await open_dialog(page, clinic, "patient-43")
    await expect(dialog).to_contain_text("Ce patient n'a aucun point de service.")
    await dialog.get_by_role("link", name="Information").click()
    await page.wait_for_url("**/information")

    await assign("laval")
    dialog = await open_dialog(page, clinic, "patient-43")
    await expect(dialog).to_contain_text("Aucun terminal de ce point de service ne peut garder une carte")
    await expect(dialog.get_by_role("button", name="Sauvegarder")).to_be_disabled()

    await assign("laval", "plateau")
    dialog = await open_dialog(page, clinic, "patient-43")
    await expect(dialog.get_by_label("Point de service")).to_have_value("plateau")
    assert await offered(page) == [READER], "a terminal that only recognises cards is not offered"
    await dialog.get_by_label("Point de service").select_option("laval")
    await expect(dialog).to_contain_text("Aucun terminal de ce point de service")
    assert await offered(page) == []


async def test_terminals_are_shown_live_in_the_dialog(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    dialog = await open_dialog(page, clinic)
    await expect(dialog).to_contain_text("Prêt")
    clinic.counter.unplug()
    await expect(dialog).to_contain_text("Débranché", timeout=LIMIT_MS)
    clinic.counter.plug(2)
    await expect(dialog).to_contain_text("Prêt", timeout=LIMIT_MS)
    assert TERMINAL not in await offered(page)


async def test_a_card_is_offered_at_every_point_of_service_of_its_scope(
    clinic: ClinicHouse, browser: Browser
) -> None:
    """Kept at the Plateau, charged at Laval: there by the same merchant account, through its own terminal."""
    page = await clinic.logged_in(browser)
    dialog = await start_capture(page, clinic, "patient-42")
    await give_card(clinic, dialog, "visa_second")
    await stands(dialog, "approved", STORED["fr"])
    clinic.change("UPDATE terminals SET point = 'laval' WHERE terminal = ?", READER)
    try:
        await page.goto(f"{clinic.address}/patients/patient-42")
        clinic.change(
            "UPDATE appointments SET point = 'laval' WHERE id ="
            " (SELECT id FROM appointments WHERE patient = 'patient-42' ORDER BY starts LIMIT 1)"
        )
        await page.locator("table tbody tr").last.get_by_role("link").click()
        await expect(page.locator("main")).to_contain_text("Laval")
        await page.get_by_role("button", name="Créer une facture").click()
        await page.wait_for_url("**/invoices/*")
        await page.locator("#pay-card").click()
        offer = dialog.get_by_label(f"•••• {CARDS['visa_second'].last_four}")
        await expect(offer).to_be_enabled()
        await offer.check()
        await dialog.get_by_role("button", name="Débiter la carte").click()
        await stands(dialog, "approved")
    finally:
        clinic.change("UPDATE terminals SET point = 'plateau' WHERE terminal = ?", READER)
