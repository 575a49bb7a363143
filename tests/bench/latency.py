"""Latency of so many terminals at once: the floor and the agent in turn, on the same ptys and broker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terminal_agent.journal.sqlite import look_at
from tests.bench.agents import agent
from tests.bench.brokers import Broker
from tests.bench.dialogue import COMMITS_BEFORE_OUTCOME
from tests.bench.phases import SPANS, Phase, Samples, next_line, peer
from tests.bench.processes import module, running

_BLOCKS = 8  # a machine has moods: both are measured in each of these blocks


def measured(folder: Path, broker: Broker, terminals: int, rounds: int) -> dict[str, Any]:
    """The floor and the agent by turns, each so many rounds in all."""
    floor, ours = Samples(), Samples()
    with peer(folder, terminals) as ports:
        phase = Phase(folder, broker, ports)
        for _ in range(_BLOCKS):
            _floor(phase, rounds // _BLOCKS, floor)
            _agent(phase, rounds // _BLOCKS, ours)
    told = {"floor": floor.summary(), "agent": ours.summary()}
    return {"operations": len(ours.spans[SPANS[0]]), **told, **compared(told["agent"], told["floor"])}


def compared(ours: Mapping[str, Any], floor: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent adds to the floor, and how many times the floor it takes."""
    return {
        "added": {
            span: {share: round(ours[span][share] - floor[span][share], 3) for share in ours[span]}
            for span in SPANS
        },
        "ratio": {
            span: {share: round(ours[span][share] / floor[span][share], 2) for share in ours[span]}
            for span in SPANS
        },
    }


def _floor(phase: Phase, rounds: int, into: Samples) -> None:
    paths = phase.ports.paths
    database = phase.folder / f"floor-{len(paths)}.sqlite3"
    given = {"port": phase.broker.port, "paths": paths, "database": str(database)}
    command = module("tests.bench.floor", json.dumps(given))
    with running(command, phase.folder / "floor.log", piped=True) as process:
        next_line(process)
        phase.run(process, rounds, into, floor=True)


def _agent(phase: Phase, rounds: int, into: Samples) -> None:
    home = phase.folder / f"agent-{len(phase.ports.paths)}"
    home.mkdir(exist_ok=True)
    with agent(home, phase.broker.port, phase.ports.paths) as one:
        phase.run(one.process, rounds, into, floor=False)
        _check_commits(one.journal)


def _check_commits(journal: Path) -> None:
    """The floor must commit as often as the agent: once per mark, once for the command, once for the end."""
    with look_at(journal) as reader:
        (last,) = reader.newest(1)
        commits = len(reader.marks(last.id)) + 2
    if commits != COMMITS_BEFORE_OUTCOME:
        raise RuntimeError(f"the agent commits {commits} times a sale, the floor {COMMITS_BEFORE_OUTCOME}")
