"""Ma clinique > Intégrations > Terminaux de paiement: what agents announce, and the clinic's own records."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from simulator.reader.device import VirtualReader
from simulator.reader.settings import ReaderSettings
from tests.support.clinic_house import TERMINAL, ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER, LIMIT_MS, open_dialog, stands
from tests.support.reader_house import READER
from tests.support.station import TERMINAL_ID
from tests.support.waiting import eventually_asked

pytestmark = IN_A_BROWSER
OTHER_PRODUCT = 0x2030
WINDOWS = 8  # more than a browser's six connections to one server over HTTP/1.1


async def of(page: Page, clinic: ClinicHouse, terminal: str) -> None:
    """A terminal's own page."""
    await page.goto(f"{clinic.address}/terminals/{clinic.counter.house.agent.id}/{terminal}")


# Marks what the page was sent with, and counts the parts that are sent anew, before they are shown.
_WATCH = """addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll("[sse-swap]")) part.firstElementChild.old = true;
    window.sent = 0;
    document.addEventListener("htmx:sseBeforeMessage", () => { window.sent += 1; });
})"""
_STANDS = "[...document.querySelectorAll('[sse-swap]')].every((part) => part.firstElementChild.old)"


@pytest.mark.parametrize(
    "path", ["/terminals", "/patients/patient-42", "/batches?terminal={agent}/{terminal}"]
)
async def test_what_is_shown_already_is_not_exchanged(
    clinic: ClinicHouse, browser: Browser, path: str
) -> None:
    """A click on its way to a button that is exchanged would be lost."""
    page = await clinic.logged_in(browser)
    await page.add_init_script(_WATCH)
    where = path.format(agent=clinic.counter.house.agent.id, terminal=TERMINAL)
    await page.goto(f"{clinic.address}{where}")
    await eventually_asked(lambda: page.evaluate("window.sent"), "the part is sent anew")
    assert await page.evaluate(_STANDS)


