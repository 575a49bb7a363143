"""Cards on file, after they were stored: having the issuer verify one, and having the vault forget one."""

from __future__ import annotations

from protocols.contract.commands import Address, DeleteCard, VerifyCard
from simulator.clinic import cards, paying
from simulator.clinic.asking import Refused, ask, stamped
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row
from simulator.clinic.operations import About
from simulator.clinic.paying import By


async def verify(clinic: Clinic, card: Row, by: By) -> str:
    """Have the issuer say whether a card is good; the operation. Raises Refused."""
    _check(clinic, card)
    if card["kind"] != "chargeable":
        raise Refused("offer.recognition")
    command = VerifyCard.model_validate(
        {
            **stamped(clinic, by.actor, by.language),
            **cards.charge_fields(card),
            "address": Address(postal_code=card["postal_code"]) if card["postal_code"] else None,
        }
    )
    return await ask(clinic, paying.desk_of_scope(clinic, card["scope"]), command, _about(card))


async def remove(clinic: Clinic, card: Row, by: By) -> str | None:
    """Have the vault forget a card; the operation. None for one that is taken off the file at once, as no
    vault keeps it, or as it stays there for somebody else's file. Raises Refused."""
    _check(clinic, card)
    if card["kind"] != "chargeable" or cards.is_shared(clinic.db, card):
        cards.forget(clinic.db, card, by.actor, clinic.wall())
        clinic.live.changed()
        return None
    command = DeleteCard(**stamped(clinic, by.actor, by.language), token=card["token"], scope=card["scope"])
    return await ask(clinic, paying.desk_of_scope(clinic, card["scope"]), command, _about(card))


def _check(clinic: Clinic, card: Row) -> None:
    if card["deleted_at"]:
        raise Refused("card.is_removed")
    if clinic.db.one("SELECT 1 FROM operations WHERE card = ? AND ended = 0", card["id"]):
        raise Refused("card.in_use")


def _about(card: Row) -> About:
    return About(patient=card["patient"], card=card["id"])
