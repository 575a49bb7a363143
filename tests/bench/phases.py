"""One phase: so many terminals, rounds of sales at the floor or at an agent, and what was noted of them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.brokers import Broker
from tests.bench.processes import cpu_s, module, running
from tests.bench.statistics import percentile

SPANS = ("first_byte_ms", "payment_ms", "outcome_ms", "whole_ms")


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
        found: list[list[list[int]]] = next_line(self.process)
        return found


@dataclass(slots=True)
class Samples:
    """What phases have noted: each span of each sale in ms, and the CPU of each process in seconds."""

    spans: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SPANS})
    cpu_s: Counter[str] = field(default_factory=Counter)

    def add(self, command_ns: int, outcome_ns: int, moments_ns: list[int]) -> None:
        """One sale: when its command left and its outcome came, and the terminal's three moments."""
        first, payment, last = moments_ns
        spans_ns = (first - command_ns, payment - command_ns, outcome_ns - last, outcome_ns - command_ns)
        for name, span_ns in zip(SPANS, spans_ns, strict=True):
            self.spans[name].append(span_ns / 1e6)

    def summary(self) -> dict[str, Any]:
        """Percentiles, and the CPU of one sale."""
        sales = len(self.spans[SPANS[0]])
        return {
            **{
                name: {"p50": percentile(spans, 50), "p99": percentile(spans, 99)}
                for name, spans in self.spans.items()
            },
            "cpu_ms_per_operation": {
                name: round(1000 * spent / sales, 3) for name, spent in self.cpu_s.items()
            },
        }


@contextmanager
def peer(folder: Path, terminals: int) -> Iterator[Peer]:
    """So many terminals that answer at once."""
    command = module("tests.bench.peer", str(terminals))
    with running(command, folder / "peer.log", piped=True) as process:
        yield Peer(process, tuple(next_line(process)))


@dataclass(frozen=True, slots=True)
class Phase:
    """What a phase runs between: the broker and the terminals."""

    folder: Path
    broker: Broker
    ports: Peer

    def run(self, ecr: subprocess.Popen[str], rounds: int, into: Samples, *, floor: bool) -> None:
        """Let a backend run its rounds against the floor or the agent that is up."""
        self.ports.take()
        terminals = len(self.ports.paths)
        given = {"port": self.broker.port, "terminals": terminals, "rounds": rounds, "floor": floor}
        command = module("tests.bench.backend", json.dumps(given))
        with ExitStack() as stack:
            backend = stack.enter_context(running(command, self.folder / "backend.log", piped=True))
            next_line(backend)
            pids = {
                "ecr": ecr.pid,
                "peer": self.ports.process.pid,
                "backend": backend.pid,
                "broker": self.broker.pid,
            }
            before = {name: cpu_s(pid) for name, pid in pids.items()}
            ends = next_line(backend)
            into.cpu_s.update({name: cpu_s(pid) - before[name] for name, pid in pids.items()})
        # Both noted the same sales in the same order; the terminals also those of the warm-up.
        for commands, sales in zip(ends, self.ports.take(), strict=True):
            for (sent, outcome), moments in zip(commands, sales[-rounds:], strict=True):
                into.add(sent, outcome, moments)


def next_line(process: subprocess.Popen[str]) -> Any:
    """The next line of a process of ours. Raises RuntimeError if it ended instead."""
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        raise RuntimeError(f"{process.args!r} ended early; what it said is beside it, in its .log")
    return json.loads(said)
