"""Online booking at night, with every agent off: from the clinic's page to the vault and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from simulator.cards import CARDS
from simulator.clinic.database import stamp
from simulator.vault.settings import VaultFault
from tests.support.clinic_house import ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER
from tests.support.keyboard import enter, reach
from tests.support.reader_house import SCOPE
from tests.support.visit import Visit, a_visit, booked, put_on_file, switch
from tests.support.waiting import eventually

pytestmark = IN_A_BROWSER

FOLLOW_UP = ("Plateau-Mont-Royal", "Physiothérapie, suivi", "Nadia Fortin")
ASSESSMENT = ("Plateau-Mont-Royal", "Physiothérapie, évaluation", "Nadia Fortin")
SECOND = "visa_second"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def night(clinic: ClinicHouse) -> None:
    """The agents are killed: only the clinic's backend and the vault are there."""
    await clinic.counter.kill()


async def to_the_last_step(
    clinic: ClinicHouse, browser: Browser, email: str, choice: tuple[str, str, str] = FOLLOW_UP
) -> tuple[Visit, str]:
    """A new person who holds the first free slot; the slot's moment."""
    visit = await a_visit(clinic, browser)
    starts = await visit.choose(*choice)
    await visit.prove(email)
    await visit.be_new()
    return visit, starts


async def test_somebody_new_books_and_gives_a_card(clinic: ClinicHouse, browser: Browser) -> None:
    visit = await a_visit(clinic, browser)
    page, sent = visit.page, []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    await page.get_by_role("link", name="Plateau-Mont-Royal").click()
    await expect(page.get_by_role("img", name="Carte de crédit demandée")).to_have_count(2)
    await page.goto(f"{clinic.address}/rdv")
    starts = await visit.choose(*FOLLOW_UP)
    await visit.prove("alice.lavoie@exemple.test")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Pour qui est le rendez-vous ?")
    await visit.be_new()
    await expect(page.get_by_role("main")).to_contain_text("facturé 50,00 $ à la carte au dossier")
    last = page.get_by_role("button", name="Confirmer le rendez-vous")
    await expect(last).to_be_disabled()
    await visit.agree()
    await visit.enter_card(SECOND)
    await expect(page.get_by_role("status")).to_have_text("La carte est reçue. Il ne reste qu'à confirmer.")
    await expect(last).to_be_focused()
    await last.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Votre rendez-vous est confirmé")

    (patient,) = clinic.rows("SELECT * FROM patients WHERE email = 'alice.lavoie@exemple.test'")
    assert (patient["last_name"], patient["postal_code"]) == ("Lavoie", "H2J1X1")
    (card,) = clinic.rows("SELECT * FROM cards WHERE patient = ?", patient["id"])
    assert booked(clinic, starts) == [(patient["id"], "booked", card["id"])]
    assert (card["agent"], card["scope"], card["kind"], card["last_four"]) == (
        None, SCOPE, "chargeable", "1881",
    )  # fmt: skip
    assert (card["consent_text"], card["consent_version"], card["consent_language"]) == ("no-show", "3", "fr")
    assert (card["consent_given"], card["stored_by"]) == ("online", "online")
    assert card["network_transaction_id"]
    assert card["token"] in {line.token for line in clinic.counter.vault.lines()}
    letter = clinic.rows("SELECT * FROM outbox WHERE recipient = ? ORDER BY id DESC", patient["email"])[0]
    assert letter["subject"] == "Clinique du Parc : votre rendez-vous"
    assert "Physiothérapie, suivi, avec Nadia Fortin" in letter["body"]
    assert "facturé 50,00 $" in letter["body"]

    vault = f"https://localhost:{clinic.counter.vault.port}/"
    number = CARDS[SECOND].number
    assert [url for url, body in sent if number in body] == [f"{vault}hpp/token"]
    files = [clinic.database, clinic.database.with_name(clinic.database.name + "-wal")]
    assert not any(number.encode() in file.read_bytes() for file in files if file.exists())


