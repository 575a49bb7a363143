"""What axe-core finds against WCAG 2.2, levels A and AA, on a page as it stands."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


async def violations(page: Page) -> list[str]:
    """Each with its rule, what it asks for, and where; frames are looked into as well."""
    await page.wait_for_load_state()
    found = (await Axe().run(page, options={"runOnly": TAGS})).response
    assert found["passes"], "nothing was looked at"
    return [
        f"{page.url}: {one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}"
        for one in found["violations"]
    ]
