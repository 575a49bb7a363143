"""One scene: the agent is killed at each point of its order, started again, and compared with the ledger."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import get_args

from protocols.contract.replies import Reply
from terminal_agent.client import NoReplyError, Pending, RejectedError
from tests.support.broker import Broker
from tests.sweep.calls import Effect, Point, When, effects, hit
from tests.sweep.judging import Told, Verdict, judged
from tests.sweep.stage import AFTER_OUTCOME_S, Scene, Stage
from tests.sweep.tracing import traced

_TRUTH_LIMIT_S = 60.0
_DEATH_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Kill:
    """One death and what came of it. `truth_s`: from the restart to the truth at the backend, None where that
    was told before or never; `why` it is not true, if it is not."""

    point: Point
    when: When
    effect: Effect
    state: str
    verdict: Verdict
    truth_s: float | None
    why: str = ""


@dataclass(slots=True)
class Swept:
    """What came of one scene. `points`: as enumerated, with their effects; `missed`: kills that no call came
    for, by the effect of their point; `broken`: why it ended early, if it did."""

    scene: Scene
    points: Mapping[Point, Effect] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    missed: Counter[Effect] = field(default_factory=Counter)
    broken: str | None = None


def chosen(points: Sequence[Point], every: int, offset: int) -> Iterator[tuple[Point, When]]:
    """Each point before and after; of these every nth, beginning at another one for each offset."""
    both = ((point, when) for when in get_args(When) for point in points)
    yield from islice(both, offset % every, None, every)


async def swept(broker: Broker, folder: Path, scene: Scene, every: int, offset: int) -> Swept:
    """Enumerate the points of one undisturbed order, then die at each one in turn."""
    found = Swept(scene)
    try:
        async with scene.staged(broker, folder) as stage:
            await stage.ready()
            found.points = await _enumerated(stage, scene)
            for point, when in chosen(list(found.points), every, offset):
                kill = await _killed_at(stage, point, when, found.points[point])
                if kill is None:
                    found.missed[found.points[point]] += 1
                else:
                    found.kills.append(kill)
            # What the last one left behind must be in order, too.
            await stage.ready()
    except (AssertionError, TimeoutError) as error:
        # Something that every restart must reach was not reached: that is a finding, and the others go on.
        found.broken = f"{type(error).__name__}: {error}"[-2000:]
    return found


async def _enumerated(stage: Stage, scene: Scene) -> dict[Point, Effect]:
    strace = traced(await stage.traced(), stage.house.folder / "strace")
    before = len(stage.lines())
    async with strace as trace, stage.ordering() as pending:
        view = await _outcome(pending)
        ended, planned = _state(view), sorted(scene.states)
        assert ended in planned, f"an undisturbed order ended {ended}, planned: {' or '.join(planned)}"
        await asyncio.sleep(AFTER_OUTCOME_S)
        found: dict[Point, Effect] = {}
        # Two threads may make a call of the same number: whoever comes first is hit.
        for point, effect in effects(trace.record, stage.port):
            found.setdefault(point, effect)
    await stage.at_rest()
    verdict, why = judged(view, stage.lines(), before, stage.assert_true)
    assert verdict == "true", f"an undisturbed order is {verdict}: {why}"
    return found


async def _killed_at(stage: Stage, point: Point, when: When, planned: Effect) -> Kill | None:
    """None where the order ended without that call. `planned`: what it was in the undisturbed order."""
    await stage.ready()
    before = len(stage.lines())
    strace = traced(await stage.traced(), stage.house.folder / "strace", point, when)
    async with strace as trace, stage.ordering() as pending:
        died = await _dead(stage, pending)
        effect = hit(trace.record, point, stage.port)
    # A death in the very last moment is seen once strace has let go.
    if not (died or trace.killed):
        await _outcome(pending)
        return None
    stage.house.agent.ended()
    told_before = pending.settled
    began_s = await stage.start()
    view = await _outcome(pending)
    told_s = asyncio.get_running_loop().time() - began_s
    await stage.at_rest()
    state = _state(view or pending.latest)
    verdict, why = judged(view, stage.lines(), before, stage.assert_true)
    truth_s = told_s if verdict == "true" and not told_before else None
    return Kill(point, when, effect or planned, state, verdict, truth_s, why)


async def _dead(stage: Stage, pending: Pending) -> bool:
    """Whether it died before the order was over."""
    deadline, over_s = time.monotonic() + _DEATH_LIMIT_S, None
    while stage.house.agent.running:
        now = time.monotonic()
        if pending.settled and over_s is None:
            over_s = now + AFTER_OUTCOME_S
        if now > (over_s or deadline):
            return False
        await asyncio.sleep(0.01)
    return True


async def _outcome(pending: Pending) -> Told:
    """None if nothing is told in time, unless that it is left to a human. One that was never taken may be
    rejected after the restart."""
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
        latest = pending.latest
        return latest if latest is not None and latest.state == "needs_human" else None


def _state(told: Told) -> str:
    if told is None:
        return "unanswered"
    return told.verdict if isinstance(told, Reply) else told.state
