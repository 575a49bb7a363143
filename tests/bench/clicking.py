"""From a click of the front desk to the terminal's display asking for the card: the clinic's pages in
Chromium, its backend, Mosquitto over TLS, the agent and a simulated terminal on a pty, all as in the tests.

The floor is taken by turns with it, in the same browser: a click, one request to a bare server, one MQTT
message over the same broker to somebody who waits for it. It keeps, checks and drives nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
from playwright.async_api import Browser, Page

from tests.bench.statistics import percentile
from tests.conftest import missing_packages
from tests.support.broker import Broker, tls_broker
from tests.support.clinic_house import TERMINAL, ClinicHouse, a_browser, a_clinic
from tests.support.clinic_pages import CHARGEABLE, open_dialog, stands
from tests.support.traffic import raw_client
from tests.support.waiting import eventually_asked

_NEEDED = ("system", "mocked_usb", "browser")
_TOPIC = "clinics/v1/floor/floor-1/terminal/t1/cmd/sale"
# When the click came, by the browser's own clock, which is the machine's.
_NOTE = """document.addEventListener("click", () => {
    window.clicked = performance.timeOrigin + performance.now();
}, true);"""
_PAGE = b"<!doctype html><title>floor</title><button onclick=\"fetch('/go', {method: 'POST'})\">go</button>"


def clicking(folder: Path, times: int) -> dict[str, Any]:
    """Milliseconds, p50 and p99 (nearest rank): `save_ms` from Sauvegarder of a card to be kept, `pay_ms`
    from the button of a payment, `floor_ms`; None where browser, Mosquitto or emulated USB bus is missing."""
    missing = missing_packages()
    if any(missing.get(marker) for marker in _NEEDED):
        return {"save_ms": None, "pay_ms": None, "floor_ms": None}
    home = folder / "clicking"
    (home / "clinic").mkdir(parents=True)
    return asyncio.run(_measured(home, times))


async def _measured(home: Path, times: int) -> dict[str, Any]:
    found: dict[str, list[float]] = {"save_ms": [], "pay_ms": [], "floor_ms": []}
    with tls_broker(home) as (broker, _):
        async with (
            a_clinic(broker, home / "clinic", desks=CHARGEABLE) as clinic,
            a_browser() as browser,
            _floor(broker, browser) as floor,
        ):
            page = await clinic.logged_in(browser)
            await page.add_init_script(_NOTE)
            await _an_invoice(page, clinic)
            invoice = page.url
            for _ in range(times):
                found["save_ms"].append(await _saved(page, clinic))
                found["pay_ms"].append(await _paid(page, clinic, invoice))
                found["floor_ms"].append(await floor())
    return {
        name: {"p50": percentile(values, 50), "p99": percentile(values, 99)} for name, values in found.items()
    }


async def _an_invoice(page: Page, clinic: ClinicHouse) -> None:
    await page.goto(f"{clinic.address}/appointments?point=plateau")
    await page.locator("tbody th a").first.click()
    await page.locator("form[action$='/invoice'] button").click()
    await page.wait_for_url("**/invoices/*")


async def _saved(page: Page, clinic: ClinicHouse) -> float:
    dialog = await open_dialog(page, clinic)
    await dialog.locator("[name=consent]").check()
    return await _prompted(page, clinic)


async def _paid(page: Page, clinic: ClinicHouse, invoice: str) -> float:
    await page.goto(invoice)
    await page.locator("#pay-terminal").click()
    return await _prompted(page, clinic)


async def _prompted(page: Page, clinic: ClinicHouse) -> float:
    """Press the dialog's button, wait for the terminal's prompt, and call it off; milliseconds between."""
    dialog, station = page.get_by_role("dialog"), clinic.counter.house.station
    await dialog.locator(f"[name=terminal][value$='/{TERMINAL}']").check()
    await dialog.locator("form button").first.click()
    await eventually_asked(station.asks_for_card, "the terminal asks for a card")
    asked = time.time() * 1000
    clicked = await page.evaluate("window.clicked")
    await dialog.locator("form[action$='/stop'] button").click()
    await stands(dialog, "cancelled")
    await station.at_rest()
    await clinic.counter.house.ready(terminal=TERMINAL)
    return float(asked - clicked)


@asynccontextmanager
async def _floor(broker: Broker, browser: Browser) -> AsyncIterator[Any]:
    """What makes one measurement of the floor."""
    sender, waiter = broker.credentials("backend"), broker.credentials("floor-1")
    async with (
        raw_client(broker, sender, "floor-sender") as sending,
        raw_client(broker, waiter, "floor-1") as waiting,
    ):
        await waiting.subscribe(_TOPIC, qos=1)
        server = await asyncio.start_server(_answering(sending), "127.0.0.1", 0)
        page = await browser.new_page()
        await page.add_init_script(_NOTE)
        await page.goto(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

        async def once() -> float:
            coming = asyncio.ensure_future(anext(aiter(waiting.messages)))
            await page.get_by_role("button").click()
            await coming
            came = time.time() * 1000
            return float(came - await page.evaluate("window.clicked"))

        try:
            yield once
        finally:
            await page.close()
            server.close()


def _answering(sending: aiomqtt.Client) -> Any:
    """Serves the page, and publishes one message for each POST before it answers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                posted = head.startswith(b"POST")
                if posted:
                    await sending.publish(_TOPIC, b"{}", qos=1)
                body = b"" if posted else _PAGE
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
                )
                writer.write(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return answer
