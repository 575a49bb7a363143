"""Many windows of the clinic at once: a browser keeps few connections to one server, and none may starve."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.clinic_house import ClinicHouse

pytestmark = [
    pytest.mark.system,
    pytest.mark.mocked_usb,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]
WINDOWS = 8  # more than the six connections of HTTP/1.1


async def seen(page: Page, visible: bool) -> None:
    """What a browser does to a window when another one covers it, or when it comes back."""
    await page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        not visible,
    )


async def test_windows_that_nobody_sees_let_the_others_work(clinic: ClinicHouse, browser: Browser) -> None:
    first = await clinic.logged_in(browser)
    await first.goto(f"{clinic.address}/terminals")
    await seen(first, visible=False)
    for _ in range(WINDOWS):
        other = await first.context.new_page()
        await other.goto(f"{clinic.address}/terminals")
        await expect(other.locator("main")).to_contain_text("Lecteur de l'accueil")
        await seen(other, visible=False)
    await seen(first, visible=True)
    clinic.change("UPDATE terminals SET name = 'Lecteur du fond' WHERE name LIKE 'Lecteur%'")
    await expect(first.locator("main")).to_contain_text("Lecteur du fond")
