"""Sales in virtual time on the agent as it is composed in production: what they leave in its memory.

`python -m tests.soak.virtual` prints, as JSON, what was alive before and after the counted sales. It counts
Python's objects, never bytes of the process: no allocator, no page cache and no clock has a say, so a single
string kept for each sale shows. It has to be a process of its own, whose caches nobody else has filled.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tests.prove import history
from tests.prove.backend import Backend
from tests.prove.loop import ProofLoop
from tests.prove.schedule import Plan, Step, plan_of
from tests.prove.world import World

WARM_UP = 400  # sales until every cache of a fixed size, and the journal's log, have what they need
COUNTED = 400
_VALID_S = 60.0
_SETTLES_IN_S = 5.0
_STEP_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Remains:
    """What is alive after so many approved sales: blocks of memory that Python handed out, and how many
    containers there are of each type. The first look is itself alive at the second: it makes no texts."""

    approved: int
    blocks: int
    containers: Counter[type]

    def row(self) -> dict[str, Any]:
        """For whoever runs this, types by their names."""
        named = {f"{kind.__module__}.{kind.__qualname__}": n for kind, n in self.containers.items()}
        return {"approved": self.approved, "blocks": self.blocks, "containers": named}


class _Forgetful(list[Any]):
    """The world's own record, which is not the agent's memory."""

    def append(self, _one: object) -> None:
        """Let go of it."""


def uneventful() -> Plan:
    """A history in which nothing goes wrong."""
    return replace(
        plan_of(1), terminal="zvt", transport="serial", printing="none", tells_empty=True, steps=(), faults=()
    )


async def looks() -> tuple[Remains, Remains]:
    """Before and after the counted sales."""
    plan = uneventful()
    world = World(plan, history._settings(plan), history.process_folder(), None)
    task = asyncio.current_task()
    assert task is not None
    world.own_tasks.add(task)
    world.broker.published = _Forgetful()
    world.start()
    await asyncio.sleep(_SETTLES_IN_S)  # commands as old as the journal are taken for replays
    await _sell(world, WARM_UP)
    before = _look(WARM_UP)
    await _sell(world, COUNTED)
    after = _look(WARM_UP + COUNTED)
    world.end()
    return before, after


async def _sell(world: World, sales: int) -> None:
    backend = world.backend
    for number in range(sales):
        amount_minor = 100 * (10 + number)  # whole dollars: the acquirer approves
        world.console_expects(Step(op="sale", amount_minor=amount_minor, how="tap"))
        await _until(backend, partial(_ready, backend))
        command = backend.order("sale", 0, {"amount_minor": amount_minor}, _VALID_S, 0.0)
        await _until(backend, partial(getattr, command, "settled"))
        if command.final is None or command.final["state"] != "approved":
            raise RuntimeError(f"sale {number + 1} of {sales} was to be approved, it is {command.final}")
        _forget(world)
    await asyncio.sleep(_SETTLES_IN_S)


async def _until(backend: Backend, happened: Callable[[], bool]) -> None:
    while not happened():
        backend.changed.clear()
        await backend.changed.wait()


def _ready(backend: Backend) -> bool:
    return "ready" == backend.terminal_state.get("state") == backend.state.get("state")


def _forget(world: World) -> None:
    """What the world notes of each sale."""
    world.backend.commands.clear()
    world.backend.facts.clear()
    world.ledger._lines.clear()
    for file in world.disk.files.values():
        file.unsynced.clear()


def _look(approved: int) -> Remains:
    gc.collect()
    return Remains(approved, sys.getallocatedblocks(), Counter(map(type, gc.get_objects())))


def main() -> None:
    """Look twice, and print it."""
    logging.disable(logging.CRITICAL)
    with asyncio.Runner(loop_factory=lambda: ProofLoop(_STEP_LIMIT)) as runner:
        found = runner.run(looks())
    json.dump([one.row() for one in found], sys.stdout)


if __name__ == "__main__":
    main()
