"""What happens in one history, as plain data drawn from a seed: the station, the commands, the faults.

A fault strikes at the `skip`-th effect (a byte, a write to the disk, a message) while an operation stands in
`stage`; so every cell of fault × stage is reached by counting, not by luck with times. Each history aims at
one cell of the matrix, all of them equally often; its other faults fall as they fall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from simulator.settings import BookingPolicy
from tests.prove.matrix import AT_A_MOMENT, AT_THE_VAULT, KINDS, STAGES, Stage, cells

Op = Literal[
    "sale", "refund", "reversal", "preauth", "capture", "store_card", "charge_card", "verify_card",
    "delete_card", "list_expiring", "reconcile", "diagnose",
]  # fmt: skip
Leaves = Literal["never", "before_card", "at_pin", "with_card"]

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
_CELLS = tuple(cells())
_VAULT_CELLS = tuple(cells(AT_THE_VAULT))
_READERS = 0.25
# What works on an earlier command: on which.
_FOLLOWS: Mapping[Op, tuple[Op, ...]] = {
    "charge_card": ("store_card",),
    "verify_card": ("store_card",),
    "delete_card": ("store_card",),
    "refund": ("sale", "charge_card"),
    "reversal": ("sale", "charge_card"),
}
_BETWEEN = 0.3
_CLOSE = 0.08
# The turns at which a sale's mark, and that of its result, follow or precede bytes.
_CLOSE_TURNS: tuple[tuple[int, Stage], ...] = ((5, "accepted"), (7, "accepted"), (1, "host"), (2, "host"))
_SECONDS = (0.3, 2.0, 7.0, 20.0, 45.0)
# How many effects of a stage pass first: few, where a stage has few.
_SKIPS: Mapping[Stage, tuple[int, ...]] = {
    **dict.fromkeys(STAGES, (0, 1, 2, 3)),
    "idle": (0, 1, 2, 4, 6, 10),
    "accepted": (0, 1, 2, 4, 6, 8, 12, 16, 20),
    "host": (0, 1, 2, 4, 6),
    "result_seen": (0, 1, 2, 3, 4, 6),
    "in_doubt": (0, 1, 2, 4, 6, 10),
}
_ASKED = frozenset({"busy", "hung"})  # strike at any command, the questions of the agent too


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble. `seconds` is how long it lasts, `value` what it needs besides (a byte, a direction).
    `between`: only where one sort of effect follows another, as bytes a write to the disk; those are counted.
    """

    kind: str
    stage: Stage
    after_op: int
    skip: int
    seconds: float = 0.0
    value: int = 0
    between: bool = False

    def told(self) -> str:
        """In plain words."""
        return (
            f"{self.kind.replace('_', ' ')} at {'turn' if self.between else 'effect'} {self.skip} of stage"
            f" {self.stage}, from command {self.after_op + 1} on ({self.seconds:g} s)"
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
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One history."""

    seed: int
    terminal: Literal["zvt", "reader"]  # "reader": a card reader and its vault, whatever the next three say
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
    plan = _at_a_terminal(seed)
    chance = Random(f"terminal {seed}")
    return _at_a_reader(chance, plan) if chance.random() < _READERS else plan


def _at_a_reader(chance: Random, plan: Plan) -> Plan:
    """Another history, at a reader and its vault."""
    steps = _reader_steps(chance)
    kind, stage = chance.choice(_VAULT_CELLS)
    aimed = _aimed(chance, kind, stage, chance.randrange(len(steps) - 1))
    faults = (*aimed, *_faults(chance, len(steps), tuple(kind for kind in _WEIGHTS if kind in AT_THE_VAULT)))
    return replace(plan, terminal="reader", steps=steps, faults=faults)


def _reader_steps(chance: Random) -> tuple[Step, ...]:
    """A card is stored first; what follows an earlier command follows one that there is."""
    steps: list[Step] = []
    for number in range(chance.choice((3, 4, 4, 5))):
        op: Op = "store_card"
        if number:
            op = chance.choices(
                ("sale", "store_card", "charge_card", "refund", "reversal", "verify_card", "delete_card",
                 "list_expiring"),
                (25, 15, 30, 12, 10, 4, 3, 2),
            )[0]  # fmt: skip
        originals = [n for n, step in enumerate(steps) if step.op in _FOLLOWS.get(op, ())]
        if op in _FOLLOWS and not originals:
            op = "sale"
        step = _step(chance, number, op, chance.choice(originals) if originals else -1)
        how, purpose = chance.choice(("swipe", "keyed")), chance.choice(("appointment", "no_show"))
        steps.append(replace(step, how=how, purpose=purpose))
    return tuple(steps)


def _at_a_terminal(seed: int) -> Plan:
    chance = Random(f"history {seed}")
    steps = _steps(chance)
    kind, stage = chance.choice(_CELLS)
    place = chance.randrange(len(steps) - 1)
    return Plan(
        seed=seed,
        terminal="zvt",
        transport=chance.choice(("serial", "serial", "tcp")),
        policy=chance.choice(("reverse", "keep", "refuse")),
        printing=chance.choice(("as_registered", "as_registered", "none", "lines")),
        identity_known=chance.random() < 0.7,
        tells_empty=chance.random() < 0.8,
        humans_decide=chance.random() < 0.5,
        steps=_led_to(stage, place, steps),
        faults=(*_aimed(chance, kind, stage, place), *_faults(chance, len(steps))),
    )


def _led_to(stage: Stage, place: int, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """So that an operation comes to this stage: a patient who does not leave, with time to pay."""
    if stage in ("idle", "accepted"):
        return steps
    step = replace(
        steps[place], op="sale", valid_s=120.0, held_back_s=0.0, how="insert", leaves="never", pin="right"
    )
    return (*steps[:place], step, *steps[place + 1 :])


def _aimed(chance: Random, kind: str, stage: Stage, place: int) -> Iterator[Fault]:
    """A fault that is to strike in this stage, and before it what brings the history there."""
    if chance.random() < _CLOSE:
        # Between a mark and its bytes, a result and its mark; and long enough for the patient to pay.
        turn, where = chance.choice(_CLOSE_TURNS)
        yield Fault(chance.choice(("kill", "machine_down")), where, place, turn, 45.0, between=True)
        return
    if stage == "needs_human":
        yield Fault("forgetful", "host", place, 0, 1.0, chance.choice((2, 3)))
        yield Fault(chance.choice(("kill", "machine_down", "cut")), "host", place, 1, 2.0)
    elif stage == "in_doubt" and kind in AT_A_MOMENT:
        # Lost and asked for again while the terminal still goes on.
        yield Fault(
            chance.choice(("kill", "machine_down", "cut")), chance.choice(("card", "pin")), place, 1, 0.3
        )
    elif stage == "in_doubt":
        yield Fault(chance.choice(("kill", "machine_down", "cut", "half_open")), "host", place, 1, 7.0)
    begun = kind in AT_A_MOMENT and kind not in _ASKED and stage != "accepted"
    asked = kind in _ASKED and stage in ("in_doubt", "needs_human")
    yield Fault(
        kind=kind,
        stage="committed" if begun else stage,
        after_op=place,
        skip=0 if begun or asked else chance.choice(_SKIPS[stage]),
        seconds=chance.choice(_SECONDS),
        value=0 if asked else chance.randrange(256),
        between=not (begun or asked) and chance.random() < _BETWEEN,
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


def _faults(chance: Random, steps: int, kinds: tuple[str, ...] = tuple(_WEIGHTS)) -> tuple[Fault, ...]:
    weights = [_WEIGHTS[kind] for kind in kinds]
    return tuple(
        Fault(
            kind=chance.choices(kinds, weights)[0],
            stage=chance.choices(STAGES, (6, 10, 20, 10, 8, 12, 16, 14, 4))[0],
            after_op=chance.randrange(steps),
            skip=chance.choice((0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)),
            seconds=chance.choice(_SECONDS),
            value=chance.randrange(256),
            between=chance.random() < _BETWEEN,
        )
        for _ in range(chance.choice((1, 2, 2, 3, 4)))
    )
