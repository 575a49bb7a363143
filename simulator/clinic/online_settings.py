"""Prise de RDV en ligne > Configuration globale: what holds for every booking made by a visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from simulator.clinic.database import Database

LONGEST_NOTICE_H = 14 * 24
LONGEST_AHEAD_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineSettings:
    """`ask_for_card`: cards are asked for, for the services whose own box says so as well. A request that is
    not accepted automatically waits for staff. `minimum_notice_h`: hours from now to the first slot."""

    ask_for_card: bool = False
    purpose_required: bool = False
    price_shown: bool = True
    accept_automatically: bool = True
    minimum_notice_h: int = 4
    bookable_days: int = 28


def read(db: Database) -> OnlineSettings:
    """The settings of today; what was never set has its default."""
    usual: dict[str, int] = asdict(OnlineSettings())
    rows = db.all("SELECT * FROM settings")
    told = usual | {row["name"]: int(row["value"]) for row in rows if row["name"] in usual}
    return OnlineSettings(
        ask_for_card=bool(told["ask_for_card"]),
        purpose_required=bool(told["purpose_required"]),
        price_shown=bool(told["price_shown"]),
        accept_automatically=bool(told["accept_automatically"]),
        minimum_notice_h=told["minimum_notice_h"],
        bookable_days=told["bookable_days"],
    )


def save(db: Database, form: Mapping[str, str]) -> frozenset[str]:
    """Take a form: a switch that is absent is off. The names of wrong numbers; with any, nothing is saved."""
    numbers = {name: whole_number(form.get(name, ""), *bounds) for name, bounds in _NUMBERS.items()}
    wrong = frozenset(name for name, number in numbers.items() if number is None)
    if not wrong:
        with db.transaction():
            for name, value in {**{name: int(name in form) for name in SWITCHES}, **numbers}.items():
                db.run(
                    "INSERT INTO settings (name, value) VALUES (?, ?)"
                    " ON CONFLICT DO UPDATE SET value = excluded.value",
                    name,
                    str(value),
                )
    return wrong


def whole_number(text: str, least: int, most: int) -> int | None:
    """A number within its bounds; None for anything else."""
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if plain and least <= int(text) <= most else None


_NUMBERS = {"minimum_notice_h": (0, LONGEST_NOTICE_H), "bookable_days": (1, LONGEST_AHEAD_DAYS)}
SWITCHES = ("ask_for_card", "purpose_required", "price_shown", "accept_automatically")
