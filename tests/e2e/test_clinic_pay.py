"""An appointment's window > Créer une facture > paid with a terminal and with a card on file, in parts; the
receipt; given back.
"""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.support.clinic_cards import put_on_file
from tests.support.clinic_house import ClinicHouse
from tests.support.clinic_pages import IN_A_BROWSER, LIMIT_MS, bill, closed, send_to_terminal, stands

pytestmark = IN_A_BROWSER
APPROVED = {"fr": "Transaction approuvée.", "en": "Transaction approved."}
NO_AMOUNT = "Écrivez un montant comme 47,50."
TOO_MUCH = "Le montant doit être plus grand que zéro et ne pas dépasser ce qui est à payer."
TOO_MUCH_BACK = "Le montant doit être plus grand que zéro et ne pas dépasser ce qui reste de ce paiement."
PAID = "Cette facture est payée : il n'y a rien à payer de plus."
EXPIRED = "Cette carte est expirée."
OTHER_SCOPE = "Cette carte est gardée dans un autre compte marchand que celui de ce point de service."
UNDER_WAY = "Un paiement est déjà en cours pour cette facture. Attendez sa fin."


def booked(clinic: ClinicHouse) -> list[tuple[str, int]]:
    """What moved at the terminal, then at the vault."""
    lines = [*clinic.counter.house.lines(), *clinic.counter.vault.lines()]
    return [(line.kind, line.amount_minor) for line in lines if line.amount_minor]


async def test_a_visit_is_paid_in_two_parts_and_given_back(clinic: ClinicHouse, browser: Browser) -> None:
    good = await put_on_file(clinic, "patient-42", "visa")
    old = await put_on_file(clinic, "patient-42", "mastercard", expiry="2401")
    strange = await put_on_file(clinic, "patient-42", "amex", scope="merchant-9")
    page = await clinic.logged_in(browser)
    address = await bill(page, clinic, "Sophie Gagnon")
    await expect(page.locator("tfoot")).to_contain_text("95,00 $")

    for amount, wrong in (("quarante", NO_AMOUNT), ("95,01", TOO_MUCH), ("0", TOO_MUCH)):
        dialog = await send_to_terminal(page, amount)
        await expect(dialog.locator(".wrong, [role=alert]")).to_have_text(wrong)
        await dialog.get_by_role("button", name="Annuler").click()
    dialog = await send_to_terminal(page, "47,50")
    await clinic.counter.house.station.present("interac", "insert")
    await stands(dialog, "approved", APPROVED["fr"])
    await expect(dialog).to_contain_text("Interac •••• 3337")
    await expect(dialog).to_contain_text("Débité : 47,50 $")
    await closed(page)
    await expect(page.locator("main")).to_contain_text("Payée en partie")

    other = await page.context.new_page()
    await other.goto(address)
    await other.locator("#pay-card").click()
    await page.locator("#pay-card").click()
    for card, why in ((old, EXPIRED), (strange, OTHER_SCOPE)):
        choice = dialog.locator(f"[name=card][value='{card}']")
        await expect(choice).to_be_disabled()
        await expect(choice.locator("xpath=..")).to_contain_text(why)
    await expect(dialog.locator(f"[name=card][value='{good}']")).to_be_checked()
    await expect(dialog.locator("[name=amount]")).to_have_value("47,50")
    await dialog.get_by_role("button", name="Débiter la carte").click()
    await stands(dialog, "approved", APPROVED["fr"])
    await closed(page)

    await expect(page.locator("main")).to_contain_text(PAID)
    for button in ("#pay-terminal", "#pay-card"):
        await expect(page.locator(button)).to_be_disabled()
    await other.get_by_role("dialog").get_by_role("button", name="Débiter la carte").click()
    await expect(other.get_by_role("dialog").get_by_role("alert")).to_have_text(PAID)
    await other.close()
    assert booked(clinic) == [("charge", 4750), ("charge", 4750)]
    (charge,) = [line for line in clinic.counter.vault.lines() if line.kind == "charge"]
    assert charge.reason == "Z/2"  # the patient asks for it

    await page.get_by_role("link", name="Reçu").click()
    receipt = page.locator(".receipt")
    for told in ("Sophie Gagnon", "Nadia Fortin", "Physiothérapie, suivi", "95,00 $", "Interac •••• 3337",
                 "Visa •••• 1111", "Payé : 47,50 $", "COPIE DU CLIENT"):  # fmt: skip
        await expect(receipt).to_contain_text(told)
    for row in clinic.rows("SELECT authorisation FROM payments"):
        await expect(receipt).to_contain_text(row["authorisation"])
    assert await page.locator("input[type=text]").count() == 0
    await page.get_by_role("link", name="Facture").click()

    await given_back(page, clinic)


