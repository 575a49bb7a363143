"""Walk through the clinic's pages and write a picture of each place to docs/screens: `PLACE.LANGUAGE.png`.

The walk is the one that the accessibility test takes: real agent, broker, terminal, reader and vault, and the
failures that are shown have really happened.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, ViewportSize

from tests.screens.palette import reduced
from tests.support.broker import tls_broker
from tests.support.clinic_house import TERMINAL, a_browser, a_clinic
from tests.support.clinic_places import PLACES
from tests.support.clinic_walk import Language, walk
from tests.support.programs import ROOT

FOLDER = ROOT / "docs" / "screens"
SIZE = ViewportSize(width=1280, height=800)
_DESKS = {TERMINAL: {"token": {"kind": "chargeable", "scope": "merchant-1"}}}


async def main() -> None:
    """All pictures, in place of those that are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with (
        tempfile.TemporaryDirectory(prefix="clinic-") as name,
        tls_broker(_made(Path(name, "b"))) as (broker, _),
    ):
        async with a_clinic(broker, _made(Path(name, "c")), desks=_DESKS) as clinic, a_browser() as browser:
            thinking = await browser.new_page()

            async def picture(place: str, language: Language, page: Page) -> None:
                await page.set_viewport_size(SIZE)
                taken = await page.screenshot(animations="disabled")
                (FOLDER / f"{place}.{language}.png").write_bytes(await reduced(thinking, taken))

            await walk(clinic, browser, picture)
    (FOLDER / "README.md").write_text(_index(), encoding="utf-8")
    pictures = sorted(FOLDER.glob("*.png"))
    total = sum(one.stat().st_size for one in pictures) / 1e6
    told = f"{len(pictures)} pictures of {len(PLACES)} places, {total:.1f} MB, in {FOLDER.relative_to(ROOT)}"
    sys.stdout.write(told + "\n")


def _index() -> str:
    """The list of the pictures."""
    rows = (f"| {place} | [français]({place}.fr.png) | [English]({place}.en.png) |" for place in PLACES)
    head = (
        "# Pictures of the clinic's pages",
        "Written by `make screens`; each failure has really happened.",
        "",
    )
    return "\n".join([*head, "| place | | |", "|---|---|---|", *rows, ""])


def _made(path: Path) -> Path:
    path.mkdir()
    return path


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