async def test_somebody_known_with_a_usable_card_in_english(clinic: ClinicHouse, browser: Browser) -> None:
    card = put_on_file(clinic, "patient-44")
    visit = await a_visit(clinic, browser, "en")
    page = visit.page
    await page.get_by_role("link", name="Plateau-Mont-Royal").click()
    await expect(page.get_by_role("img", name="Credit card requested")).to_have_count(2)
    await page.goto(f"{clinic.address}/rdv")
    starts = await visit.choose("Plateau-Mont-Royal", "Physiotherapy, follow-up", "Nadia Fortin")
    await visit.prove("Emily.Carter@exemple.test".lower())
    await page.get_by_role("button", name="Emily Carter").click()
    await expect(page.get_by_role("main")).to_contain_text("Visa •••• 4321, already on your file")
    await expect(page.locator("iframe")).to_have_count(0)
    await page.get_by_label("Reason for the visit").fill("Knee")
    await visit.confirm()
    # The card was kept without a word on no-show fees, and this service has one.
    await expect(page.get_by_role("group", name="Consent")).to_have_accessible_description(
        "Without your agreement to the no-show fee, this service cannot be booked online."
    )
    assert booked(clinic, starts) == []
    await visit.agree()
    await page.get_by_role("button", name="Confirm the appointment").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is confirmed")
    assert booked(clinic, starts) == [("patient-44", "booked", card)]
    (row,) = clinic.rows("SELECT * FROM cards WHERE id = ?", card)
    assert (row["no_show_consent"], row["consent_text"], row["consent_given"]) == (1, "no-show", "online")
    lines = clinic.rows("SELECT what, actor FROM card_history WHERE card = ?", card)
    assert [tuple(line) for line in lines] == [("agreed", "online")]
    letter = clinic.rows(
        "SELECT * FROM outbox WHERE recipient = 'emily.carter@exemple.test' ORDER BY id DESC"
    )[0]
    assert letter["subject"] == "Clinique du Parc: your appointment"
    # The visit is over: whoever comes to this computer next proves an address anew.
    await visit.page.goto(f"{clinic.address}/rdv")
    await visit.choose("Plateau-Mont-Royal", "Physiotherapy, follow-up", "Nadia Fortin")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your e-mail")


async def test_an_expired_card_and_one_of_another_scope_count_as_none(
    clinic: ClinicHouse, browser: Browser
) -> None:
    put_on_file(clinic, "patient-43", expiry="2610")
    put_on_file(clinic, "patient-43", scope="merchant-2")
    visit = await a_visit(clinic, browser)
    starts = await visit.choose(*FOLLOW_UP)
    await visit.prove("luc.belanger@exemple.test")
    await visit.page.get_by_role("button", name="Luc Bélanger").click()
    await expect(visit.page.get_by_role("main")).to_contain_text(
        "Une carte de crédit est nécessaire pour réserver ce service. Rien n'est débité maintenant."
    )
    # The card is mandatory, also for whoever gets past the button.
    await visit.agree()
    await visit.page.evaluate("document.getElementById('confirm').submit()")
    await expect(visit.page.get_by_role("alert")).to_have_text(
        "Entrez votre carte et appuyez sur « Continuer » dans le cadre."
    )
    await visit.page.locator("[name=no_show]").uncheck()
    await visit.page.evaluate("document.getElementById('confirm').submit()")
    await expect(visit.page.get_by_role("main")).to_contain_text("Sans votre accord, la carte ne peut pas")
    assert booked(clinic, starts) == []
    await visit.agree()
    await visit.enter_card("mastercard")
    await visit.confirm()
    await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Votre rendez-vous est confirmé")
    (card,) = clinic.rows("SELECT id FROM cards WHERE patient = 'patient-43' AND last_four = '4444'")
    assert booked(clinic, starts) == [("patient-43", "booked", card["id"])]


