"""The sample clinic's parts, made once and handed to its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from simulator.clinic.database import Database
from simulator.clinic.link import Link
from simulator.clinic.live import Live
from simulator.clinic.seed import fill, name_terminals
from simulator.clinic.settings import ClinicPlan
from simulator.clinic.vault_access import Vault, open_vault


def wall_clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clinic:
    """What pages work with. `wall` is the clock, so that tests can let a month pass; `vault` None: no card is
    taken online."""

    plan: ClinicPlan
    db: Database
    live: Live
    link: Link
    zone: ZoneInfo
    wall: Callable[[], datetime] = wall_clock
    vault: Vault | None = None

    @property
    def today(self) -> date:
        """The clinic's own day."""
        return self.wall().astimezone(self.zone).date()

    @property
    def name(self) -> str:
        """Of the clinic, as its pages show it."""
        return self.plan.clinic.name


def make(plan: ClinicPlan, wall: Callable[[], datetime] = wall_clock) -> Clinic:
    """Open the database, filled where it is new, and make the link, which is not connected yet. Raises
    DatabaseError, SettingError, OSError."""
    db = Database(plan.folder / plan.clinic.database)
    zone = ZoneInfo(plan.clinic.time_zone)
    if db.is_new and plan.clinic.seed:
        fill(db, wall().astimezone(zone))
    name_terminals(db, plan.terminals)
    live = Live()
    return Clinic(plan, db, live, Link(plan, db, live, wall), zone, wall, open_vault(plan))
