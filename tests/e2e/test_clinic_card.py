"""Clients > patient > "Carte de crédit" > (+): a card kept on file, from the browser to the vault."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from simulator.cards import CARDS
from tests.support.broker import Broker
from tests.support.clinic_house import a_browser, a_clinic

pytestmark = [pytest.mark.system, pytest.mark.mocked_usb, pytest.mark.browser]


async def test_a_card_is_kept(broker: Broker, tmp_path: Path) -> None:
    async with a_clinic(broker, tmp_path) as clinic, a_browser() as browser:
        page = await clinic.logged_in(browser)
        await page.get_by_role("link", name="Gagnon, Sophie").click()
        await page.get_by_role("button", name="Ajouter une carte de crédit").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Prêt")
        await dialog.get_by_label("d'accord pour que sa carte").check()
        await dialog.get_by_role("button", name="Sauvegarder").click()
        await expect(dialog).to_contain_text("glissez", ignore_case=True)
        clinic.counter.reader.swipe(CARDS["visa"])
        await expect(dialog.locator("[data-state=approved]")).to_contain_text("•••• 1111")
        await dialog.get_by_role("link", name="Fermer").click()
        await expect(page.locator(".cards")).to_contain_text("•••• 1111")
        (card,) = clinic.rows("SELECT * FROM cards")
        assert card["token"] in {line.token for line in clinic.counter.vault.lines()}