async def test_a_card_is_asked_for_only_where_both_boxes_are_on(
    clinic: ClinicHouse, browser: Browser
) -> None:
    visit, starts = await to_the_last_step(clinic, browser, "corners@exemple.test")
    try:
        for both in ((0, 0), (0, 1), (1, 1), (1, 0)):
            switch(clinic, "ask_for_card", both[0])
            clinic.change("UPDATE services SET card_required = ? WHERE id = 'physio-suivi'", both[1])
            await visit.page.goto(f"{clinic.address}/rdv?point=laval")
            link = visit.page.get_by_role("link", name="Physiothérapie, suivi")
            await expect(link.get_by_role("img")).to_have_count(int(both == (1, 1)))
            await visit.page.goto(f"{clinic.address}/rdv/confirm")
            await expect(visit.page.locator("iframe.hosted")).to_have_count(int(both == (1, 1)))
        await visit.confirm()
        await visit.page.wait_for_url("**/rdv/done")
    finally:
        switch(clinic, "ask_for_card", 1)
        clinic.change("UPDATE services SET card_required = 1 WHERE id = 'physio-suivi'")
    ((_, status, card),) = booked(clinic, starts)
    # Back, or the last button pressed twice as an impatient hand does: it is the same appointment.
    await visit.page.goto(f"{clinic.address}/rdv/confirm")
    await expect(visit.page.get_by_role("heading", level=1)).to_have_text("Votre rendez-vous est confirmé")
    csrf = await visit.page.locator("[name=csrf]").first.get_attribute("value")
    answer = await visit.page.request.post(f"{clinic.address}/rdv/confirm", form={"csrf": csrf or ""})
    assert answer.url == f"{clinic.address}/rdv/done"
    assert len(booked(clinic, starts)) == 1
    assert (status, card) == ("booked", None)


async def test_a_slot_that_somebody_else_takes_meanwhile(clinic: ClinicHouse, browser: Browser) -> None:
    first, starts = await to_the_last_step(clinic, browser, "first@exemple.test", ASSESSMENT)
    second = await a_visit(clinic, browser)
    for name in ASSESSMENT:
        await second.page.get_by_role("link", name=name).first.click()
    await expect(second.page.locator(f"button[value='{starts}']")).to_have_count(0)
    await take(second.page, starts)
    await expect(second.page.get_by_role("alert")).to_have_text(
        "Cette plage n'est pas libre. Choisissez-en une autre."
    )
    # The first one dawdles until the hold is over, and the second takes it.
    over = stamp(datetime.now(UTC) - timedelta(seconds=1))
    clinic.change("UPDATE slot_holds SET expires = ? WHERE starts = ?", over, starts)
    await take(second.page, starts)
    await second.page.wait_for_url("**/rdv/email")
    await first.confirm()
    await expect(first.page.get_by_role("alert")).to_have_text(
        "La plage n'est plus gardée pour vous. Rien n'est réservé : choisissez-en une autre."
    )
    assert booked(clinic, starts) == []


async def test_what_is_not_offered_is_refused_when_forged(clinic: ClinicHouse, browser: Browser) -> None:
    visit = await a_visit(clinic, browser)
    before = len(clinic.rows("SELECT * FROM slot_holds"))
    for name in ASSESSMENT:
        await visit.page.get_by_role("link", name=name).first.click()
    starts = await visit.page.locator("button[name=starts]").last.get_attribute("value")
    csrf = await visit.page.locator("main [name=csrf]").get_attribute("value")
    offered: dict[str, str | float | bool] = {
        "point": "plateau",
        "service": "physio-eval",
        "employee": "nadia",
        "starts": starts or "",
    }
    for field, value in (
        ("service", "psychologie"), ("employee", "samuel"), ("point", "laval"),
        ("starts", "2020-01-06T14:00:00.000Z"),
    ):  # fmt: skip
        form: dict[str, str | float | bool] = {**offered, field: value, "csrf": csrf or ""}
        answer = await visit.page.request.post(f"{clinic.address}/rdv", form=form)
        assert answer.status == 409, field
    assert len(clinic.rows("SELECT * FROM slot_holds")) == before
    answer = await visit.page.request.post(f"{clinic.address}/rdv", form={**offered, "csrf": csrf or ""})
    assert answer.url == f"{clinic.address}/rdv/email"


