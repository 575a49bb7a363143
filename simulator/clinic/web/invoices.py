"""An invoice: lines, what is due, paying with a terminal or a card on file, giving back, the receipt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from simulator.clinic import appointments, fleet, invoices, operations, paying
from simulator.clinic.amounts import read_amount, write_amount
from simulator.clinic.asking import Refused
from simulator.clinic.fleet import Desk
from simulator.clinic.invoices import Invoice, Payment
from simulator.clinic.web import operation
from simulator.clinic.web.desks import follow_desks
from simulator.clinic.web.page import Page, route, staff_only
from simulator.clinic.web.stream import stream

Start = Callable[[int], Awaitable[str]]
Dialog = Callable[[Page, Mapping[str, str]], dict[str, Any]]


@staff_only
async def show(page: Page) -> Response:
    """The invoice."""
    return page.show("invoice.html", **_shown(page))


@staff_only
async def follow(page: Page) -> Response:
    """What is due and what moves, kept up to date."""
    return stream(page, {"part": lambda: page.render("parts/invoice.html", **_shown(page))})


@staff_only
async def receipt(page: Page) -> Response:
    """The receipt, for the printer."""
    invoice = _invoice(page)
    rows = {move["operation"]: operations.get(page.db, move["operation"]) for move in invoice.moves}
    views = {name: operations.view_of(row) for name, row in rows.items() if row is not None}
    return page.show(
        "receipt.html",
        invoice=invoice,
        appointment=appointments.get(page.db, invoice.row["appointment"] or ""),
        printed={
            name: [one.lines for one in view.receipts if one.kind == "customer"]
            for name, view in views.items()
            if view is not None
        },
        cards={name: view.card for name, view in views.items() if view is not None},
    )


@staff_only
async def ask_terminal(page: Page) -> Response:
    """The dialog of Payer avec le terminal."""
    return page.show("parts/pay_terminal.html", **_terminal_dialog(page, _due(page)))


@staff_only
async def follow_terminals(page: Page) -> Response:
    """How each terminal of the point of service stands."""
    return follow_desks(page, _desks(page, _invoice(page)))


@staff_only
async def pay_with_terminal(page: Page) -> Response:
    """Take the payment with the card present, and follow it in the dialog."""
    fields, invoice = await page.form(), _invoice(page)
    desk = fleet.find(page.db, page.clinic.link, fields.get("terminal", ""))

    async def start(amount: int) -> str:
        if desk is None:
            raise Refused("pay.no_terminal")
        return await paying.with_terminal(
            page.clinic, invoice, desk, amount, paying.By(page.person.id, page.voice.language)
        )

    return await _started(page, fields, start, "parts/pay_terminal.html", _terminal_dialog)


@staff_only
async def ask_card(page: Page) -> Response:
    """The dialog of Payer avec la carte au dossier."""
    return page.show("parts/pay_card.html", **_card_dialog(page, _due(page)))


@staff_only
async def pay_with_card(page: Page) -> Response:
    """Charge the card on file, and follow it in the dialog."""
    fields, invoice = await page.form(), _invoice(page)

    async def start(amount: int) -> str:
        card = fields.get("card", "")
        return await paying.with_card(
            page.clinic, invoice, card, amount, paying.By(page.person.id, page.voice.language)
        )

    return await _started(page, fields, start, "parts/pay_card.html", _card_dialog)


@staff_only
async def ask_refund(page: Page) -> Response:
    """The dialog of Rembourser."""
    left = write_amount(_payment(page).left_minor, page.voice.language)
    return page.show("parts/refund.html", **_refund_dialog(page, {"amount": left, "credit": "on"}))


@staff_only
async def give_back(page: Page) -> Response:
    """Give a payment back, and follow it in the dialog."""
    fields, invoice, payment = await page.form(), _invoice(page), _payment(page)

    async def start(amount: int) -> str:
        refund = paying.Back(amount, credit="credit" in fields)
        by = paying.By(page.person.id, page.voice.language)
        return await paying.give_back(page.clinic, invoice, payment, refund, by)

    return await _started(page, fields, start, "parts/refund.html", _refund_dialog)


async def _started(
    page: Page, fields: Mapping[str, str], start: Start, template: str, dialog: Dialog
) -> Response:
    """The operation in place of its dialog; the dialog again where the amount is none or nothing is asked."""
    amount = read_amount(fields.get("amount", ""))
    if amount is None:
        return page.show(template, 422, **{**dialog(page, fields), "wrong": "pay.no_amount"})
    try:
        started = await start(amount)
    except Refused as refused:
        return page.show(template, 409, **{**dialog(page, fields), "refused": refused})
    row = page.found(operations.get(page.db, started))
    return page.show("parts/operation_live.html", **operation.panel(page, row))


def _shown(page: Page) -> dict[str, Any]:
    invoice = _invoice(page)
    row = invoice.under_way
    # Its way back is to this page.
    told = {**operation.panel(page, row), "back": ""} if row is not None else {}
    panel = page.render("parts/operation.html", **told) if told else ""
    return {
        "invoice": invoice,
        "appointment": appointments.get(page.db, invoice.row["appointment"] or ""),
        "panel": Markup(panel),  # noqa: S704  # a template's own text
        "attempts": invoices.attempts(page.db, invoice.id),
        "terminals": bool(_desks(page, invoice)),
        "has_card": any(not offer.why for offer in _offers(page, invoice)),
    }


def _due(page: Page) -> Mapping[str, str]:
    return {"amount": write_amount(max(_invoice(page).due_minor, 0), page.voice.language)}


def _entered(invoice: Invoice, fields: Mapping[str, str]) -> dict[str, Any]:
    """What each dialog about money shows; nothing is wrong yet."""
    return {"invoice": invoice, "amount": fields.get("amount", ""), "wrong": "", "refused": None}


def _terminal_dialog(page: Page, fields: Mapping[str, str]) -> dict[str, Any]:
    invoice = _invoice(page)
    desks = _desks(page, invoice)
    # A ready one first, and among these one that takes chips before one that only swipes.
    best = max(desks, key=lambda desk: (desk.word == "ready", desk.takes("insert")), default=None)
    chosen = fields.get("terminal") or (best.key if best else "")
    return {**_entered(invoice, fields), "desks": desks, "terminal": chosen}


def _card_dialog(page: Page, fields: Mapping[str, str]) -> dict[str, Any]:
    invoice = _invoice(page)
    offers = _offers(page, invoice)
    usable = [offer.card["id"] for offer in offers if not offer.why]
    chosen = fields.get("card") or (usable[0] if usable else "")
    return {**_entered(invoice, fields), "offers": offers, "chosen": chosen, "usable": bool(usable)}


def _refund_dialog(page: Page, fields: Mapping[str, str]) -> dict[str, Any]:
    payment = _payment(page)
    shown = {**_entered(_invoice(page), fields), "payment": payment, "credit": "credit" in fields}
    try:
        _, desk = paying.taken_at(page.clinic, payment)
        undone = paying.is_undone(payment, desk, page.clinic.wall(), page.clinic.zone)
    except Refused as refused:
        return {**shown, "desk": None, "undone": False, "refused": refused}
    return {**shown, "desk": desk, "undone": undone}


def _offers(page: Page, invoice: Invoice) -> list[paying.Offer]:
    return paying.offers(
        page.clinic, invoice.row["patient"], invoice.row["point"], no_show=invoice.row["kind"] == "no_show"
    )


def _desks(page: Page, invoice: Invoice) -> list[Desk]:
    """Terminals of the invoice's point of service that take payments."""
    return [
        desk for desk in fleet.at_point(page.db, page.clinic.link, invoice.row["point"]) if desk.can("sale")
    ]


def _invoice(page: Page) -> Invoice:
    found: Invoice = page.found(invoices.load(page.db, page.request.path_params["invoice"]))
    return found


def _payment(page: Page) -> Payment:
    name = page.request.path_params["payment"]
    known = (payment for payment in _invoice(page).payments if payment.row["operation"] == name)
    found: Payment = page.found(next(known, None))
    return found


ROUTES: tuple[Route, ...] = (
    route("/invoices/{invoice}", show),
    route("/invoices/{invoice}/stream", follow),
    route("/invoices/{invoice}/receipt", receipt),
    route("/invoices/{invoice}/terminal", ask_terminal),
    route("/invoices/{invoice}/terminal/stream", follow_terminals),
    route("/invoices/{invoice}/terminal", pay_with_terminal, "POST"),
    route("/invoices/{invoice}/card", ask_card),
    route("/invoices/{invoice}/card", pay_with_card, "POST"),
    route("/invoices/{invoice}/refund/{payment}", ask_refund),
    route("/invoices/{invoice}/refund/{payment}", give_back, "POST"),
)