async def test_what_agents_announce_is_shown(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    await page.goto(f"{clinic.address}/terminals")
    reader = page.get_by_role("row", name="Lecteur de l'accueil")
    for part in (
        "Plateau-Mont-Royal",
        "Prêt",
        clinic.counter.reader.serial or "",
        "Facturables plus tard",
        "bande magnétique",
        "clavier",
    ):
        await expect(reader).to_contain_text(part)
    terminal = page.get_by_role("row", name="Terminal de l'accueil")
    for part in ("Prêt", TERMINAL_ID, "Reconnaissance seulement", "puce", "sans contact"):
        await expect(terminal).to_contain_text(part)


async def seen(page: Page, *, hidden: bool) -> None:
    """What a browser does to a window when another one covers it, or when it comes back."""
    await page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


async def test_windows_that_nobody_sees_let_the_others_work(clinic: ClinicHouse, browser: Browser) -> None:
    first = await clinic.logged_in(browser)
    await first.goto(f"{clinic.address}/terminals")
    await seen(first, hidden=True)
    for _ in range(WINDOWS):
        other = await first.context.new_page()
        await other.goto(f"{clinic.address}/terminals")
        await expect(other.locator("main")).to_contain_text("Lecteur de l'accueil")
        await seen(other, hidden=True)
    clinic.change("UPDATE terminals SET name = 'Lecteur du fond' WHERE terminal = ?", READER)
    await seen(first, hidden=False)
    await expect(first.locator("main")).to_contain_text("Lecteur du fond")
    clinic.change("UPDATE terminals SET name = 'Lecteur de l''accueil' WHERE terminal = ?", READER)


async def test_a_terminal_is_tested_without_money(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser)
    before = clinic.counter.house.lines()
    await of(page, clinic, TERMINAL)
    await page.get_by_role("button", name="Tester le terminal").click()
    await stands(page.locator("main"), "approved")
    assert clinic.counter.house.lines() == before
    await page.get_by_role("link", name="Fermer").click()
    await page.wait_for_url(f"**/{TERMINAL}")

    await of(page, clinic, READER)
    test = page.get_by_role("button", name="Tester le terminal")
    await expect(test).to_be_disabled()
    await expect(test).to_have_accessible_description(
        "Ce terminal n'a pas de test : son état ci-dessus est vérifié en continu."
    )


async def test_the_clinics_own_records_are_for_managers(clinic: ClinicHouse, browser: Browser) -> None:
    desk = await clinic.logged_in(browser)
    await of(desk, clinic, TERMINAL)
    await expect(desk.get_by_label("Nom")).to_have_count(0)
    refused = await desk.evaluate(
        """async (address) => {
            const headers = {"X-CSRF": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF"]};
            const body = new URLSearchParams({name: "x"});
            const answer = await fetch(address, {method: "POST", headers, body});
            return [answer.status, await answer.text()];
        }""",
        desk.url,
    )
    assert refused[0] == 403
    assert "Cette page est réservée à la gestion." in refused[1]

    manager = await clinic.logged_in(browser, "gestion")
    await of(manager, clinic, TERMINAL)
    await manager.get_by_label("Nom").fill("Terminal du fond")
    await manager.get_by_label("Point de service").select_option("laval")
    await manager.get_by_role("button", name="Sauvegarder").click()
    await expect(manager.get_by_role("row", name="Terminal du fond")).to_contain_text("Laval")
    await of(manager, clinic, TERMINAL)
    await manager.get_by_label("Nom").fill("Terminal de l'accueil")
    await manager.get_by_label("Point de service").select_option("plateau")
    await manager.get_by_role("button", name="Sauvegarder").click()
    await expect(manager.get_by_role("row", name="Terminal de l'accueil")).to_contain_text("Plateau")


async def test_a_disabled_terminal_takes_nothing(clinic: ClinicHouse, browser: Browser) -> None:
    sentence = (
        "« {} » est désactivé. La gestion peut le réactiver dans"
        " Ma clinique > Intégrations > Terminaux de paiement."
    )
    desk, manager = await clinic.logged_in(browser), await clinic.logged_in(browser, "gestion")
    dialog = await open_dialog(desk, clinic)
    await dialog.locator("[name=consent]").check()
    before = len(clinic.rows("SELECT id FROM operations"))

    async def disable(terminal: str, *, disabled: bool) -> None:
        await of(manager, clinic, terminal)
        await manager.get_by_label("Désactivé").set_checked(disabled)
        await manager.get_by_role("button", name="Sauvegarder").click()
        await manager.wait_for_url("**/terminals")

    await disable(READER, disabled=True)
    await expect(dialog.locator(".state")).to_have_text("Désactivé")
    await dialog.get_by_role("button", name="Sauvegarder").click()
    await expect(dialog.get_by_role("alert")).to_have_text(sentence.format("Lecteur de l'accueil"))
    await expect(dialog).to_contain_text("Aucun terminal de ce point de service")
    assert len(clinic.rows("SELECT id FROM operations")) == before
    await disable(READER, disabled=False)

    # Its batch can be looked at all the same.
    await disable(TERMINAL, disabled=True)
    await desk.goto(f"{clinic.address}/batches")
    await desk.locator("[name=terminal]").select_option(label="Terminal de l'accueil (désactivé)")
    await desk.locator("[name=action]").select_option("close")
    await desk.locator("main form button").click()
    await expect(desk.get_by_role("alert")).to_have_text(sentence.format("Terminal de l'accueil"))
    await expect(desk.get_by_role("main")).to_contain_text("Aucun paiement depuis la dernière fermeture.")
    assert len(clinic.rows("SELECT id FROM operations")) == before
    await disable(TERMINAL, disabled=False)


async def test_a_device_that_is_nobodys_is_shown_with_its_settings(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser, "gestion")
    await page.goto(f"{clinic.address}/terminals")
    bus = clinic.counter.bus
    assert bus is not None
    stranger = bus.plug(VirtualReader(ReaderSettings(pid=OTHER_PRODUCT, usb_serial="T999000001")), 3)
    await page.get_by_role("button", name="Chercher des appareils").click()
    heading = page.get_by_role("heading", name="Appareils sans réglage")
    await expect(heading).to_be_visible(timeout=LIMIT_MS)
    for line in ("[terminals.usb]", 'pid = "2030"', 'serial_number = "T999000001"'):
        await expect(page.locator("pre")).to_contain_text(line)
    bus.unplug(stranger)
    await page.get_by_role("button", name="Chercher des appareils").click()
    await expect(page.get_by_role("heading", name="Appareils sans réglage")).to_have_count(
        0, timeout=LIMIT_MS
    )


async def test_what_is_unplugged_and_an_agent_that_dies_are_seen_at_once(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser)
    await page.goto(f"{clinic.address}/terminals")
    reader = page.get_by_role("row", name="Lecteur de l'accueil")
    terminal = page.get_by_role("row", name="Terminal de l'accueil")
    clinic.counter.unplug()
    await expect(reader).to_contain_text("Débranché", timeout=LIMIT_MS)
    await expect(reader).to_contain_text("Lecteur : Le lecteur de cartes n’est pas branché. Rebranchez-le.")
    await expect(terminal).to_contain_text("Prêt")
    clinic.counter.plug(2)
    await expect(reader).to_contain_text("Prêt", timeout=LIMIT_MS)

    agent = clinic.counter.house.agent.id
    await clinic.counter.kill()
    for row in (reader, terminal):
        await expect(row).to_contain_text("Agent absent", timeout=LIMIT_MS)
    away = f"L'agent « {agent} » ne répond pas : ses terminaux ne peuvent rien prendre."
    await expect(page.locator("[data-said]")).to_have_text(away)
    await expect(page.locator("#spoken")).to_have_text(away)
    await clinic.counter.start()
    for row in (reader, terminal):
        await expect(row).to_contain_text("Prêt", timeout=LIMIT_MS)
    await expect(page.locator("[data-said]")).to_have_count(0)
    await expect(page.locator("#spoken")).to_be_empty()
