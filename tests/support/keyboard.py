"""Going through pages with the keyboard alone."""

from __future__ import annotations

from playwright.async_api import Locator, Page

_MOST_STOPS = 80


async def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there."""
    await wanted.wait_for()
    for _ in range(_MOST_STOPS):
        if await wanted.evaluate("element => document.activeElement === element"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached with Tab")


async def enter(page: Page) -> None:
    """Press Enter, and wait for the page that comes."""
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
