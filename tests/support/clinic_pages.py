"""Steps of the front desk on the clinic's pages, in either language."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from simulator.cards import CARDS
from tests.support.clinic_house import TERMINAL, ClinicHouse
from tests.support.reader_house import READER
from tests.support.waiting import LIMIT_S

# What every test of the pages needs, and that it shares its module's clinic and browser.
IN_A_BROWSER = [
    pytest.mark.system,
    pytest.mark.mocked_usb,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]
# A terminal whose provider charges the tokens that it gives: it can be asked to keep a card.
CHARGEABLE = {TERMINAL: {"token": {"kind": "chargeable", "scope": "merchant-1"}}}
PATIENT = "patient-42"
LIMIT_MS = LIMIT_S * 1000
# What a dialog of a capture has to fill in. There is no field for a card's number, expiry or security code.
FIELDS = {"point", "terminal", "holder", "postal_code", "mode", "consent", "no_show"}


async def open_dialog(page: Page, clinic: ClinicHouse, patient: str = PATIENT) -> Locator:
    """A patient's file, and on it the dialog behind (+)."""
    await page.goto(f"{clinic.address}/patients/{patient}")
    await page.locator("button.add").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("form, p").first).to_be_visible()
    return dialog


async def start_capture(
    page: Page,
    clinic: ClinicHouse,
    patient: str = PATIENT,
    *,
    keyed: bool = False,
    no_show: bool = False,
    terminal: str = READER,
) -> Locator:
    """Fill the dialog in, and Sauvegarder: the dialog, in which the capture is followed."""
    dialog = await open_dialog(page, clinic, patient)
    await dialog.locator(f"[name=terminal][value$='/{terminal}']").check()
    await dialog.locator("[name=consent]").check()
    if keyed:
        await dialog.locator("[name=mode][value=keyed]").check()
    if no_show:
        await dialog.locator("[name=no_show]").check()
    await dialog.locator("form button").first.click()
    return dialog


async def asked_for_card(clinic: ClinicHouse, dialog: Locator) -> None:
    """Wait until the card is asked for."""
    operation = await operation_of(dialog)
    await clinic.progressed(operation, "awaiting_card")


async def operation_of(dialog: Locator) -> str:
    """The id of the operation that is followed in it."""
    followed = dialog.locator("[sse-connect^='/operations/']")
    await expect(followed).to_have_count(1)
    return (await followed.get_attribute("sse-connect") or "").split("/")[2]


async def give_card(clinic: ClinicHouse, dialog: Locator, card: str = "visa") -> None:
    """Swipe a card when the reader asks for one."""
    await asked_for_card(clinic, dialog)
    clinic.counter.reader.swipe(CARDS[card])


async def stands(dialog: Locator, state: str, sentence: str = "") -> None:
    """Wait until the operation stands there, and is told in these words."""
    panel = dialog.locator(f"[data-state={state}]")
    await expect(panel).to_be_visible(timeout=LIMIT_MS)
    if sentence:
        await expect(panel.locator(".sentence")).to_have_text(sentence)


async def bill(page: Page, clinic: ClinicHouse, patient: str, button: str = "Créer une facture") -> str:
    """From the day's list to a new invoice of a patient's appointment of today: its address."""
    await page.goto(f"{clinic.address}/appointments?point=plateau")
    await page.get_by_role("row", name=patient).locator("th a").click()
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url("**/invoices/*")
    return page.url


async def send_to_terminal(page: Page, amount: str = "") -> Locator:
    """On an invoice: Payer avec le terminal, all that is due or this amount; the dialog that follows it."""
    await page.locator("#pay-terminal").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator(f"[name=terminal][value$='/{TERMINAL}']").check()
    if amount:
        await dialog.locator("[name=amount]").fill(amount)
    await dialog.locator("form button").first.click()
    return dialog


async def closed(page: Page) -> None:
    """Close the dialog of an operation that has ended; the page it belongs to is there again, and ready."""
    async with page.expect_navigation():
        await page.get_by_role("dialog").locator("a.button").click()
