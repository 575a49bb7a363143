"""What the clinic asks of agents, and why it does not ask: each function gives the operation's id, or raises
Refused with the sentence that staff read. Nothing is queued for an agent that is away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocols.contract.commands import (
    Abort,
    Address,
    Consent,
    Diagnose,
    Purpose,
    Reconcile,
    Resolve,
    StoreCard,
    TerminalCommand,
    Verdict,
)
from protocols.contract.fields import EntryMode, Locale
from simulator.clinic import fleet
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import AlreadyThereError, Database, Row
from simulator.clinic.fleet import Desk
from simulator.clinic.link import AgentAway
from simulator.clinic.operations import About

WANTED_S = 120.0  # a command that was not begun after this is not wanted any more


class Refused(Exception):  # noqa: N818  # an answer to staff, not a failure
    """Nothing was asked. `key` is the sentence among the clinic's words."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWish:
    """A card to be kept. `agreed`: every text that the patient agreed to; the last one goes with the command.
    `modes` empty: whichever way the terminal reads cards that are presented."""

    patient: str
    holder: str
    postal_code: str
    agreed: Sequence[Consent]
    no_show: bool
    modes: Sequence[EntryMode] = ()


def stamped(clinic: Clinic, actor: str, language: Locale = "fr") -> dict[str, Any]:
    """The fields that every command to a terminal has."""
    return {**clinic.link.client.stamp(actor=actor, valid_s=WANTED_S), "locale": language}


async def ask(clinic: Clinic, desk: Desk, command: TerminalCommand, about: About) -> str:
    """Send a command to a terminal of the clinic. Raises Refused where it is disabled or its agent is away,
    or where its invoice has a payment under way."""
    if desk.disabled:
        raise Refused("refused.disabled", name=desk.name)
    try:
        return await clinic.link.ask(desk.agent, desk.terminal, command, about)
    except AgentAway:
        raise Refused("refused.away", name=desk.name) from None
    except AlreadyThereError:
        raise Refused("refused.under_way") from None


async def keep_card(clinic: Clinic, desk: Desk, wish: CardWish, actor: str, language: Locale) -> str:
    """Have a terminal read a card to be kept on file."""
    purpose: Purpose = "no_show" if wish.no_show else "appointment"
    modes: Mapping[str, Any] = {"entry_modes": tuple(wish.modes)} if wish.modes else {}
    command = StoreCard(
        **stamped(clinic, actor, language),
        customer=wish.patient,
        purpose=purpose,
        consent=wish.agreed[-1],
        address=Address(postal_code=wish.postal_code),
        **modes,
    )
    note = {
        "holder": wish.holder,
        "postal_code": wish.postal_code,
        "no_show": wish.no_show,
        "agreed": [one.model_dump() for one in wish.agreed],
    }
    return await ask(clinic, desk, command, About(patient=wish.patient, note=note))


async def test_terminal(clinic: Clinic, desk: Desk, actor: str, language: Locale) -> str:
    """Let a terminal test itself and its line: no money moves."""
    return await ask(clinic, desk, Diagnose(**stamped(clinic, actor, language)), About())


async def close_batch(clinic: Clinic, desk: Desk, actor: str, language: Locale) -> str:
    """Have a terminal close its batch and tell its totals."""
    return await ask(clinic, desk, Reconcile(**stamped(clinic, actor, language)), About())


async def stop(clinic: Clinic, target: Row, actor: str, language: Locale) -> str:
    """Ask to stop an operation. Raises Refused where its agent is away: it goes on without us."""
    command = Abort(**stamped(clinic, actor, language), target_operation_id=target["id"])
    return await _about(clinic, target, command)


async def resolve(clinic: Clinic, target: Row, actor: str, verdict: Verdict, reason: str) -> str:
    """A human's verdict on an operation in doubt, with a reason of 1 to 500 characters. Raises Refused where
    its agent is away."""
    command = Resolve(
        **stamped(clinic, actor),
        target_operation_id=target["id"],
        verdict=verdict,
        evidence=reason,
        reason=reason,
        by=actor,
    )
    return await _about(clinic, target, command)


async def _about(clinic: Clinic, target: Row, command: TerminalCommand) -> str:
    agent, terminal = target["agent"], target["terminal"]
    about = About(target=target["id"], patient=target["patient"])
    try:
        return await clinic.link.ask(agent, terminal, command, about)
    except AgentAway:
        desk = fleet.find(clinic.db, clinic.link, f"{agent}/{terminal}")
        raise Refused("refused.away", name=desk.name if desk else terminal) from None


def asked_of(db: Database, operation: str) -> Row | None:
    """The newest word of staff on an operation: to stop it, or a verdict."""
    return db.one(
        "SELECT * FROM operations WHERE op IN ('abort', 'resolve') AND target = ? ORDER BY id DESC", operation
    )


def is_stopping(db: Database, operation: str) -> bool:
    """Whether staff asked to stop it, and that was not refused."""
    row = asked_of(db, operation)
    return row is not None and row["op"] == "abort" and row["state"] != "rejected"
