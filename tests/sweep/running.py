"""One cell: the agent is killed at each point of a sale, started again, and compared with the ledger."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from protocols.contract.events import Progress
from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges
from terminal_agent.client import Abort, NoReplyError, Pending, RejectedError, Sale
from tests.support.broker import Broker
from tests.support.house import House, a_house
from tests.support.truth import assert_true
from tests.sweep.calls import Effect, Point, When, effects, hit
from tests.sweep.cells import Cell
from tests.sweep.tracing import traced

Told = OperationView | Reply | None
Verdict = Literal["true", "lost", "double", "wrong"]
AMOUNT = 4750
_TRUTH_LIMIT_S = 60.0
_DEATH_LIMIT_S = 30.0
# The last acknowledgements of a sale come after its outcome.
_AFTER_OUTCOME_S = 0.5


@dataclass(frozen=True, slots=True)
class Kill:
    """One death and what came of it. `truth_s`: from the restart to the outcome at the backend."""

    point: Point
    when: When
    effect: Effect
    state: str
    verdict: Verdict
    truth_s: float | None


@dataclass(slots=True)
class Swept:
    """What came of one cell. `points`: as enumerated, with their effects; `missed`: kills that no call came
    for, by the effect of their point; `broken`: why it ended early, if it did."""

    cell: Cell
    points: Mapping[Point, Effect] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    missed: Counter[Effect] = field(default_factory=Counter)
    broken: str | None = None


def chosen(points: Sequence[Point], every: int, offset: int) -> Iterator[tuple[Point, When]]:
    """Each point before and after; of these every nth, beginning at another one for each offset."""
    both = ((point, when) for when in get_args(When) for point in points)
    yield from islice(both, offset % every, None, every)


async def swept(broker: Broker, folder: Path, cell: Cell, every: int, offset: int) -> Swept:
    """Enumerate the points of one undisturbed sale, then die at each one in turn."""
    found = Swept(cell)
    try:
        async with a_house(broker, folder, cell.plan()) as house:
            found.points = await _enumerated(house, cell)
            for point, when in chosen(list(found.points), every, offset):
                kill = await _killed_at(house, cell, point, when)
                if kill is None:
                    found.missed[found.points[point]] += 1
                else:
                    found.kills.append(kill)
    except (AssertionError, TimeoutError) as error:
        # Something that every restart must reach was not reached: that is a finding, and the others go on.
        found.broken = f"{type(error).__name__}: {error}"[-2000:]
    return found


async def _enumerated(house: House, cell: Cell) -> dict[Point, Effect]:
    async with traced(house.agent.pid, house.folder / "strace") as trace, _selling(house, cell) as pending:
        view = await _outcome(pending)
        ended, planned = _state(view), sorted(cell.states)
        assert ended in planned, f"an undisturbed sale ended {ended}, planned: {' or '.join(planned)}"
        await asyncio.sleep(_AFTER_OUTCOME_S)
        found: dict[Point, Effect] = {}
        # Two threads may make a call of the same number: whoever comes first is hit.
        for point, effect in effects(trace.record, house.station.port):
            found.setdefault(point, effect)
        return found


async def _killed_at(house: House, cell: Cell, point: Point, when: When) -> Kill | None:
    """None where the sale ended without that call."""
    await house.agent_ready()
    await house.ready()
    before = len(house.lines())
    strace = traced(house.agent.pid, house.folder / "strace", point, when)
    async with strace as trace, _selling(house, cell) as pending:
        died = await _dead(house, pending)
        effect = hit(trace.record, point, house.station.port)
    # A death in the very last moment is seen once strace has let go.
    if not (died or trace.killed):
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


@asynccontextmanager
async def _selling(house: House, cell: Cell) -> AsyncIterator[Pending]:
    """A sale, and at its side whoever asks to stop it."""
    pending = await house.send(Sale(**house.stamp(), amount_minor=AMOUNT))
    stopping = asyncio.create_task(_abort(house, pending)) if cell.ending == "aborted" else None
    try:
        yield pending
    finally:
        if stopping is not None:
            stopping.cancel()
            await asyncio.wait([stopping])


async def _abort(house: House, pending: Pending) -> None:
    async for notice in pending.updates():
        if isinstance(notice.body, Progress) and notice.body.state == "awaiting_card":
            await house.send(Abort(**house.stamp(), target_operation_id=pending.operation_id))
            return


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
