"""Latency of so many terminals at once: the floor and the agent in turn, on the same ptys and broker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terminal_agent.journal.sqlite import look_at
from tests.bench.agents import agent
from tests.bench.brokers import Broker
from tests.bench.dialogue import COMMITS_BEFORE_OUTCOME
from tests.bench.processes import cpu_s, module, running
from tests.bench.statistics import percentile


@dataclass(frozen=True, slots=True)
class Peer:
    """The terminals' process."""

    process: subprocess.Popen[str]
    paths: tuple[str, ...]

    def take(self) -> list[list[list[int]]]:
        """What was noted since the last time, per port."""
        assert self.process.stdin is not None
        self.process.stdin.write("take\n")
        self.process.stdin.flush()
        found: list[list[list[int]]] = _line(self.process)
        return found


@contextmanager
def peer(folder: Path, terminals: int) -> Iterator[Peer]:
    """So many terminals that answer at once."""
    command = module("tests.bench.peer", str(terminals))
    with running(command, folder / "peer.log", piped=True) as process:
        yield Peer(process, tuple(_line(process)))


def measured(folder: Path, broker: Broker, terminals: int, rounds: int) -> dict[str, Any]:
    """The floor, then the agent."""
    with peer(folder, terminals) as ports:
        floor = _floor(folder, broker, ports, rounds)
        ours = _agent(folder, broker, ports, rounds)
    return {"operations": terminals * rounds, "floor": floor, "agent": ours, **compared(ours, floor)}


def compared(ours: Mapping[str, Any], floor: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent adds to the floor, and how many times the floor it takes."""
    spans = [name for name in ours if name.endswith("_ms") and isinstance(ours[name], dict)]
    added = {
        span: {key: round(ours[span][key] - floor[span][key], 3) for key in ours[span]} for span in spans
    }
    ratio = {
        span: {key: round(ours[span][key] / floor[span][key], 2) for key in ours[span]} for span in spans
    }
    return {"added": added, "ratio": ratio}


def _floor(folder: Path, broker: Broker, ports: Peer, rounds: int) -> dict[str, Any]:
    database = folder / f"floor-{len(ports.paths)}.sqlite3"
    given = {"port": broker.port, "paths": ports.paths, "database": str(database)}
    command = module("tests.bench.floor", json.dumps(given))
    with running(command, folder / "floor.log", piped=True) as process:
        _line(process)
        return _phase(folder, broker, ports, rounds, process, floor=True)


def _agent(folder: Path, broker: Broker, ports: Peer, rounds: int) -> dict[str, Any]:
    home = folder / f"agent-{len(ports.paths)}"
    home.mkdir()
    with agent(home, broker.port, ports.paths) as running_agent:
        found = _phase(folder, broker, ports, rounds, running_agent.process, floor=False)
        _check_commits(running_agent.journal)
    return found


def _check_commits(journal: Path) -> None:
    """The floor must commit as often as the agent: once per mark, once for the command, once for the end."""
    with look_at(journal) as reader:
        (last,) = reader.newest(1)
        commits = len(reader.marks(last.id)) + 2
    if commits != COMMITS_BEFORE_OUTCOME:
        raise RuntimeError(f"the agent commits {commits} times a sale, the floor {COMMITS_BEFORE_OUTCOME}")


def _phase(
    folder: Path,
    broker: Broker,
    ports: Peer,
    rounds: int,
    ecr: subprocess.Popen[str],
    *,
    floor: bool,
) -> dict[str, Any]:
    terminals = len(ports.paths)
    ports.take()
    given = {"port": broker.port, "terminals": terminals, "rounds": rounds, "floor": floor}
    command = module("tests.bench.backend", json.dumps(given))
    with ExitStack() as stack:
        backend = stack.enter_context(running(command, folder / "backend.log", piped=True))
        _line(backend)
        pids = {"ecr": ecr.pid, "peer": ports.process.pid, "backend": backend.pid}
        if broker.pid is not None:
            pids["broker"] = broker.pid
        before = {name: cpu_s(pid) for name, pid in pids.items()}
        ends = _line(backend)
        used = {name: cpu_s(pid) - before[name] for name, pid in pids.items()}
    sales = terminals * rounds
    return {
        **_spans(ends, ports.take(), rounds),
        "cpu_ms_per_operation": {name: round(1000 * spent / sales, 3) for name, spent in used.items()},
    }


def _spans(ends: list[list[list[int]]], noted: list[list[list[int]]], rounds: int) -> dict[str, Any]:
    """Backend and terminals noted the same sales in the same order, the terminals also the warm-up's."""
    spans: dict[str, list[float]] = {"first_byte_ms": [], "payment_ms": [], "outcome_ms": [], "whole_ms": []}
    for commands, sales in zip(ends, noted, strict=True):
        for (sent, outcome), (first, payment, last) in zip(commands, sales[-rounds:], strict=True):
            for name, span_ns in zip(
                spans, (first - sent, payment - sent, outcome - last, outcome - sent), strict=True
            ):
                spans[name].append(span_ns / 1e6)
    return {name: {"p50": percentile(ms, 50), "p99": percentile(ms, 99)} for name, ms in spans.items()}


def _line(process: subprocess.Popen[str]) -> Any:
    """The next line of a process of ours. Raises RuntimeError if it ended instead."""
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        raise RuntimeError(f"{process.args!r} ended early; what it said is beside it, in its .log")
    return json.loads(said)
