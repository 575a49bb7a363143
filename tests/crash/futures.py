"""Futures of one dialogue: a day so far, then an operation that is killed or cut before one of its effects.

Everything is real but the cable, the disk and the time: session, pump, worker, lifecycle, recovery; the
simulated terminal, its cardholder, its acquirer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeVar

from protocols.core.operations import (
    Capture,
    Diagnose,
    Original,
    OriginalKind,
    Preauth,
    Reconcile,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
)
from protocols.core.values import Money
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges, live_refunds, open_holds, undone
from simulator.scenario import Scenario
from simulator.settings import BookingPolicy, TerminalSettings
from terminal_agent.journal.facts import Row
from tests.support.operations import operation_id
from tests.support.shop import Memory, Shop, Transport
from tests.support.virtual_clock import VirtualTimeLoop
from tests.support.virtual_terminal import START

T = TypeVar("T")
Harm = Literal["kill", "cut"]
NAME = operation_id(START, 99)
# What stands in the journal and at the terminal before each dialogue. The terminal's last transaction is of
# the very amount that most dialogues are about: an amount alone proves nothing.
PAID, HELD = Money(2_300), Money(4_000)
PAID_NAME, HELD_NAME, CLOSE_NAME = (operation_id(START, number) for number in (1, 2, 3))
# Loop seconds: the history happens before this, each future begins here.
NOW_S = 5_000.0
# A dead agent is started again after this long.
RESTARTS_S = 1.0
# The terminal goes on after the last word of the agent: what it books late must be in the ledger too.
AFTERMATH_S = 200.0
# Effects of a recovery, at the most: a sale that is still on its way when it is asked about.
LONGEST_RECOVERY = 60


@dataclass(frozen=True, slots=True)
class Case:
    """`make` builds the operation from the history's originals; `happened` counts its effect in the ledger,
    given all lines and those that are new."""

    make: Callable[[Original, Original], Request]
    happened: Callable[[tuple[Line, ...], tuple[Line, ...]], int]
    money: str
    books: bool = True
    options: Mapping[str, str] = field(default_factory=dict)


def _new(kind: str) -> Callable[[tuple[Line, ...], tuple[Line, ...]], int]:
    def count(lines: tuple[Line, ...], new: tuple[Line, ...]) -> int:
        standing = {*live_charges(lines), *live_refunds(lines), *open_holds(lines)}
        return sum(line.kind == kind and line in standing for line in new)

    return count


def _undone(lines: tuple[Line, ...], _new: tuple[Line, ...]) -> int:
    return sum(line.kind == "charge" and line.id in undone(lines) for line in lines[:2])


def _released(lines: tuple[Line, ...], new: tuple[Line, ...]) -> int:
    return sum(line.kind == "release" and line.id not in undone(lines) for line in new)


def _closed(_lines: tuple[Line, ...], new: tuple[Line, ...]) -> int:
    return sum(line.kind == "batch_close" for line in new)


def _nothing(_lines: tuple[Line, ...], new: tuple[Line, ...]) -> int:
    return len(new)


CASES: dict[str, Case] = {
    "sale": Case(lambda *_: Sale(operation_id=NAME, amount=PAID), _new("charge"), "charged"),
    "refund": Case(lambda *_: Refund(operation_id=NAME, amount=PAID), _new("refund"), "returned"),
    "reversal": Case(lambda paid, _: Reversal(operation_id=NAME, original=paid), _undone, "returned"),
    "preauth": Case(lambda *_: Preauth(operation_id=NAME, amount=PAID), _new("hold"), "held"),
    "capture": Case(
        lambda _, held: Capture(operation_id=NAME, original=held, amount=PAID),
        _new("capture"),
        "charged",
    ),
    "partial": Case(
        lambda _, held: Capture(operation_id=NAME, original=held, amount=PAID),
        _new("capture"),
        "charged",
        options={"capture_with": "partial_reversal"},
    ),
    "release": Case(lambda _, held: Reversal(operation_id=NAME, original=held), _released, "returned"),
    "reconcile": Case(lambda *_: Reconcile(operation_id=NAME), _closed, "none"),
    "store_card": Case(lambda *_: StoreCard(operation_id=NAME), _nothing, "none", books=False),
    "diagnose": Case(lambda *_: Diagnose(operation_id=NAME), _nothing, "none", books=False),
}
POLICIES: tuple[BookingPolicy, ...] = ("reverse", "keep", "refuse")
GRID = [
    (name, transport, policy)
    for name, case in CASES.items()
    for transport in ("serial", "tcp")
    for policy in (POLICIES if case.books else POLICIES[:1])
]


@dataclass
class Tally:
    """What came of all the deaths of one dialogue: by state, with how the wrong ones came about."""

    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    human: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)


def _run(main: Coroutine[None, None, T], start_s: float) -> T:
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_s)) as runner:
        return runner.run(main)


def _scenario(policy: BookingPolicy) -> Scenario:
    return Scenario(terminal=TerminalSettings(booking_policy=policy))


@cache
def history(transport: Transport, closed: bool = False) -> tuple[Memory, Original, Original]:
    """A day so far: one pre-authorisation and one payment, told and booked; perhaps its end."""

    async def main() -> tuple[Memory, Original, Original]:
        memory = Memory()
        shop = Shop(memory, transport, _scenario("reverse"))
        process = shop.process()
        await process.ready()
        originals = []
        for operation, kind in (
            (Preauth(operation_id=HELD_NAME, amount=HELD), "preauth"),
            (Sale(operation_id=PAID_NAME, amount=PAID), "sale"),
        ):
            await process.begin(operation)
            row = await process.settled(operation.operation_id)
            assert row is not None
            assert row.outcome is not None
            originals.append(_original(row, kind))  # type: ignore[arg-type]  # both are words of OriginalKind
        if closed:
            await process.begin(Reconcile(operation_id=CLOSE_NAME))
            await process.settled(CLOSE_NAME)
        await process.stop()
        held, paid = originals
        return memory, paid, held

    return _run(main(), 1_000.0)


def _original(row: Row, kind: OriginalKind) -> Original:
    assert row.outcome is not None
    assert row.amount is not None
    return Original(row.id, kind, row.amount, row.outcome.keys)


@dataclass(frozen=True, slots=True)
class End:
    """How one future ended: the operation's row, how often it happened, how many effects the first process
    had, where the terminal stands, whether it was ever seen that it took the command."""

    row: Row
    happened: int
    effects: int
    stands: str
    died_again: bool
    taken: bool


def dialogue(
    case: Case,
    transport: Transport,
    policy: BookingPolicy,
    at: int | None,
    harm: Harm,
    again: int | None = None,
    *,
    restarts_s: float = RESTARTS_S,
    closed: bool = False,
) -> End:
    """One future, from the history to long after the end. `again` is the effect of the recovery before which
    the next process dies too; `closed`: the last thing in the history is an end of day."""
    past, paid, held = history(transport, closed)
    memory, operation = past.copy(), case.make(paid, held)

    async def main() -> End:
        shop = Shop(memory, transport, _scenario(policy), **case.options)
        process = first = shop.process(doom_at=at, dies=harm == "kill")
        await process.ready()
        await process.begin(operation)
        deaths = 0
        while await process.settled(NAME) is None:
            deaths += 1
            await asyncio.sleep(restarts_s)
            process = shop.process(doom_at=again if deaths == 1 else None)
        effects = first.session.count
        await asyncio.sleep(AFTERMATH_S)
        stands = process.worker.standing.word()
        await process.stop()
        happened = case.happened(memory.ledger.lines(), shop.booked)
        marks = await process.journal.read(lambda reader: reader.marks(NAME))
        taken = any(mark.keys.get("taken") for mark in marks)
        row = await process.row(NAME)
        return End(row, happened, effects, stands, died_again=deaths > 1, taken=taken)

    return _run(main(), NOW_S)


def judge(tally: Tally, case: Case, end: End, told: str) -> None:
    told = f"{told}: {end.row.state} ({end.row.code}), happened {end.happened} times"
    tally.states[end.row.state] += 1
    if not end.row.final:
        tally.human.append(told)
    elif end.happened != (case.books and end.row.state == "approved"):
        tally.wrong.append(told)
    if end.happened > 1:
        tally.wrong.append(told)
    if end.stands != "ready":
        tally.stuck.append(f"{told}; the terminal is {end.stands}")


def sweep(name: str, transport: Transport, policy: BookingPolicy, harm: Harm) -> Tally:
    """Every effect of the dialogue, one future each; first of all the one that is not disturbed."""
    case, tally = CASES[name], Tally()
    plain = dialogue(case, transport, policy, None, harm)
    assert (plain.row.state, plain.row.money) == ("approved", case.money)
    assert plain.happened == case.books
    for at in range(plain.effects):
        end = dialogue(case, transport, policy, at, harm)
        judge(tally, case, end, f"{harm} before effect {at}")
    return tally


def sweep_twice(name: str, transport: Transport, policy: BookingPolicy, step: int) -> Tally:
    """Killed before every `step`-th effect, and once more before each effect of the recovery from that."""
    case, tally = CASES[name], Tally()
    for at in range(0, dialogue(case, transport, policy, None, "kill").effects, step):
        for again in range(LONGEST_RECOVERY):
            end = dialogue(case, transport, policy, at, "kill", again)
            if not end.died_again:
                break
            judge(tally, case, end, f"kill before effect {at}, again before effect {again} of the recovery")
    return tally
