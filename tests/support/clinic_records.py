"""The clinic without its agents: its records, and a link that writes commands down and sends nothing.

clinic = records(folder)
name = await paying.with_card(clinic, …)
ended(clinic, name, "charged", 9500)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from protocols.contract.commands import TerminalCommand
from protocols.contract.fields import Text
from protocols.contract.operation import CardView, OperationView
from protocols.contract.projections import Capabilities, TerminalState
from simulator.clinic import operations
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Database, new_id
from simulator.clinic.link import AgentAway, Link
from simulator.clinic.live import Live
from simulator.clinic.operations import About
from simulator.clinic.paying import By
from simulator.clinic.seed import fill
from simulator.clinic.settings import ClinicPlan, ClinicSettings

ZONE = ZoneInfo("America/Toronto")
NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)  # noon at the clinic
SCOPE = "merchant-1"
READER, TERMINAL = "agent-1/reader", "agent-1/t1"
BY = By("staff-17", "fr")
_CAN = {
    "reader": ("store_card", "sale", "charge_card", "verify_card", "delete_card", "refund", "reversal"),
    "t1": ("store_card", "sale", "refund", "reversal", "reconcile"),
}


class StubClient:
    """What pages and rules read of agents. `away`: none of them answers."""

    def __init__(self) -> None:
        self.away = False

    def is_away(self, agent: str) -> bool:
        return self.away

    def terminals(self, agent: str) -> Mapping[str, TerminalState]:
        return {}

    def capabilities(self, agent: str, terminal: str) -> Capabilities | None:
        return Capabilities(operations=_CAN[terminal]) if terminal in _CAN else None

    def stamp(self, *, actor: str, valid_s: float) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {"operation_id": new_id(now), "not_after": now + timedelta(seconds=valid_s), "actor": actor}


class StubLink:
    """Writes a command's row as the real one does."""

    def __init__(self, db: Database) -> None:
        self.client = StubClient()
        self._db = db

    async def ask(self, agent: str, terminal: str, command: TerminalCommand, about: About) -> str:
        if self.client.is_away(agent):
            raise AgentAway(agent)
        return operations.written(self._db, agent, terminal, command, about, now=NOW)


class Time:
    """The clinic's clock."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def records(folder: Path) -> Clinic:
    """The seed's clinic at noon, with a reader and a terminal at `plateau`."""
    db = Database(folder / "clinic.sqlite")
    fill(db, NOW.astimezone(ZONE))
    for name, kind, scope in (("reader", "chargeable", SCOPE), ("t1", "recognition", None)):
        known = db.one("SELECT 1 FROM terminals WHERE agent = 'agent-1' AND terminal = ?", name)
        assert known is None
        db.add(
            "terminals", agent="agent-1", terminal=name, name=name, point="plateau", kind=kind, scope=scope
        )
    plan = ClinicPlan(clinic=ClinicSettings(id="clinic-1"))
    return Clinic(plan, db, Live(), cast(Link, StubLink(db)), ZONE, Time())


def client_of(clinic: Clinic) -> StubClient:
    """The stub behind its link."""
    return cast(StubClient, clinic.link.client)


def later(clinic: Clinic, by: timedelta) -> None:
    """Let time pass."""
    cast(Time, clinic.wall).now += by


def card_on_file(clinic: Clinic, patient: str = "patient-42", **other: str | int) -> str:
    """A card on file that can be charged at `plateau`; its id."""
    card = new_id(NOW)
    known: dict[str, str | int] = {
        "token": card,
        "scope": SCOPE,
        "kind": "chargeable",
        "brand": "Visa",
        "last_four": "1111",
        "expiry": "3012",
        "network_transaction_id": "ntid-1",
        "consent_text": "no-show",
        "consent_version": "3",
        "consent_language": "fr",
        "consent_given": "in_person",
        "no_show_consent": 1,
        "stored_at": "2026-10-22T17:00:00.000Z",
        "stored_by": "staff-17",
    }
    clinic.db.add("cards", id=card, patient=patient, **{**known, **other})
    return card


def view(clinic: Clinic, name: str, money: str, amount_minor: int, state: str = "approved") -> OperationView:
    """What an agent tells of the end of an operation."""
    row = operations.get(clinic.db, name)
    assert row is not None
    return OperationView(
        operation_id=name,
        op=row["op"],
        state=state,
        code=state,
        text=Text(fr="Fin.", en="End."),
        money=money,
        amount_minor=amount_minor,
        card=CardView(brand="Visa", last_four="1111"),
        authorisation_code="123456",
        at=clinic.wall(),
    )


def ended(clinic: Clinic, name: str, money: str, amount_minor: int, state: str = "approved") -> None:
    """Let an operation end."""
    operations.told(clinic.db, view(clinic, name, money, amount_minor, state), clinic.wall())
