"""Every page with its dialogs and states, French and English, keeps WCAG 2.2 AA as axe-core checks it; and
every flow is gone through with the keyboard alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.support.axe import violations
from tests.support.broker import Broker
from tests.support.clinic_house import a_clinic
from tests.support.clinic_pages import CHARGEABLE, IN_A_BROWSER
from tests.support.clinic_places import PLACES
from tests.support.clinic_walk import LANGUAGES, Language, walk

pytestmark = IN_A_BROWSER


async def test_the_check_finds_what_is_broken(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content(
        '<html lang="fr"><title>t</title><main><img src="x"><p style="color: #999">gris</p></main></html>'
    )
    found = await violations(page)
    assert len(found) == 2
    for rule in ("color-contrast", "image-alt"):
        assert any(rule in one for one in found)
    await page.close()


@pytest.mark.timeout(300)
async def test_no_page_breaks_a_rule(broker: Broker, browser: Browser, tmp_path: Path) -> None:
    broken: list[str] = []
    looked: set[tuple[str, str]] = set()

    async def look(name: str, language: Language, page: Page) -> None:
        looked.add((name, language))
        assert await page.locator("html").get_attribute("lang") == language
        broken.extend(f"{name} ({language}): {one}" for one in await violations(page))

    async with a_clinic(broker, tmp_path, desks=CHARGEABLE) as clinic:
        await walk(clinic, browser, look)
    assert looked == {(name, language) for name in PLACES for language in LANGUAGES}
    assert broken == []