async def test_no_page_tells_whether_a_file_exists(clinic: ClinicHouse, browser: Browser) -> None:
    told = []
    for email in ("sophie.gagnon@exemple.test", "personne.ici@exemple.test"):
        visit = await a_visit(clinic, browser)
        await visit.choose(*ASSESSMENT)
        seen = [await shown(visit.page, email)]
        await visit.give_address(email)
        seen.append(await shown(visit.page, email))
        code = await visit.code_of(email)
        for tries in (0, 4):
            clinic.change("UPDATE email_codes SET tries = ? WHERE email = ?", tries, email)
            await visit.give_code(f"{(int(code) + 1) % 1_000_000:06d}")
            seen.append(await shown(visit.page, email))
        await visit.give_code(code)
        seen.append(await shown(visit.page, email))
        await visit.page.goto(f"{clinic.address}/rdv/who")
        seen.append(await shown(visit.page, email))
        await visit.page.goto(f"{clinic.address}/rdv/code")
        await visit.page.get_by_role("button", name="Recevoir un nouveau code").click()
        await visit.page.wait_for_url("**/rdv/code?again=1")
        seen.append(await shown(visit.page, email))
        told.append(seen)
        await visit.give_code(await visit.code_of(email))
        await visit.page.wait_for_url("**/rdv/who")
        await visit.page.get_by_role("button", name="Tout recommencer").click()
    assert told[0] == told[1]
    assert "Essais qui restent : 4." in told[0][2]
    assert "Ce code n'est plus bon. Demandez-en un nouveau." in told[0][3]
    assert "Ce code n'est plus bon" in told[0][4]
    letters = [
        re.sub(r"\d{6}", "CODE", clinic.rows("SELECT body FROM outbox WHERE recipient = ?", email)[0]["body"])
        for email in ("sophie.gagnon@exemple.test", "personne.ici@exemple.test")
    ]
    assert letters[0] == letters[1]


async def test_a_declined_card_then_a_lost_answer(clinic: ClinicHouse, browser: Browser) -> None:
    visit, starts = await to_the_last_step(clinic, browser, "perdue@exemple.test")
    page = visit.page
    await visit.agree()
    await visit.enter_card("declined", code="1234")
    await visit.confirm()
    await expect(page.get_by_role("alert")).to_have_text(
        "La carte a été refusée par son émetteur. Rien n'a été gardé. Entrez une autre carte."
    )
    (patient,) = clinic.rows("SELECT id FROM patients WHERE email = 'perdue@exemple.test'")
    assert clinic.rows("SELECT * FROM cards WHERE patient = ?", patient["id"]) == []
    desk = clinic.counter.vault.desk
    desk.plan(VaultFault(when="received", what="cut", command="res_card_verification_cc"))
    await visit.enter_card("amex", code="1234")
    await visit.confirm()
    await expect(page.get_by_role("alert")).to_contain_text("Le fournisseur de paiement ne répond pas.")
    desk.plan(VaultFault(when="done", what="cut", command="res_add_token"))
    desk.plan(VaultFault(when="done", what="cut", command="res_tokenize_cc", times=2))
    await visit.enter_card("amex", code="1234")
    await visit.confirm()
    await expect(page.get_by_role("alert")).to_contain_text("Ne l'entrez pas de nouveau")
    await expect(page.locator("iframe")).to_have_count(0)
    async with page.expect_navigation():
        await visit.confirm()
    await expect(page.get_by_role("alert")).to_contain_text("Ne l'entrez pas de nouveau")
    assert booked(clinic, starts) == []
    # The backend is killed, and asks again once it is back.
    clinic.program.kill()
    await clinic.start()
    (card,) = await eventually(
        lambda: clinic.rows("SELECT id, token FROM cards WHERE patient = ?", patient["id"]), "it is on file"
    )
    await visit.confirm()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Votre rendez-vous est confirmé")
    assert booked(clinic, starts) == [(patient["id"], "booked", card["id"])]
    assert [line.token for line in clinic.counter.vault.lines()].count(card["token"]) == 1


