"""Futures of one order at a reader and its vault: a day so far, then an operation that is killed, cut off or
unplugged before one of its effects.

Everything is real but the cable, the disk and the time: session, reader, vault machine, pump, worker,
lifecycle, recovery; the virtual reader with its keys, the simulated vault with its ledger.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, TypeVar

from protocols.core.operations import (
    ChargeCard,
    DeleteCard,
    ListExpiring,
    Original,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
    VerifyCard,
)
from protocols.core.outcomes import Approved
from protocols.core.values import Money
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges, live_refunds, tokens_kept, undone
from simulator.vault.settings import VaultFault
from terminal_agent.journal.facts import Row
from tests.support.operations import operation_id
from tests.support.reader_shop import Cardholder, Harm, ReaderShop, Remains
from tests.support.virtual_clock import VirtualTimeLoop
from tests.support.virtual_terminal import START

T = TypeVar("T")
NAME = operation_id(START, 99)
PAID_NAME, KEPT_NAME = (operation_id(START, number) for number in (1, 2))
# The payment so far is of the very amount that the orders are about: an amount alone proves nothing.
PAID = Money(2_300)
# Loop seconds: the history happens before this, each future begins here.
NOW_S = 5_000.0
RESTARTS_S = 1.0
# The vault may carry out what was still on its way when the agent had its last word.
AFTERMATH_S = 300.0


@dataclass(frozen=True, slots=True)
class Day:
    """What there is before an order: a payment and a card on file, with its issuer's id."""

    remains: Remains
    paid: Original
    token: str
    issuer_id: str


@dataclass(frozen=True, slots=True)
class Case:
    """`make` builds the operation from the day so far. `booked` counts its effect among the vault's lines;
    None where it has none that stays."""

    make: Callable[[Day], Request]
    booked: Callable[[Sequence[Line]], int] | None
    money: str = "none"
    beside: bool = True
    cardholder: Cardholder = field(default_factory=Cardholder)


def _charged(lines: Sequence[Line]) -> int:
    return sum(line.order == NAME for line in live_charges(lines))


def _kept(lines: Sequence[Line]) -> int:
    return sum(line.order == NAME for line in tokens_kept(lines))


def _refunded(lines: Sequence[Line]) -> int:
    return len(live_refunds(lines))


def _undone(lines: Sequence[Line]) -> int:
    return len(undone(lines))


def _deleted(lines: Sequence[Line]) -> int:
    return sum(line.kind == "token_deleted" for line in lines)


def _sell(_day: Day) -> Request:
    return Sale(operation_id=NAME, amount=PAID)


def _refund(day: Day) -> Request:
    return Refund(operation_id=NAME, amount=PAID, original=day.paid)


def _reverse(day: Day) -> Request:
    return Reversal(operation_id=NAME, original=day.paid)


def _charge(day: Day, use: str) -> Request:
    return ChargeCard(
        operation_id=NAME,
        token=day.token,
        amount=PAID,
        use=use,  # type: ignore[arg-type]  # two of its words
        issuer_id=day.issuer_id,
    )


def _store(mode: str) -> Callable[[Day], Request]:
    modes = (mode,)
    return lambda _day: StoreCard(operation_id=NAME, entry_modes=modes, charged_later=True)  # type: ignore[arg-type]  # two of its words


_MASTERCARD = Cardholder("mastercard")
_KEYED = Cardholder("mastercard", keyed=True)
CASES: dict[str, Case] = {
    "swiped and stored": Case(_store("swipe"), _kept, beside=False, cardholder=_MASTERCARD),
    "keyed and stored": Case(_store("keyed"), _kept, beside=False, cardholder=_KEYED),
    "sale": Case(_sell, _charged, "charged", beside=False),
    "keyed sale": Case(_sell, _charged, "charged", beside=False, cardholder=_KEYED),
    "appointment": Case(lambda day: _charge(day, "cardholder"), _charged, "charged"),
    "no-show": Case(lambda day: _charge(day, "merchant"), _charged, "charged"),
    "refund": Case(_refund, _refunded, "returned"),
    "reversal": Case(_reverse, _undone, "returned"),
    "verify": Case(lambda day: VerifyCard(operation_id=NAME, token=day.token), None),
    "delete": Case(lambda day: DeleteCard(operation_id=NAME, token=day.token), _deleted),
    "list": Case(lambda _day: ListExpiring(operation_id=NAME), None),
}
# Without a way to ask, and moving no money: an end that says that it was interrupted, and is asked for anew.
UNASKABLE = frozenset({"verify", "delete", "list"})


@dataclass
class Tally:
    """What came of all the futures of one order: by state, with how the wrong ones came about."""

    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    human: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def trouble(self) -> list[str]:
        """All that must not be."""
        return [*self.wrong, *self.human, *self.stuck]


