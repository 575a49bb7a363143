"""What happens in one history, as plain data drawn from a seed: the station, the commands, the faults.

A fault strikes at the `skip`-th effect (a byte, a write to the disk, a message) while an operation stands in
`stage`; so every cell of fault × stage is reached by counting, not by luck with times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from simulator.settings import BookingPolicy

Stage = Literal[
    "idle", "accepted", "committed", "card", "pin", "host", "result_seen", "in_doubt", "needs_human"
]
STAGES: tuple[Stage, ...] = (
    "idle",
    "accepted",
    "committed",
    "card",
    "pin",
    "host",
    "result_seen",
    "in_doubt",
    "needs_human",
)
Op = Literal["sale", "refund", "reversal", "preauth", "capture", "store_card", "reconcile", "diagnose"]
Leaves = Literal["never", "before_card", "at_pin", "with_card"]

# Every fault, and how the long campaign groups them.
FAULTS: Mapping[str, tuple[str, ...]] = {
    "bytes": ("split", "merge", "drop", "corrupt", "duplicate", "delay", "noise", "foreign_frame"),
    "frames": ("nak_storm", "lost_ack", "repeated_frame", "silence"),
    "link": ("cut", "half_open", "replugged", "other_terminal"),
    "terminal": (
        "busy",
        "hung",
        "power_lost",
        "power_before_booking",
        "power_after_booking",
        "late_answer",
        "forgetful",
        "wrong_clock",
        "own_end_of_day",
        "unmasked",
    ),
    "acquirer": ("slow", "host_timeout", "approved_late", "unreachable"),
    "people": ("hand_sale", "other_ecr", "crossed", "abort", "resolve", "walks_away"),
    "disk": ("disk_full", "disk_fails", "machine_down", "journal_deleted", "journal_old"),
    "clock": ("clock_jump",),
    "agent": ("kill",),
    "broker": ("broker_away", "broker_loses", "broker_doubles", "broker_swaps", "early_ack", "takeover"),
    "backend": ("backend_restart",),
}
KINDS: tuple[str, ...] = tuple(kind for group in FAULTS.values() for kind in group)
# Faults that are planned now and strike when the terminal's dialogue comes to their moment.
AT_A_MOMENT = frozenset(
    {
        "busy",
        "hung",
        "power_before_booking",
        "power_after_booking",
        "late_answer",
        "slow",
        "host_timeout",
        "approved_late",
        "unreachable",
        "unmasked",
    }
)
# More weight where the doubt is: faults that break the dialogue, the agent or the disk.
_WEIGHTS: Mapping[str, int] = {
    **dict.fromkeys(KINDS, 3),
    "kill": 24,
    "cut": 10,
    "half_open": 6,
    "machine_down": 9,
    "power_lost": 5,
    "hand_sale": 5,
    "journal_old": 5,
    "journal_deleted": 4,
    "broker_away": 6,
    "resolve": 5,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble. `seconds` is how long it lasts, `value` what it needs besides (a byte, a direction)."""

    kind: str
    stage: Stage
    after_op: int
    skip: int
    seconds: float = 0.0
    value: int = 0

    def told(self) -> str:
        """In plain words."""
        return (
            f"{self.kind.replace('_', ' ')} at effect {self.skip} of stage {self.stage}, from command"
            f" {self.after_op + 1} on ({self.seconds:g} s)"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the desk: what, how much, of which earlier one, when, and what the patient does."""

    op: Op
    amount_minor: int
    original: int = -1
    pause_s: float = 1.0
    valid_s: float = 120.0
    held_back_s: float = 0.0
    card: str = "visa"
    how: str = "insert"
    leaves: Leaves = "never"
    pin: str = "right"


@dataclass(frozen=True, slots=True)
class Plan:
    """One history."""

    seed: int
    transport: Literal["serial", "tcp"]
    policy: BookingPolicy
    printing: str
    identity_known: bool
    tells_empty: bool
    humans_decide: bool  # in the end, what was left to them
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]


def plan_of(seed: int) -> Plan:
    """The history of a seed: the same for ever."""
    chance = Random(f"history {seed}")
    steps = _steps(chance)
    return Plan(
        seed=seed,
        transport=chance.choice(("serial", "serial", "tcp")),
        policy=chance.choice(("reverse", "keep", "refuse")),
        printing=chance.choice(("as_registered", "as_registered", "none", "lines")),
        identity_known=chance.random() < 0.7,
        tells_empty=chance.random() < 0.8,
        humans_decide=chance.random() < 0.5,
        steps=steps,
        faults=_faults(chance, len(steps)),
    )


def _steps(chance: Random) -> tuple[Step, ...]:
    steps: list[Step] = []
    for number in range(chance.choice((3, 3, 3, 4))):
        sales = [place for place, step in enumerate(steps) if step.op == "sale"]
        holds = [place for place, step in enumerate(steps) if step.op == "preauth"]
        op: Op = chance.choices(
            ("sale", "refund", "preauth", "store_card", "reconcile", "diagnose"), (70, 7, 6, 5, 6, 2)
        )[0]
        original = -1
        if number and chance.random() < 0.25:
            if sales and chance.random() < 0.7:
                op, original = "reversal", chance.choice(sales)
            elif holds:
                op, original = "capture", chance.choice(holds)
        steps.append(_step(chance, number, op, original))
    return tuple(steps)


def _step(chance: Random, number: int, op: Op, original: int) -> Step:
    # The thousands tell the commands of a history apart, whatever part of an amount is approved.
    cents = chance.choices((0, 50, 5, 51), (70, 20, 5, 5))[0]
    return Step(
        op=op,
        amount_minor=(number + 2) * 1000 + cents,
        original=original,
        pause_s=chance.choice((0.2, 1.0, 3.0, 20.0)),
        valid_s=chance.choice((60.0, 120.0, 120.0, 8.0)),
        held_back_s=chance.choices((0.0, 15.0), (95, 5))[0],
        card=chance.choices(("visa", "mastercard", "interac", "declined"), (70, 15, 10, 5))[0],
        how="insert" if chance.random() < 0.8 else "tap",
        leaves=chance.choices(("never", "before_card", "at_pin", "with_card"), (91, 3, 3, 3))[0],
        pin=chance.choices(("right", "wrong", "cancel"), (92, 4, 4))[0],
    )


def _faults(chance: Random, steps: int) -> tuple[Fault, ...]:
    kinds = list(_WEIGHTS)
    weights = list(_WEIGHTS.values())
    return tuple(
        Fault(
            kind=chance.choices(kinds, weights)[0],
            stage=chance.choices(STAGES, (6, 10, 20, 10, 8, 12, 16, 14, 4))[0],
            after_op=chance.randrange(steps),
            skip=chance.choice((0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)),
            seconds=chance.choice((0.3, 2.0, 7.0, 20.0, 45.0)),
            value=chance.randrange(256),
        )
        for _ in range(chance.choice((2, 3, 3, 4, 5)))
    )
