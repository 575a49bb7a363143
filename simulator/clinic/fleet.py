"""The clinic's terminals: its own records (name, point of service, disabled) beside what agents announce."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.contract.projections import Capabilities, TerminalState
from simulator.clinic.database import Database, Row
from simulator.clinic.link import Link


@dataclass(frozen=True, slots=True)
class Desk:
    """One terminal as staff see it. `away`: its agent does not live, or was not heard of since our start."""

    agent: str
    terminal: str
    name: str
    point: str | None
    disabled: bool
    kind: str | None
    scope: str | None
    away: bool
    state: TerminalState | None
    caps: Capabilities | None

    @property
    def word(self) -> str:
        """disabled, away, or the contract's word for its state."""
        if self.disabled:
            return "disabled"
        if self.away or self.state is None:
            return "away"
        return str(self.state.state)

    @property
    def key(self) -> str:
        """How it is named in addresses and forms."""
        return f"{self.agent}/{self.terminal}"

    def can(self, op: str) -> bool:
        """Whether it said that it can do this. What it can do is known also while it is away."""
        return self.caps is not None and op in self.caps.operations

    def takes(self, mode: str) -> bool:
        """Whether it said that it reads cards in this way."""
        return self.caps is not None and mode in self.caps.entry_modes

    @property
    def chargeable(self) -> bool:
        """Whether a card that it reads can be charged later."""
        return self.kind == "chargeable"


def all_desks(db: Database, link: Link) -> list[Desk]:
    """Every terminal that was ever announced, by point of service and name."""
    return [_desk(row, link) for row in db.all("SELECT * FROM terminals ORDER BY point, name")]


def at_point(db: Database, link: Link, point: str) -> list[Desk]:
    """Those of a point of service that are not disabled."""
    return [desk for desk in all_desks(db, link) if desk.point == point and not desk.disabled]


def find(db: Database, link: Link, key: str) -> Desk | None:
    """One by its key."""
    agent, _, terminal = key.partition("/")
    row = db.one("SELECT * FROM terminals WHERE agent = ? AND terminal = ?", agent, terminal)
    return _desk(row, link) if row else None


def for_scope(db: Database, link: Link, scope: str) -> Desk | None:
    """A terminal that charges cards of this scope: one whose agent is there, if any is."""
    desks = [
        desk
        for desk in all_desks(db, link)
        if desk.scope == scope and desk.chargeable and not desk.disabled and desk.can("charge_card")
    ]
    return min(desks, key=lambda desk: desk.away, default=None)


def _desk(row: Row, link: Link) -> Desk:
    agent, terminal = row["agent"], row["terminal"]
    return Desk(
        agent=agent,
        terminal=terminal,
        name=row["name"],
        point=row["point"],
        disabled=bool(row["disabled"]),
        kind=row["kind"],
        scope=row["scope"],
        away=link.client.is_away(agent),
        state=link.client.terminals(agent).get(terminal),
        caps=link.client.capabilities(agent, terminal),
    )
