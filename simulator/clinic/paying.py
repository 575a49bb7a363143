"""Money for invoices: what the clinic asks of terminals and of the vault, and why it does not ask. Each
function gives the operation's id or raises Refused, as those of `asking`.

The checks and the row of the command are written without an `await` in between, so that of two windows that
press at once one is told that a payment is under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from protocols.contract.commands import ChargeCard, Consent, Refund, Reversal, Sale, TerminalCommand
from protocols.contract.fields import Locale
from simulator.clinic import cards, fleet, operations
from simulator.clinic.asking import Refused, ask, stamped
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row, moment
from simulator.clinic.fleet import Desk
from simulator.clinic.invoices import Invoice, Payment
from simulator.clinic.operations import About


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, and in which language the terminal is to speak."""

    actor: str
    language: Locale


@dataclass(frozen=True, slots=True)
class Offer:
    """A card of the patient's, and why it cannot be charged for this invoice: a key of the clinic's words,
    or ""."""

    card: Row
    why: str


@dataclass(frozen=True, slots=True)
class Back:
    """What is to be given back. With `credit` the invoice becomes smaller by as much."""

    amount_minor: int
    credit: bool = False


def offers(clinic: Clinic, patient: str, point: str, *, no_show: bool) -> list[Offer]:
    """The patient's cards at a point of service, each with why not. `no_show`: to be charged without the
    patient."""
    desks = fleet.at_point(clinic.db, clinic.link, point)
    scopes = {desk.scope for desk in desks if desk.chargeable and desk.can("charge_card")}
    day = clinic.today
    return [
        Offer(card, _why_not(card, scopes, day, no_show=no_show))
        for card in cards.of_patient(clinic.db, patient)
    ]


def _why_not(card: Row, scopes: set[str | None], day: date, *, no_show: bool) -> str:
    if card["kind"] != "chargeable":
        return "offer.recognition"
    if cards.is_expired(card, day):
        return "offer.expired"
    if card["scope"] not in scopes:
        return "offer.other_scope"
    return "offer.no_consent" if no_show and not card["no_show_consent"] else ""


async def with_terminal(clinic: Clinic, invoice: Invoice, desk: Desk, amount_minor: int, by: By) -> str:
    """Take a payment with the card present."""
    _check_payment(invoice, amount_minor)
    if desk.point != invoice.row["point"] or not desk.can("sale"):
        raise Refused("pay.no_terminal")
    command = Sale(**stamped(clinic, by.actor, by.language), amount_minor=amount_minor)
    return await ask(clinic, desk, command, _about(invoice))


async def with_card(clinic: Clinic, invoice: Invoice, card: str, amount_minor: int, by: By) -> str:
    """Charge a card on file: with the patient asking for a visit, without them for what they missed."""
    _check_payment(invoice, amount_minor)
    no_show = invoice.row["kind"] == "no_show"
    known = offers(clinic, invoice.row["patient"], invoice.row["point"], no_show=no_show)
    offer = next((one for one in known if one.card["id"] == card), None)
    if offer is None or offer.why:
        raise Refused(offer.why if offer else "pay.no_card")
    desk = desk_of_scope(clinic, offer.card["scope"])
    command = ChargeCard.model_validate(
        {
            **stamped(clinic, by.actor, by.language),
            **cards.charge_fields(offer.card),
            "amount_minor": amount_minor,
            "purpose": "no_show" if no_show else "appointment",
            "consent": consent_of(offer.card) if no_show else None,
        }
    )
    return await ask(clinic, desk, command, _about(invoice, card=card))


async def give_back(clinic: Clinic, invoice: Invoice, payment: Payment, refund: Back, by: By) -> str:
    """Give a payment back, whole or in part, where it was taken; never more than what is left of it."""
    amount_minor = refund.amount_minor
    if invoice.under_way is not None:
        raise Refused("refused.under_way")
    if not 0 < amount_minor <= payment.left_minor:
        raise Refused("refund.too_much")
    original, desk = taken_at(clinic, payment)
    stamp = stamped(clinic, by.actor, by.language)
    command: TerminalCommand = Refund(
        **stamp, amount_minor=amount_minor, original_operation_id=original["id"]
    )
    if amount_minor == payment.left_minor and is_undone(payment, desk, clinic.wall(), clinic.zone):
        command = Reversal(**stamp, original_operation_id=original["id"])
    about = About(
        patient=invoice.row["patient"],
        invoice=invoice.id,
        card=original["card"],
        target=original["id"],
        note={"credit": refund.credit},
    )
    return await ask(clinic, desk, command, about)


def is_undone(payment: Payment, desk: Desk, now: datetime, zone: ZoneInfo) -> bool:
    """Whether giving all of it back undoes the payment itself: one of today, untouched, in an open batch.
    Anything else is a refund, a transaction of its own."""
    of_today = moment(payment.row["at"]).astimezone(zone).date() == now.astimezone(zone).date()
    untouched = payment.left_minor == payment.row["amount_minor"] and payment.row["batch"] is None
    return of_today and untouched and desk.can("reversal")


def taken_at(clinic: Clinic, payment: Payment) -> tuple[Row, Desk]:
    """The operation that took a payment, and the terminal where it can be given back: the same one. Raises
    Refused."""
    original = operations.get(clinic.db, payment.row["operation"])
    desk = (
        fleet.find(clinic.db, clinic.link, f"{original['agent']}/{original['terminal']}")
        if original
        else None
    )
    if original is None or desk is None or not desk.can("refund"):
        raise Refused("refund.no_terminal")
    return original, desk


def desk_of_scope(clinic: Clinic, scope: str) -> Desk:
    """A terminal whose vault charges cards of this scope. Raises Refused."""
    desk = fleet.for_scope(clinic.db, clinic.link, scope)
    if desk is None:
        raise Refused("pay.no_desk_of_scope")
    return desk


def consent_of(card: Row) -> Consent:
    """What the patient agreed to when the card was stored."""
    return Consent(
        text_id=card["consent_text"],
        version=card["consent_version"],
        language=card["consent_language"],
        given=card["consent_given"],
    )


def _check_payment(invoice: Invoice, amount_minor: int) -> None:
    if invoice.closed:
        raise Refused(invoice.closed)
    if not 0 < amount_minor <= invoice.due_minor:
        raise Refused("pay.too_much")


def _about(invoice: Invoice, card: str | None = None) -> About:
    return About(patient=invoice.row["patient"], invoice=invoice.id, card=card)