async def test_a_request_waits_for_staff_and_a_purpose_is_required(
    clinic: ClinicHouse, browser: Browser
) -> None:
    switch(clinic, "accept_automatically", 0)
    switch(clinic, "purpose_required", 1)
    try:
        visit, starts = await to_the_last_step(clinic, browser, "demande@exemple.test", ASSESSMENT)
        await visit.confirm()
        await expect(visit.page.get_by_role("main")).to_contain_text("Écrivez le motif de consultation.")
        await visit.page.get_by_label("Motif de consultation").fill("Mal de dos")
        await visit.page.get_by_role("button", name="Demander le rendez-vous").click()
        await expect(visit.page.get_by_role("heading", level=1)).to_contain_text("Votre demande est reçue")
    finally:
        switch(clinic, "accept_automatically", 1)
        switch(clinic, "purpose_required", 0)
    assert [status for _, status, _ in booked(clinic, starts)] == ["requested"]
    staff = await clinic.logged_in(browser)
    await staff.get_by_role("link", name="Prise de RDV en ligne").click()
    await staff.get_by_role("link", name="Demandes à accepter").click()
    row = staff.get_by_role("row").filter(has_text="Mal de dos")
    await row.get_by_role("button", name="Accepter").click()
    await expect(staff.get_by_role("main")).to_contain_text("Aucune demande n'attend de réponse.")
    assert [status for _, status, _ in booked(clinic, starts)] == ["booked"]
    await staff.goto(f"{clinic.address}/outbox")
    await expect(staff.get_by_role("article").first).to_contain_text("Votre rendez-vous est confirmé.")


async def test_a_visit_with_the_keyboard_alone(clinic: ClinicHouse, browser: Browser) -> None:
    visit = await a_visit(clinic, browser)
    page = visit.page
    for name in FOLLOW_UP:
        await reach(page, page.get_by_role("link", name=name).first)
        await enter(page)
    slot = page.locator("button[name=starts]").first
    starts = await slot.get_attribute("value") or ""
    await reach(page, slot)
    await enter(page)
    await page.keyboard.type("clavier@exemple.test")
    await enter(page)
    await page.keyboard.type("12")
    await enter(page)
    await page.keyboard.type(await visit.code_of("clavier@exemple.test"))
    await enter(page)
    await reach(page, page.locator("[name=first_name]"))
    await enter(page)
    for name, typed in (
        ("first_name", "Rose"), ("last_name", "Roy"), ("born", "05171991"), ("phone", "514 555-0178"),
        ("postal_code", "H2J 1X1"),
    ):  # fmt: skip
        await reach(page, page.locator(f"[name={name}]"))
        await page.keyboard.type(typed)
    await enter(page)
    for name in ("consent", "no_show"):
        await reach(page, page.locator(f"[name={name}]"))
        await page.keyboard.press("Space")
    await reach(page, visit.entry.locator("[name=number]"))
    for typed in (CARDS["mastercard"].number, "1230", "123"):
        await page.keyboard.insert_text(typed)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_focused()
    await enter(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Votre rendez-vous est confirmé")
    assert [status for _, status, _ in booked(clinic, starts)] == ["booked"]


async def take(page: Page, starts: str) -> None:
    """Press the button of a slot, as if it were that of another one."""
    button = page.locator("button[name=starts]").first
    await button.evaluate("(button, starts) => { button.value = starts; }", starts)
    await button.click()


async def shown(page: Page, email: str) -> str:
    """What a visitor reads, without the address and the times of the slot."""
    text = " ".join((await page.get_by_role("main").text_content() or "").split())
    text = re.sub(r"\d{1,2} h \d\d", "HEURE", text.replace(email, "ADRESSE"))
    return re.sub(r"\w+ \d{1,2} \w+, HEURE", "PLAGE", text)
