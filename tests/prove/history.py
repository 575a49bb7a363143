"""One history from its seed to its verdict."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import NoReturn

import structlog

from protocols.contract.commands import OCCUPYING
from terminal_agent.settings import Settings
from tests.prove.checker import Violation, check
from tests.prove.desk import Desk
from tests.prove.loop import EndlessError, ProofLoop
from tests.prove.reader_world import READER, ReaderWorld
from tests.prove.schedule import Plan, plan_of
from tests.prove.strikes import NOTHING_STORED
from tests.prove.terminals import OURS
from tests.prove.verdicts import by_a_human
from tests.prove.world import World

READY_WITHIN_S = 60.0
"""After a start, with the broker there, the agent says that it is ready within this time (I10)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a campaign keeps of a history."""

    seed: int
    violations: tuple[Violation, ...]
    struck: Mapping[tuple[str, str], int]
    outcomes: Counter[str]
    doubted: bool
    commands: int
    humans: tuple[tuple[str, str], ...]  # (code, what had destroyed the evidence, or "evidence held")
    alerts: Mapping[str, int]
    digest: str
    story: tuple[str, ...] = field(default=(), repr=False)


def run_history(seed: int, *, tell: bool = False) -> Result:
    """Play the history of a seed, and judge it."""
    _quiet()
    random.seed(seed)
    plan = plan_of(seed)
    story: list[str] | None = _opening(plan) if tell else None
    result: Result | None = None
    try:
        with asyncio.Runner(loop_factory=ProofLoop) as runner:
            result = runner.run(_play(plan, story))
    except EndlessError:
        if result is None:  # else the history did not end, is judged, and nothing can sweep it up
            raise
    return result


async def _play(plan: Plan, story: list[str] | None) -> Result:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert isinstance(loop, ProofLoop)
    assert task is not None
    make = World if plan.terminal == "zvt" else ReaderWorld
    world = make(plan, _settings(plan), process_folder(), story)
    loop.set_exception_handler(lambda _loop, context: world.crashed(context))
    loop.on_limit = task.cancel
    world.own_tasks.add(task)
    world.start()
    try:
        await Desk(world).work()
    except asyncio.CancelledError:
        if not loop.endless:
            raise
        task.uncancel()
    result = _judge(world, loop.endless)
    world.end()
    await asyncio.sleep(0)
    return result


def _judge(world: World, endless: str) -> Result:
    backend = world.backend
    said = [message.payload for message in world.broker.published]
    said.append(world.disk.content())
    violations = list(check(backend, world.books(), said))
    violations += world.never_ready(READY_WITHIN_S)
    if endless:
        violations.insert(0, Violation("I8", f"the history does not end at stage {world.stage}: {endless}"))
    humans = []
    for command in backend.commands.values():
        left = command.left_to_a_human
        if left is not None:
            why = world.lost_evidence(command, left)
            humans.append((str(left["code"]), why))
            if why == "evidence held":
                violations.append(
                    Violation(
                        "NH",
                        f"{command.op} {command.amount_minor} ({command.id[-4:]}) was left to a "
                        f"human ({left['code']}) though the terminal held the evidence",
                    )
                )
    commands = [one for one in backend.commands.values() if one.op in OCCUPYING]
    outcomes = Counter(
        "rejected" if one.rejected else str((one.final or one.latest or {"state": "unknown"})["state"])
        for one in commands
    )
    outcomes["of these by a human"] += sum(by_a_human(one.final) for one in commands)
    outcomes["corrected"] += sum(bool(one.corrected) for one in commands)
    if world.story is not None:
        world.story.extend(_closing(world))
    return Result(
        seed=world.plan.seed,
        violations=tuple(violations),
        struck=dict(world.struck),
        outcomes=outcomes,
        doubted=bool(world.doubted),
        commands=len(commands),
        humans=tuple(humans),
        alerts=dict(backend.alerts),
        digest=_digest(world),
        story=tuple(world.story or ()),
    )


def _digest(world: World) -> str:
    """Equal for two runs that did the same, byte for byte."""
    sum_ = hashlib.sha256()
    for line in world.ledger.lines():
        sum_.update(repr(line).encode())
    for message in world.broker.published:
        sum_.update(message.payload)
    return sum_.hexdigest()[:16]


def _opening(plan: Plan) -> list[str]:
    lines = [
        f"History {plan.seed}: {plan.transport}, unacknowledged results are booked as {plan.policy!r},"
        f" printing {plan.printing}, identity {'known' if plan.identity_known else 'learned'}."
        if plan.terminal == "zvt"
        else f"History {plan.seed}: a reader and its vault."
    ]
    lines += [f"  command {n + 1}: {step}" for n, step in enumerate(plan.steps)]
    lines += [f"  fault: {fault.told()}" for fault in plan.faults]
    return lines


def _closing(world: World) -> list[str]:
    lines = ["The ledger:"]
    lines += [
        f"  {line.id} {line.kind} {line.amount_minor} receipt {line.receipt} trace {line.trace} {line.brand}"
        f" {line.reason} {line.reverses} {line.customer[-4:]}"
        for line in world.ledger.lines()
    ]
    lines.append("The backend's inbox:")
    for command in world.backend.commands.values():
        replies = ", ".join(f"{reply['verdict']}/{reply['code']}" for reply in command.replies)
        lines.append(f"  {command.op} {command.amount_minor} {command.id[-4:]}: replies {replies or 'none'}")
        lines += [
            f"      {view['state']} ({view['code']}) money {view['money']} {view.get('evidence', '')}"
            for view in (*command.views, *command.corrected)
        ]
    return lines


def _settings(plan: Plan) -> Settings:
    if plan.terminal == "reader":
        return _settings_with(READER)
    return _settings_of(plan.transport, plan.identity_known, plan.tells_empty)


@cache
def _settings_of(transport: str, identity_known: bool, tells_empty: bool) -> Settings:
    terminal: dict[str, object] = {
        "id": "desk-1",
        "name": "Accueil",
        "protocol": "zvt",
        "options": {"nothing_stored_code": NOTHING_STORED} if tells_empty else {},
        "token": {"kind": "chargeable", "scope": "clinic"},
    }
    if transport == "serial":
        terminal["serial"] = {"path": "/dev/ttyUSB0"}
    else:
        terminal["tcp"] = {"host": "127.0.0.1", "port": 20007}
    if identity_known:
        terminal["identity"] = OURS
    return _settings_with(terminal)


def _settings_with(terminal: Mapping[str, object]) -> Settings:
    return Settings.model_validate(
        {
            "agent": {
                "clinic": "clinic-1",
                "id": "agent-1",
                "point_of_service": "Accueil",
                "state_dir": str(process_folder()),
            },
            "broker": {"host": "127.0.0.1", "port": 1883},
            "terminals": [terminal],
        }
    )


@cache
def process_folder() -> Path:
    """Where the lock and the reserve lie, until the process ends: in memory, if there is such a place."""
    base = Path("/dev/shm")
    made = tempfile.mkdtemp(prefix=f"prove-{os.getpid()}-", dir=base if base.is_dir() else None)
    Finalize(None, shutil.rmtree, (made, True), exitpriority=0)  # atexit does not reach a pool's processes
    return Path(made)


def _drop(_logger: object, _method: str, _event: object) -> NoReturn:
    raise structlog.DropEvent


@cache
def _quiet() -> None:
    """No logs, and no collector in the middle of a history."""
    logging.disable(logging.CRITICAL)
    structlog.configure(
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=True,
    )
    gc.freeze()
