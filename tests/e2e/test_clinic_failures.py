"""What staff read when something goes wrong, in both languages and word by word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from simulator.cards import CARDS
from simulator.vault.settings import VaultFault
from tests.support.broker import Broker
from tests.support.clinic_house import TERMINAL, ClinicHouse, a_clinic
from tests.support.clinic_pages import (
    CHARGEABLE,
    IN_A_BROWSER,
    LIMIT_MS,
    asked_for_card,
    bill,
    give_card,
    open_dialog,
    operation_of,
    send_to_terminal,
    stands,
    start_capture,
)

pytestmark = IN_A_BROWSER
Said = tuple[str, str]


@dataclass
class Front:
    """A clinic, a window in French that works and one in English that looks."""

    clinic: ClinicHouse
    page: Page
    english: Page

    async def ended(self, dialog: Locator, state: str, said: Said) -> str:
        """The operation stands there, told in exactly these words; its id."""
        operation = await operation_of(dialog)
        await stands(dialog, state, said[0])
        await self.english.goto(f"{self.clinic.address}/operations/{operation}")
        await stands(self.english.locator("main"), state, said[1])
        return operation

    async def in_doubt(self, dialog: Locator, patient: Said) -> None:
        """It is told calmly what is being done and what to say, and there is nothing to press."""
        operation = await operation_of(dialog)
        await self.english.goto(f"{self.clinic.address}/operations/{operation}")
        for place, language in ((dialog, 0), (self.english.locator("main"), 1)):
            await stands(place, "in_doubt", IN_DOUBT[language])
            for sentence in (IN_HAND, patient):
                await expect(place).to_contain_text(sentence[language])
            await expect(place.locator(".panel button, .panel form")).to_have_count(0)

    async def pay(self, last_name: str) -> Locator:
        """An invoice for an appointment of today, sent to the terminal."""
        await bill(self.page, self.clinic, last_name)
        return await send_to_terminal(self.page)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(
    broker: Broker, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    """Everything is up."""
    async with a_clinic(broker, tmp_path_factory.mktemp("clinic"), desks=CHARGEABLE) as clinic:
        yield Front(clinic, await clinic.logged_in(browser), await clinic.logged_in(browser, language="en"))


BUSY = (
    "Le terminal est occupé par Maude Tremblay : rien n’a été fait. Attendez la fin ou prenez un autre"
    " terminal.",
    "The terminal is in use by Maude Tremblay; nothing was done. Wait for the end or use another terminal.",
)
UNPLUGGED = (
    "Le lecteur a été débranché avant la lecture : rien n’a été fait. Rebranchez-le, puis recommencez.",
    "The reader was unplugged before the read; nothing was done. Plug it in again, then try again.",
)
EXPIRED = (
    "La carte est expirée. Proposez une autre carte.",
    "The card has expired. Offer another card.",
)
DECLINED = (
    "Transaction refusée. Proposez une autre carte.",
    "Transaction declined. Offer another card.",
)
IN_DOUBT = (
    "Le lien avec le terminal a été coupé. Le résultat n’est pas encore connu : le système le demande"
    " au terminal. Dites au patient d’attendre; ne refaites pas le paiement.",
    "The link to the terminal was cut. The result is not known yet; the system is asking the terminal."
    " Ask the patient to wait; do not take the payment again.",
)
IN_HAND = (
    "L'agent vérifie ce qui s'est passé. Rien n'est à faire : la réponse s'affichera ici. Ne"
    " recommencez pas.",
    "The agent is finding out what happened. There is nothing to do: the answer will appear here. Do"
    " not start again.",
)
TELL_OF_CARD = (
    "À dire au patient : « Votre carte est en cours de vérification. Aucun montant n'est prélevé. »",
    "Tell the patient: “Your card is being checked. No money is taken.”",
)
TELL_OF_PAYMENT = (
    "À dire au patient : « Votre paiement est en cours de vérification. Vous ne serez pas débité deux"
    " fois. »",
    "Tell the patient: “Your payment is being checked. You will not be charged twice.”",
)
STORED = (
    "Carte enregistrée.",
    "Card stored.",
)
UNREACHABLE = (
    "Le service de paiement ne peut pas être joint : rien n’a été fait. Vérifiez le lien Internet de"
    " ce poste, puis recommencez.",
    "The payment service cannot be reached; nothing was done. Check this station’s Internet link, then"
    " try again.",
)
INTERAC = (
    "Cette carte de débit Interac ne peut pas être gardée au dossier. Demandez une carte de crédit.",
    "This Interac debit card cannot be kept on file. Ask for a credit card.",
)
NO_TOKEN = (
    "Le terminal n’a pas pu garder cette carte. Essayez-en une autre.",
    "The terminal could not keep this card. Try another one.",
)
AWAY = (
    "L'agent de « Lecteur de l'accueil » ne répond pas : rien n'a été envoyé et rien n'est en attente."
    " Vérifiez que son ordinateur est allumé et branché au réseau.",
    "The agent of “Lecteur de l'accueil” does not answer: nothing was sent and nothing is queued."
    " Check that its computer is on and connected.",
)
AWAY_MEANWHILE = (
    "L'agent ne répond pas en ce moment. L'opération suit son cours ; la vérité s'affichera ici à son"
    " retour.",
    "The agent does not answer at the moment. The operation goes on; the truth will appear here when"
    " it is back.",
)
HUMAN = (
    "Le terminal ne peut plus dire ce qui s'est passé. Une personne de la gestion doit comparer avec"
    " le relevé et décider ici. Ne recommencez pas le paiement.",
    "The terminal can no longer tell what happened. A manager must compare with the statement and"
    " decide here. Do not start the payment again.",
)


async def sent_anew(page: Page) -> None:
    """A part of the page is sent once more, as to a window that is seen again, and is not what is shown."""
    await page.evaluate("""() => new Promise((sent) => {
        document.querySelector("[sse-swap] .panel").title = "old";
        document.body.addEventListener("htmx:sseMessage", sent, { once: true });
        for (const hidden of [true, false]) {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }
    }).then(() => null)""")


async def test_the_terminal_is_busy(front: Front) -> None:
    dialog = await start_capture(front.page, front.clinic)
    await asked_for_card(front.clinic, dialog)
    other = await start_capture(front.english, front.clinic, "patient-44")
    await stands(other, "rejected", BUSY[1])
    busy = await operation_of(other)
    await dialog.get_by_role("button", name="Annuler").click()
    await stands(dialog, "cancelled")
    await front.page.goto(f"{front.clinic.address}/operations/{busy}")
    await stands(front.page.locator("main"), "rejected", BUSY[0])


async def test_the_cable_is_pulled_out_while_a_card_is_awaited(front: Front) -> None:
    counter = front.clinic.counter
    dialog = await start_capture(front.page, front.clinic)
    await asked_for_card(front.clinic, dialog)
    counter.unplug()
    await front.ended(dialog, "not_started", UNPLUGGED)
    await counter.ready("offline")
    counter.plug(2)
    await counter.ready()


@pytest.mark.parametrize(("card", "said"), [("expired", EXPIRED), ("declined", DECLINED)])
async def test_the_issuer_does_not_agree(front: Front, card: str, said: Said) -> None:
    dialog = await start_capture(front.page, front.clinic)
    await give_card(front.clinic, dialog, card)
    operation = await front.ended(dialog, "declined", said)
    assert front.clinic.counter.vault.kinds(operation) == []


@pytest.mark.parametrize(
    ("card", "how", "said"), [("interac", "insert", INTERAC), ("wallet", "tap", NO_TOKEN)]
)
async def test_a_card_that_cannot_be_kept_says_why(front: Front, card: str, how: str, said: Said) -> None:
    dialog = await start_capture(front.page, front.clinic, terminal=TERMINAL)
    await front.clinic.counter.house.station.present(card, how)
    await front.ended(dialog, "declined", said)
    assert not front.clinic.rows("SELECT * FROM cards WHERE last_four = ?", CARDS[card].last_four)


async def test_the_vault_is_cut_off_and_the_truth_is_found(front: Front) -> None:
    vault = front.clinic.counter.vault.desk
    vault.plan(VaultFault(when="done", what="cut", command="res_tokenize_cc"))
    vault.plan(VaultFault(when="received", what="cut", command="status", times=2))
    dialog = await start_capture(front.page, front.clinic)
    await give_card(front.clinic, dialog)
    await front.in_doubt(dialog, TELL_OF_CARD)
    operation = await front.ended(dialog, "approved", STORED)
    assert front.clinic.counter.vault.kinds(operation) == ["verification", "token_stored"]


async def test_the_vault_cannot_be_reached(front: Front) -> None:
    vault = front.clinic.counter.vault
    dialog = await start_capture(front.page, front.clinic)
    await asked_for_card(front.clinic, dialog)
    await vault.server.stop()
    front.clinic.counter.reader.swipe(CARDS["visa"])
    await front.ended(dialog, "not_started", UNREACHABLE)
    await vault.server.start("localhost", vault.port)
    await front.clinic.counter.ready()


async def test_a_payment_in_doubt_of_which_the_terminal_then_tells(front: Front) -> None:
    station = front.clinic.counter.house.station
    await station.fault("booked", "cut", command="sale")
    dialog = await front.pay("Benali")
    await station.present("visa")
    await front.in_doubt(dialog, TELL_OF_PAYMENT)
    await station.do("restore")
    await front.ended(dialog, "approved", ("Transaction approuvée.", "Transaction approved."))
    assert [line.amount_minor for line in station.lines()][-1] == 10500


async def test_a_payment_that_only_a_human_can_decide(front: Front, browser: Browser) -> None:
    clinic, station = front.clinic, front.clinic.counter.house.station
    await station.fault("booked", "cut", command="sale")
    dialog = await front.pay("Gagnon")
    await station.present("visa")
    await front.in_doubt(dialog, TELL_OF_PAYMENT)
    station.program.kill()
    (station.folder / "state.json").unlink()
    station.start()
    await stands(dialog, "needs_human")
    await expect(dialog).to_contain_text(HUMAN[0])
    operation = await operation_of(dialog)
    await front.english.goto(f"{clinic.address}/operations/{operation}")
    await expect(front.english.locator("main")).to_contain_text(HUMAN[1])
    await expect(front.english.get_by_role("button", name="Record the verdict")).to_have_count(0)

    manager = await clinic.logged_in(browser, "gestion")
    await manager.goto(f"{clinic.address}/operations/{operation}")
    await expect(manager.locator("main")).to_contain_text(HUMAN[0])
    await manager.get_by_label("Ce qui s'est passé").select_option(label="Le paiement a été fait")
    reason = manager.get_by_label("Raison (relevé, reçu…)")
    await reason.fill("relevé du terminal, reçu 0002")
    await sent_anew(manager)
    await expect(reason).to_have_value("relevé du terminal, reçu 0002")
    await manager.get_by_role("button", name="Enregistrer la décision").click()
    await stands(manager.locator("main"), "approved", "Résultat inscrit par une personne.")
    await stands(dialog, "approved", "Résultat inscrit par une personne.")


async def test_the_agent_is_away(front: Front) -> None:
    clinic = front.clinic
    dialog = await start_capture(front.page, clinic)
    await asked_for_card(clinic, dialog)
    waiting = [await open_dialog(page, clinic, "patient-44") for page in (front.english,)]
    await clinic.counter.kill()
    await expect(dialog).to_contain_text(AWAY_MEANWHILE[0], timeout=LIMIT_MS)
    before = len(clinic.rows("SELECT id FROM operations"))
    for other in waiting:
        await other.locator("[name=consent]").check()
        await other.locator("form button").first.click()
        await expect(other.get_by_role("alert")).to_have_text(AWAY[1])
    assert len(clinic.rows("SELECT id FROM operations")) == before
    operation = await operation_of(dialog)
    await front.english.goto(f"{clinic.address}/operations/{operation}")
    await expect(front.english.locator("main")).to_contain_text(AWAY_MEANWHILE[1])
    await open_dialog(front.page, clinic, "patient-44")
    dialog = front.page.get_by_role("dialog")
    await dialog.locator("[name=consent]").check()
    await dialog.locator("form button").first.click()
    await expect(dialog.get_by_role("alert")).to_have_text(AWAY[0])
    await clinic.counter.start()
    await front.page.goto(f"{clinic.address}/operations/{operation}")
    await expect(front.page.locator("[data-state=not_started]")).to_be_visible(timeout=LIMIT_MS)
    assert clinic.counter.vault.kinds(operation) == []
