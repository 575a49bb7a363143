"""Steps of the front desk on the clinic's pages, in either language."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from simulator.cards import CARDS
from tests.support.clinic_house import ClinicHouse
from tests.support.reader_house import READER
from tests.support.waiting import LIMIT_S

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
