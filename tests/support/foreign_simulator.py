"""Our simulator as a process, as somebody who has only its `--help` starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker import ROOT

QUICK = """
[terminal]
host_s = 0.0
step_s = 0.0
remove_timeout_s = 0.1
card_timeout_s = 5.0
{terminal}
[[cardholder]]
how = "tap"
after_s = {after_s}
remove_after_s = 0.0
"""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running simulator: where a register finds it, and its ledger."""

    address: str
    ledger: Path

    @property
    def port(self) -> int:
        """Of a terminal on TCP."""
        return int(self.address.rsplit(":", 1)[1])

    @property
    def charges(self) -> int:
        """How many lines the ledger has."""
        return len(self.ledger.read_text(encoding="utf-8").splitlines()) if self.ledger.exists() else 0


@contextmanager
def simulated(folder: Path, *wire: str, terminal: str = "", after_s: float = 0.02) -> Iterator[Simulated]:
    """`terminal-simulator zvt`, with a cardholder who taps. `terminal` are further settings of it."""
    (folder / "scenario.toml").write_text(QUICK.format(terminal=terminal, after_s=after_s), encoding="utf-8")
    arguments = [sys.executable, "-m", "simulator.cli", "zvt", *wire, "--scenario", "scenario.toml"]
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if "ready:" in line)
        yield Simulated(ready.rsplit(" ", 1)[1].strip(), folder / "ledger.jsonl")
    finally:
        process.terminate()
        process.communicate(timeout=20)
