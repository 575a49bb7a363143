"""Missed appointments: the clinic's policy for each class of service, and billing one to the card on file.

A merchant may not fix such a fee in advance (Consumer Protection Act of Quebec, s. 13); members of
professional orders may, where it is reasonable and announced. What is billed keeps the fee, the text that was
announced, and what staff saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from protocols.contract.fields import Locale
from simulator.clinic import appointments, invoices, paying
from simulator.clinic.asking import Refused
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Database, Row
from simulator.clinic.paying import By, Offer
from simulator.clinic.services import ANNOUNCED
from simulator.clinic.wording import Voice

CLASSES = ("professional", "uncertain", "merchant")
NEVER = "merchant"
_ANYWHERE = ZoneInfo("UTC")  # money is written alike everywhere


@dataclass(frozen=True, slots=True)
class Missed:
    """A missed appointment as it can be billed. `why_not`: keys of the clinic's words, none if it can be."""

    policy: Mapping[str, Any]
    offers: tuple[Offer, ...]
    invoice: str | None
    why_not: tuple[str, ...]

    @property
    def usable(self) -> list[Row]:
        """The cards that can be charged for it."""
        return [offer.card for offer in self.offers if not offer.why]


def policies(db: Database) -> list[Row]:
    """Every class's policy, in the order in which they are shown."""
    rows = {row["class"]: row for row in db.all("SELECT * FROM no_show_policies")}
    return [rows[name] for name in CLASSES if name in rows]


def announced(db: Database) -> list[Row]:
    """The policies under which the clinic bills no-shows: what a patient who agrees to the fee is shown."""
    return [policy for policy in policies(db) if policy["enabled"] and policy["class"] != NEVER]


def policy_of(db: Database, service_class: str) -> Row:
    """The policy of a class of service."""
    row = db.one("SELECT * FROM no_show_policies WHERE class = ?", service_class)
    if row is None:
        raise LookupError(f"no policy for services of class {service_class!r}")
    return row


def missed(clinic: Clinic, appointment: Row) -> Missed:
    """How an appointment (see `appointments.get`) can be billed as missed, or why it cannot."""
    policy = _holding(policy_of(clinic.db, appointment["class"]), appointment)
    known = invoices.existing(clinic.db, appointment["id"], "no_show")
    offers = paying.offers(clinic, appointment["patient"], appointment["point"], no_show=True)
    why = {
        "missed.merchant": policy["class"] == NEVER,
        "missed.off": policy["class"] != NEVER and not policy["enabled"],
        "missed.not_marked": appointment["status"] != "no_show",
        "missed.not_past": not appointments.has_begun(appointment, clinic.wall()),
        "missed.no_card": not offers,
        "missed.no_usable_card": bool(offers) and all(offer.why for offer in offers),
        "missed.billed": known is not None,
        "missed.paid": _visit_is_paid(clinic.db, appointment["id"]),
    }
    return Missed(policy, tuple(offers), known, tuple(key for key, holds in why.items() if holds))


def _visit_is_paid(db: Database, appointment: str) -> bool:
    """Whether the patient paid for having come, or is about to."""
    known = invoices.existing(db, appointment, "visit")
    visit = invoices.load(db, known) if known else None
    return visit is not None and (visit.paid_minor > 0 or visit.under_way is not None)


def _holding(policy: Row, appointment: Row) -> dict[str, Any]:
    """Today's policy, with the fee and the texts that were announced when this appointment was made."""
    held = dict(policy)
    if appointment["fee_minor"] is not None:
        held.update({of: appointment[name] for name, of in ANNOUNCED.items()})
    return held


async def bill(clinic: Clinic, appointment: Row, card: str, evidence: str, by: By) -> tuple[str, str]:
    """Bill it to a card: the invoice and the operation that charges. Raises Refused; then nothing was sent,
    and there is no invoice either."""
    found = missed(clinic, appointment)
    if found.why_not:
        raise Refused(found.why_not[0])
    if not evidence:
        raise Refused("missed.no_evidence")
    chosen = next((one for one in found.usable if one["id"] == card), None)
    if chosen is None:
        raise Refused("pay.no_card")
    desk = paying.desk_of_scope(clinic, chosen["scope"])
    if desk.away:
        raise Refused("refused.away", name=desk.name)
    fee: int = found.policy["fee_minor"]
    invoice = invoices.make(
        clinic.db,
        appointment,
        "no_show",
        (_line(clinic, appointment, fee),),
        actor=by.actor,
        now=clinic.wall(),
        policy=found.policy[f"text_{chosen['consent_language']}"],
        evidence=evidence,
    )
    made = invoices.load(clinic.db, invoice)
    if made is None:
        raise LookupError(invoice)
    return invoice, await paying.with_card(clinic, made, card, fee, by)


def _line(clinic: Clinic, appointment: Row, fee: int) -> tuple[str, str, int]:
    french, english = Voice("fr", clinic.zone), Voice("en", clinic.zone)
    return (
        french.say("missed.line", service=appointment["name_fr"], when=french.when(appointment["starts"])),
        english.say("missed.line", service=appointment["name_en"], when=english.when(appointment["starts"])),
        fee,
    )


def objection(
    policy: Row, *, enabled: bool, fee_minor: int | None, texts: Mapping[Locale, str]
) -> dict[str, str]:
    """What is wrong with a policy that a manager wants: the sentence's key by the field's name. A fee counts
    as announced only where the text tells it."""
    if not enabled:
        return {}
    if policy["class"] == NEVER:
        return {"enabled": "policy.merchant_never"}
    if not fee_minor:
        return {"fee": "policy.no_fee"}
    return {
        f"text_{language}": "policy.fee_not_told"
        for language, text in texts.items()
        if _plain(Voice(language, _ANYWHERE).money(fee_minor)) not in _plain(text)
    }


def _plain(text: str) -> str:
    return " ".join(text.split())