async def given_back(page: Page, clinic: ClinicHouse) -> None:
    """A part of the terminal's payment is refunded and due again; all of the card's is reversed for good."""
    refunds = page.get_by_role("button", name="Rembourser")
    dialog = page.get_by_role("dialog")
    await refunds.first.click()
    await dialog.locator("[name=amount]").fill("20,00")
    await dialog.locator("[name=credit]").uncheck()
    await dialog.locator("form button").first.click()
    await clinic.counter.house.station.present("interac", "insert")
    await stands(dialog, "approved")
    await expect(dialog).to_contain_text("Remboursé : 20,00 $")
    await closed(page)
    await refunds.first.click()
    await expect(dialog.locator("[name=amount]")).to_have_value("27,50")
    await dialog.locator("[name=amount]").fill("27,51")
    await dialog.locator("form button").first.click()
    await expect(dialog.get_by_role("alert")).to_have_text(TOO_MUCH_BACK)
    await dialog.get_by_role("button", name="Annuler").click()
    await refunds.last.click()
    await expect(dialog).to_contain_text("le paiement d'aujourd'hui est annulé")
    await dialog.locator("form button").first.click()
    await stands(dialog, "approved")
    await closed(page)
    await expect(page.locator("main")).to_contain_text("Remboursé en entier")
    await expect(page.get_by_role("row", name="Crédit")).to_contain_text("-47,50 $")
    await expect(page.locator("tfoot tr").last).to_contain_text("20,00 $")
    (reversal,) = clinic.rows("SELECT * FROM operations WHERE op = 'reversal'")
    assert reversal["state"] == "approved"
    given = [line for line in booked(clinic) if line[0] != "charge"]
    assert [amount for _, amount in given] == [2000, 4750]


async def test_one_payment_at_a_time_and_cancelled_ones_leave_it_due(
    clinic: ClinicHouse, browser: Browser
) -> None:
    page = await clinic.logged_in(browser)
    await bill(page, clinic, "Mohamed Benali")
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.locator("#pay-terminal").click()
    dialog = await send_to_terminal(page, "105,00")
    await expect(dialog).to_contain_text("la carte.", timeout=LIMIT_MS)
    await expect(other.locator("#pay-terminal")).to_be_disabled()
    await expect(other.locator("main")).to_contain_text(UNDER_WAY)
    await other.get_by_role("dialog").locator("form button").first.click()
    await expect(other.get_by_role("dialog").get_by_role("alert")).to_have_text(UNDER_WAY)
    await dialog.get_by_role("button", name="Annuler").click()
    await stands(dialog, "cancelled")
    await expect(other.locator("#pay-terminal")).to_be_enabled()
    await expect(other.locator("tfoot")).to_contain_text("105,00 $")


async def test_a_payment_in_doubt_keeps_the_invoice_closed_until_the_truth_is_known(
    clinic: ClinicHouse, browser: Browser
) -> None:
    station = clinic.counter.house.station
    page = await clinic.logged_in(browser)
    await page.goto(await known_invoice(clinic, "Benali"))
    await station.fault("booked", "cut", command="sale")
    dialog = await send_to_terminal(page, "105,00")
    await station.present("visa")
    await expect(dialog.locator("[data-state=in_doubt]")).to_be_visible(timeout=LIMIT_MS)
    await page.reload()
    await expect(page.locator(".panel")).to_contain_text("Ne recommencez pas.")
    await expect(page.locator(".panel")).to_contain_text("Vous ne serez pas débité deux fois.")
    await expect(page.locator(".panel button")).to_have_count(0)
    for button in ("#pay-terminal", "#pay-card"):
        await expect(page.locator(button)).to_be_disabled()
    await station.do("restore")
    await expect(page.locator("main")).to_contain_text(PAID, timeout=LIMIT_MS)
    await expect(page.locator("tfoot")).to_contain_text("105,00 $")
    assert [line.amount_minor for line in station.lines()][-1] == 10500


async def test_what_is_approved_in_part_counts_in_part(clinic: ClinicHouse, browser: Browser) -> None:
    page = await clinic.logged_in(browser, language="en")
    await bill(page, clinic, "Emily Carter", button="Create an invoice")
    await expect(page.locator("tfoot")).to_contain_text("$150.00")
    await clinic.counter.house.station.fault("host", "partial", command="sale", value=4000)
    dialog = await send_to_terminal(page, "150.00")
    await clinic.counter.house.station.present("mastercard")
    await stands(dialog, "approved", APPROVED["en"])
    await expect(dialog).to_contain_text("Charged: $40.00")
    await expect(dialog).to_contain_text("Approved in part, of $150.00 asked for: the rest is still due.")
    await closed(page)
    await expect(page.locator("main")).to_contain_text("Paid in part")
    await expect(page.locator("tfoot")).to_contain_text("$110.00")
    await page.locator("#pay-card").click()
    await expect(page.get_by_role("dialog")).to_contain_text("No card on file.")
    await expect(page.get_by_role("dialog").get_by_role("button", name="Charge the card")).to_be_disabled()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await page.get_by_role("link", name="Receipt").click()
    await expect(page.locator(".receipt")).to_contain_text("Paid: $40.00")
    await expect(page.locator(".receipt")).to_contain_text("Mastercard •••• 4444")


async def known_invoice(clinic: ClinicHouse, last_name: str) -> str:
    """The address of a patient's invoice."""
    (row,) = clinic.rows(
        "SELECT invoices.id FROM invoices JOIN patients ON patients.id = patient WHERE last_name = ?",
        last_name,
    )
    return f"{clinic.address}/invoices/{row['id']}"