def run(main: Coroutine[None, None, T], start_s: float) -> T:
    """In virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_s)) as runner:
        return runner.run(main)


@cache
def history() -> Day:
    """A card stored and a payment taken, told and booked."""

    async def main() -> Day:
        remains = Remains()
        shop = ReaderShop(remains, Cardholder(), "kill", beside=False)
        process = shop.process()
        await process.ready()
        ends = []
        for operation in (
            StoreCard(operation_id=KEPT_NAME, entry_modes=("swipe",), charged_later=True),
            Sale(operation_id=PAID_NAME, amount=PAID),
        ):
            await process.begin(operation)
            row = await process.settled(operation.operation_id)
            assert row is not None
            assert isinstance(row.outcome, Approved), row
            ends.append(row.outcome)
        await process.stop()
        kept, paid = ends
        assert kept.token is not None
        issuer_id = kept.details["network_transaction_id"]
        return Day(remains, Original(PAID_NAME, "sale", PAID, paid.keys), kept.token.value, issuer_id)

    return run(main(), 1_000.0)


@dataclass(frozen=True, slots=True)
class End:
    """How one future ended: the operation's row, how often its effect is in the ledger, what was booked, how
    many effects the first process had, where the terminal stands."""

    row: Row
    happened: int
    booked: tuple[Line, ...]
    effects: int
    stands: str
    died_again: bool = False


def future(
    name: str,
    at: int | None = None,
    harm: Harm = "kill",
    again: int | None = None,
    *,
    faults: Sequence[VaultFault] = (),
    late_s: float | None = None,
    status_tells: Literal["own", "payment"] = "own",
    **options: str,
) -> End:
    """One future, from the history to long after the end. `again` is the effect of the recovery before which
    the next process dies too; `late_s`: the first request is lost, and arrives so much later all the same."""
    case, day = CASES[name], history()
    remains, operation = day.remains.copy(), case.make(day)
    remains.desk.settings = replace(remains.desk.settings, status_tells=status_tells)
    for fault in faults:
        remains.desk.plan(fault)

    async def main() -> End:
        shop = ReaderShop(remains, case.cardholder, harm, beside=case.beside, **options)
        shop.vault.late_s = late_s
        process = first = shop.process(doom_at=at, dies=harm == "kill")
        await process.ready()
        await process.begin(operation)
        deaths = 0
        while await process.settled(NAME) is None:
            deaths += 1
            await asyncio.sleep(RESTARTS_S)
            process = shop.process(doom_at=again if deaths == 1 else None)
        effects = first.session.count
        await asyncio.sleep(AFTERMATH_S)
        stands = process.worker.standing.word()
        row = await process.row(NAME)
        await process.stop()
        happened = case.booked(remains.ledger.lines()) if case.booked is not None else 0
        return End(row, happened, shop.booked, effects, stands, died_again=deaths > 1)

    return run(main(), NOW_S)


def judge(tally: Tally, name: str, end: End, told: str) -> None:
    """Hold what was told against the ledger."""
    told = f"{told}: {end.row.state} ({end.row.code}), happened {end.happened} times"
    tally.states[end.row.state] += 1
    approved = end.row.state == "approved"
    if not end.row.final:
        tally.human.append(told)
    elif end.row.code == "interrupted" and name in UNASKABLE:
        assert end.happened <= 1
    elif CASES[name].booked is not None and end.happened != approved:
        tally.wrong.append(told)
    stored = {line.token for line in end.booked if line.kind == "token_stored"}
    outcome = end.row.outcome
    known = {outcome.token.value} if isinstance(outcome, Approved) and outcome.token is not None else set()
    if stored - known:
        tally.wrong.append(f"{told}: a card is kept of which nobody knows")
    if end.stands != "ready":
        tally.stuck.append(f"{told}; the terminal is {end.stands}")


def sweep(name: str, harm: Harm) -> Tally:
    """Every effect of the order, one future each; first of all the one that is not disturbed."""
    case, tally = CASES[name], Tally()
    plain = future(name)
    assert (plain.row.state, plain.row.money) == ("approved", case.money), plain.row
    assert plain.happened == (case.booked is not None)
    for at in range(plain.effects):
        judge(tally, name, future(name, at, harm), f"{harm} before effect {at}")
    return tally


def sweep_twice(name: str) -> Tally:
    """Killed before every effect, and once more before each effect of the recovery from that."""
    tally = Tally()
    for at in range(future(name).effects):
        again = 0
        while (end := future(name, at, "kill", again)).died_again:
            judge(tally, name, end, f"kill before effect {at}, again before effect {again} of the recovery")
            again += 1
    return tally
