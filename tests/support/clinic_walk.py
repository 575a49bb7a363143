"""A walk through every page of the clinic with its dialogs and states, in French and in English.

    await walk(clinic, browser, look)

At each place (see clinic_places) `look` gets its name, the language and the window.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from playwright.async_api import Browser, Locator, Page, expect

from simulator.clinic.database import new_id, stamp
from tests.support.clinic_cards import put_on_file
from tests.support.clinic_house import TERMINAL, ClinicHouse
from tests.support.clinic_pages import (
    LIMIT_MS,
    asked_for_card,
    give_card,
    open_dialog,
    operation_of,
    send_to_terminal,
    stands,
    start_capture,
)
from tests.support.visit import a_visit
from tests.support.waiting import eventually

Language = Literal["fr", "en"]
Look = Callable[[str, Language, Page], Awaitable[None]]
Do = Callable[[Page], Awaitable[None]]
LANGUAGES: tuple[Language, ...] = ("fr", "en")


class Walker:
    """Two windows of a manager, one in each language; what is done is done once, in the first."""

    def __init__(self, clinic: ClinicHouse, browser: Browser, look: Look) -> None:
        self.clinic, self.browser, self._look = clinic, browser, look
        self.windows: dict[Language, Page] = {}
        self.seen: set[str] = set()

    @property
    def page(self) -> Page:
        """Where things are done."""
        return self.windows["fr"]

    async def at(self, name: str, path: str, do: Do | None = None) -> None:
        """Look at an address in both languages, after doing something there."""
        for language, page in self.windows.items():
            await page.goto(f"{self.clinic.address}{path}")
            if do is not None:
                await do(page)
            await self.look(name, language, page)

    async def look(self, name: str, language: Language, page: Page) -> None:
        """Look at what is there now."""
        self.seen.add(name)
        await self._look(name, language, page)

    async def at_operation(self, name: str, operation: str, state: str) -> None:
        """Look at an operation as it stands."""

        async def is_there(page: Page) -> None:
            await stands(page.locator("main"), state)

        await self.at(name, f"/operations/{operation}", is_there)


async def walk(clinic: ClinicHouse, browser: Browser, look: Look) -> set[str]:
    """The whole walk; the places that were seen. Its last steps leave the agent killed."""
    walker = Walker(clinic, browser, look)
    await _at_the_door(walker)
    for language in LANGUAGES:
        walker.windows[language] = await clinic.logged_in(browser, "gestion", language)
    await _records(walker)
    await _captures(walker)
    await _money(walker)
    await _settings(walker)
    for language in LANGUAGES:
        await _online(walker, language)
    await _agent_away(walker)
    for page in walker.windows.values():
        await page.context.close()
    return walker.seen


async def _at_the_door(walker: Walker) -> None:
    for language in LANGUAGES:
        page = await (await walker.browser.new_context(locale=f"{language}-CA")).new_page()
        await page.goto(f"{walker.clinic.address}/login")
        if language == "en":
            await page.get_by_role("button", name="English").click()
        await walker.look("login", language, page)
        await page.locator("[name=login]").fill("nobody")
        await page.locator("[name=password]").fill("nothing")
        await page.locator("main button").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await walker.look("login_wrong", language, page)
        await page.context.close()


async def _records(walker: Walker) -> None:
    await walker.at("patients", "/patients")
    await walker.at("patients_none", "/patients?q=zzz")
    await walker.at("patient", "/patients/patient-42")
    await walker.at("information", "/patients/patient-42/information")
    await walker.at("terminals", "/terminals")
    await walker.at("terminal", f"/terminals/{walker.clinic.counter.house.agent.id}/{TERMINAL}")
    await walker.at("refused", "/no-such-page")


async def _captures(walker: Walker) -> None:
    clinic, counter = walker.clinic, walker.clinic.counter

    async def wrong(page: Page) -> None:
        await _dialog(page, "button.add")
        await page.locator("[name=postal_code]").fill("90210")
        await page.get_by_role("dialog").locator("form button").first.click()
        await expect(page.locator(".wrong").first).to_be_visible()

    await walker.at("store_card", "/patients/patient-42", lambda page: _dialog(page, "button.add"))
    await walker.at("store_card_wrong", "/patients/patient-42", wrong)
    await walker.at(
        "store_card_no_terminal", "/patients/patient-43", lambda page: _dialog(page, "button.add")
    )

    dialog = await start_capture(walker.page, clinic)
    await asked_for_card(clinic, dialog)
    operation = await operation_of(dialog)
    await walker.look("capture_waiting", "fr", walker.page)
    english = walker.windows["en"]
    busy = await start_capture(english, clinic, "patient-44")
    await stands(busy, "rejected")
    await walker.at_operation("capture_busy", await operation_of(busy), "rejected")
    await english.goto(f"{clinic.address}/operations/{operation}")
    await expect(english.locator("main .sentence")).to_contain_text("Swipe")
    await walker.look("capture_waiting", "en", english)
    await give_card(clinic, english.locator("main"), "visa")
    await stands(english.locator("main"), "approved")
    await walker.at_operation("capture_stored", operation, "approved")
    await walker.at("patient_kept", "/patients/patient-42")

    dialog = await start_capture(walker.page, clinic)
    await give_card(clinic, dialog, "expired")
    await stands(dialog, "declined")
    await walker.at_operation("capture_expired", await operation_of(dialog), "declined")

    dialog = await start_capture(walker.page, clinic)
    await asked_for_card(clinic, dialog)
    await dialog.locator("form button").click()
    await stands(dialog, "cancelled")
    await walker.at_operation("capture_cancelled", await operation_of(dialog), "cancelled")

    dialog = await start_capture(walker.page, clinic, terminal=TERMINAL)
    await counter.house.station.present("interac", "insert")
    await stands(dialog, "declined")
    await walker.at_operation("capture_interac", await operation_of(dialog), "declined")

    dialog = await start_capture(walker.page, clinic)
    await asked_for_card(clinic, dialog)
    counter.unplug()
    await stands(dialog, "not_started")
    await walker.at_operation("capture_unplugged", await operation_of(dialog), "not_started")
    await counter.ready("offline")
    counter.plug(2)
    await counter.ready()


async def _money(walker: Walker) -> None:
    clinic, page, station = walker.clinic, walker.page, walker.clinic.counter.house.station
    await put_on_file(clinic, "patient-44", "mastercard", expiry="2401")
    card = await put_on_file(clinic, "patient-44", "amex", no_show=True)
    await walker.at("appointments", "/appointments?point=plateau")
    visits = clinic.rows(
        "SELECT id, patient, starts FROM appointments WHERE point = 'plateau' ORDER BY starts"
    )
    by_patient = {row["patient"]: row["id"] for row in visits if row["patient"] != "patient-42"}
    await walker.at("appointment", f"/appointments/{by_patient['patient-44']}")
    await walker.at("appointment_missed", f"/appointments/{_missed(clinic, 'patient-44')}")

    invoice = await _invoice(walker, by_patient["patient-44"])
    await walker.at("invoice", invoice)
    await walker.at("pay_with_terminal", invoice, lambda one: _dialog(one, "#pay-terminal"))
    await walker.at("pay_with_card", invoice, lambda one: _dialog(one, "#pay-card"))

    await station.fault("host", "decline", command="sale", value=5)
    dialog = await _pay(page, clinic, invoice)
    await station.present("visa")
    await stands(dialog, "declined")
    await walker.at_operation("payment_declined", await operation_of(dialog), "declined")

    await station.fault("booked", "cut", command="sale")
    dialog = await _pay(page, clinic, invoice)
    await station.present("visa")
    await stands(dialog, "in_doubt")
    operation = await operation_of(dialog)
    await walker.at_operation("payment_in_doubt", operation, "in_doubt")
    await station.do("restore")
    await page.goto(f"{clinic.address}/operations/{operation}")
    await stands(page.locator("main"), "approved")
    await walker.at("invoice_paid", invoice)
    await walker.at("refund", invoice, lambda one: _dialog(one, "[id^=refund-]"))
    await walker.at("receipt", f"{invoice}/receipt")

    await _for_a_human(walker, by_patient["patient-45"])
    await walker.at("cards", "/cards")
    await walker.at("cards_soon", "/cards?soon=1")
    await walker.at("card", f"/cards/{card}")
    await walker.at("card_remove", f"/cards/{card}", lambda one: _dialog(one, "button[hx-get$='/remove']"))
    await _batches(walker)


async def _for_a_human(walker: Walker, appointment: str) -> None:
    clinic, station = walker.clinic, walker.clinic.counter.house.station
    invoice = await _invoice(walker, appointment)
    await station.fault("booked", "cut", command="sale")
    dialog = await _pay(walker.page, clinic, invoice)
    await station.present("visa")
    await stands(dialog, "in_doubt")
    station.program.kill()
    (station.folder / "state.json").unlink()
    station.start()
    await stands(dialog, "needs_human")
    operation = await operation_of(dialog)
    await walker.at_operation("payment_for_a_human", operation, "needs_human")
    await walker.page.goto(f"{clinic.address}/operations/{operation}")
    await walker.page.locator("[name=reason]").fill("relevé")
    await walker.page.locator("form[action$='/resolve'] button").click()
    await stands(walker.page.locator("main"), "approved")
    await clinic.counter.house.ready(terminal=TERMINAL)


async def _batches(walker: Walker) -> None:
    clinic, page = walker.clinic, walker.page
    await walker.at("batches", "/batches")
    await page.goto(f"{clinic.address}/batches")
    await page.locator("[name=terminal]").select_option(f"{clinic.counter.house.agent.id}/{TERMINAL}")
    await page.locator("[name=action]").select_option("close")
    await page.locator("main form button").click()
    closed = page.locator("tbody tr[data-state=approved] a").first
    await expect(closed).to_be_visible(timeout=LIMIT_MS)
    address = await closed.get_attribute("href") or ""
    await walker.at("batches_chosen", f"/batches?terminal={clinic.counter.house.agent.id}/{TERMINAL}")
    await walker.at("batch", address)


async def _settings(walker: Walker) -> None:
    for name, path in (
        ("no_show_policies", "/no-show-policies"),
        ("services", "/services"),
        ("service", "/services/physio-suivi"),
        ("online_settings", "/online-settings"),
    ):
        await walker.at(name, path)


async def _online(walker: Walker, language: Language) -> None:
    visit = await a_visit(walker.clinic, walker.browser, language)
    page = visit.page
    await walker.look("booking_points", language, page)
    service = {"fr": "Physiothérapie, suivi", "en": "Physiotherapy, follow-up"}[language]
    for name in ("Plateau-Mont-Royal", service, "Nadia Fortin"):
        await page.get_by_role("link", name=name).first.click()
    await walker.look("booking_slots", language, page)
    await page.locator("button[name=starts]").nth(LANGUAGES.index(language)).click()
    await page.wait_for_url("**/rdv/email")
    await walker.look("booking_email", language, page)
    email = f"walk-{language}@exemple.test"
    await visit.give_address(email)
    await walker.look("booking_code", language, page)
    await visit.give_code(await visit.code_of(email))
    await page.wait_for_url("**/rdv/who")
    await walker.look("booking_who", language, page)
    await page.locator("main form.narrow button").click()
    await expect(page.locator(".wrong").first).to_be_visible()
    await walker.look("booking_who_wrong", language, page)
    await visit.be_new()
    await visit.entry.locator("[name=number]").wait_for()
    await walker.look("booking_confirm", language, page)
    await visit.agree()
    walker.clinic.change("UPDATE settings SET value = 0 WHERE name = 'accept_automatically'")
    await visit.enter_card({"fr": "visa_second", "en": "discover"}[language])
    await visit.confirm()
    await page.wait_for_url("**/rdv/done")
    await walker.look("booking_done", language, page)
    await page.context.close()
    await walker.at("online_requests", "/online-requests")
    await walker.at("outbox", "/outbox")


async def _agent_away(walker: Walker) -> None:
    clinic = walker.clinic
    dialog = await start_capture(walker.page, clinic)
    await asked_for_card(clinic, dialog)
    operation = await operation_of(dialog)
    refused = {
        language: await open_dialog(await page.context.new_page(), clinic, "patient-44")
        for language, page in walker.windows.items()
    }
    await clinic.counter.kill()
    agent = clinic.counter.house.agent.id
    await eventually(lambda: clinic.counter.house.client.is_away(agent), "its will is read")
    for language, other in refused.items():
        await other.locator("[name=consent]").check()
        await other.locator("form button").first.click()
        await expect(other.get_by_role("alert")).to_be_visible(timeout=LIMIT_MS)
        await walker.look("store_card_agent_away", language, other.page)
        await other.page.close()
    await walker.at("agent_away", f"/operations/{operation}")
    await walker.at("terminals_agent_away", "/terminals")


async def _dialog(page: Page, opener: str) -> None:
    await page.locator(opener).first.click()
    await expect(page.get_by_role("dialog").locator("h2")).to_be_visible()


async def _invoice(walker: Walker, appointment: str) -> str:
    page = walker.page
    await page.goto(f"{walker.clinic.address}/appointments/{appointment}")
    await page.locator("form[action$='/invoice'] button").click()
    await page.wait_for_url("**/invoices/*")
    return page.url.removeprefix(walker.clinic.address)


async def _pay(page: Page, clinic: ClinicHouse, invoice: str) -> Locator:
    await page.goto(f"{clinic.address}{invoice}")
    return await send_to_terminal(page)


def _missed(clinic: ClinicHouse, patient: str) -> str:
    """An appointment that nobody came to, yesterday; its id."""
    now = datetime.now(UTC)
    starts = now - timedelta(hours=26)
    name = new_id(now)
    clinic.change(
        "INSERT INTO appointments (id, patient, service, employee, point, starts, ends, status,"
        " no_show_evidence) VALUES (?, ?, 'physio-suivi', 'nadia', 'plateau', ?, ?, 'no_show', ?)",
        *(name, patient, stamp(starts), stamp(starts + timedelta(hours=1))),
        "Appelée deux fois, pas de réponse.",
    )
    return name
