"""One agent, policy and outcome: killed at each point of a sale, started again, compared with the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges
from terminal_agent.client import NoReplyError, Pending, RejectedError, Sale
from tests.support.broker import Broker
from tests.support.house import House, a_house
from tests.support.station import Plan, Scalar, Wire
from tests.support.truth import assert_true
from tests.sweep.calls import Effect, Point, When, effects, hit
from tests.sweep.tracing import traced

Outcome = Literal["approved", "declined", "cancelled"]
Told = OperationView | Reply | None
Verdict = Literal["true", "lost", "double", "wrong"]
OUTCOMES: tuple[Outcome, ...] = ("approved", "declined", "cancelled")
POLICIES = ("reverse", "keep", "refuse")
AMOUNT = 4750
_TRUTH_LIMIT_S = 60.0
_DEATH_LIMIT_S = 30.0
# The last acknowledgements of a sale come after its outcome.
_AFTER_OUTCOME_S = 0.5
_AT_ONCE: Mapping[str, Scalar] = {"how": "tap", "after_s": 0.0, "pin_after_s": 0.0, "remove_after_s": 0.0}
_CARDHOLDERS: Mapping[Outcome, Mapping[str, Scalar]] = {
    "approved": _AT_ONCE,
    "declined": {**_AT_ONCE, "card": "declined"},
    "cancelled": {"leaves": "before_card"},
}


@dataclass(frozen=True, slots=True)
class Kill:
    """One death and what came of it. `truth_s`: from the restart to the outcome at the backend."""

    point: Point
    when: When
    effect: Effect
    state: str
    verdict: Verdict
    truth_s: float | None


@dataclass(frozen=True, slots=True)
class Swept:
    """One outcome under one policy. `points`: as enumerated; `missed`: kills that no call came for."""

    outcome: Outcome
    policy: str
    points: int
    kills: Sequence[Kill]
    missed: int


def chosen(points: Sequence[Point], every: int, offset: int) -> Iterator[tuple[Point, When]]:
    """Each point before and after; of these every nth, beginning at another one for each offset."""
    both = ((point, when) for when in get_args(When) for point in points)
    yield from islice(both, offset % every, None, every)


async def swept(
    broker: Broker, folder: Path, wire: Wire, outcome: Outcome, policy: str, every: int, offset: int
) -> Swept:
    """Enumerate the points of one undisturbed sale, then die at each one in turn."""
    scenario: dict[str, Scalar] = {"booking_policy": policy, "t2_s": 1.2, "t3_s": 1.5, "card_timeout_s": 1.0}
    plan = Plan(wire=wire, scenario=scenario, cardholder=_CARDHOLDERS[outcome])
    async with a_house(broker, folder, plan) as house:
        points = await _enumerated(house, outcome)
        kills, missed = [], 0
        for point, when in chosen(points, every, offset):
            kill = await _killed_at(house, point, when)
            if kill is None:
                missed += 1
            else:
                kills.append(kill)
        return Swept(outcome, policy, len(points), kills, missed)


async def _enumerated(house: House, outcome: Outcome) -> list[Point]:
    async with traced(house.agent.pid, house.folder / "strace") as trace:
        view = await _outcome(await house.send(_sale(house)))
        if _state(view) != outcome:
            raise RuntimeError(f"an undisturbed sale ended {_state(view)}, {outcome} was planned")
        await asyncio.sleep(_AFTER_OUTCOME_S)
        # Two threads may make a call of the same number: whoever comes first is hit.
        return list(dict.fromkeys(point for point, _ in effects(trace.record, house.station.port)))


async def _killed_at(house: House, point: Point, when: When) -> Kill | None:
    """None where the sale ended without that call."""
    await house.agent_ready()
    await house.ready()
    before = len(house.lines())
    async with traced(house.agent.pid, house.folder / "strace", point, when) as trace:
        pending = await house.send(_sale(house))
        died = await _dead(house, pending)
        effect = hit(trace.record, point, house.station.port)
    if not died:
        await _outcome(pending)
        return None
    house.agent.ended()
    house.start_agent()
    began_s = time.monotonic()
    view = await _outcome(pending)
    truth_s = time.monotonic() - began_s
    await house.station.at_rest()
    state = _state(view or pending.latest)
    verdict = judged(view, house.lines(), before)
    return Kill(point, when, effect or "broker send", state, verdict, truth_s if view else None)


def judged(view: Told, lines: Sequence[Line], before: int) -> Verdict:
    """What was told, None if nothing was, against the lines booked since there were `before`. A sale that was
    rejected must not have booked anything."""
    ids = {line.id for line in lines[before:]}
    standing = sum(line.id in ids for line in live_charges(lines))
    if standing > 1:
        return "double"
    if view is None:
        return "lost"
    if isinstance(view, Reply):
        return "wrong" if standing else "true"
    try:
        assert_true(view, lines, before)
    except AssertionError:
        return "wrong"
    return "true"


async def _dead(house: House, pending: Pending) -> bool:
    """Whether it died before the sale was over."""
    deadline, over_s = time.monotonic() + _DEATH_LIMIT_S, None
    while house.agent.running:
        now = time.monotonic()
        if pending.settled and over_s is None:
            over_s = now + _AFTER_OUTCOME_S
        if now > (over_s or deadline):
            return False
        await asyncio.sleep(0.01)
    return True


async def _outcome(pending: Pending) -> Told:
    """None if nothing is told in time. One that was never taken may be rejected after the restart."""
    try:
        async with asyncio.timeout(_TRUTH_LIMIT_S):
            while True:
                try:
                    return await pending.outcome()
                except NoReplyError:
                    continue  # the same bytes go out again: nothing is sold twice
                except RejectedError as error:
                    return error.reply
    except TimeoutError:
        return None


def _state(told: Told) -> str:
    if told is None:
        return "unanswered"
    return told.verdict if isinstance(told, Reply) else told.state


def _sale(house: House) -> Sale:
    return Sale(**house.stamp(), amount_minor=AMOUNT)
