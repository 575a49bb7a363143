"""`python -m tests.bench [--quick]`: measure, write build/bench.json, print it. See docs/bench.md."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.bench.aims import aims
from tests.bench.brokers import Broker, broker
from tests.bench.clicking import clicking
from tests.bench.decoding import decoding
from tests.bench.dialogue import COMMITS_BEFORE_FIRST_BYTE, COMMITS_BEFORE_OUTCOME
from tests.bench.footprint import resting, starting
from tests.bench.latency import measured
from tests.bench.plugging import plugging
from tests.bench.processes import ROOT, cores
from tests.bench.report import page

# Rounds by terminals at once: some 1000 sales each, so that ten of them lie above the p99.
_ROUNDS = {1: 800, 8: 160, 32: 40}
_QUICK_ROUNDS = {1: 160, 8: 24, 32: 8}
_IDLE_S, _QUICK_IDLE_S = 60.0, 10.0
_STARTS = _REPLUGS = 5
_CLICKS, _QUICK_CLICKS = 40, 10


def measure(folder: Path, at: Broker, *, quick: bool) -> dict[str, Any]:
    """Everything, in order; the keys are those of docs/bench.md."""
    results: dict[str, Any] = {
        "machine": {"cores": cores(), "python": platform.python_version(), "broker": at.name},
        "quick": quick,
        "commits": {
            "before_first_byte": COMMITS_BEFORE_FIRST_BYTE,
            "before_outcome": COMMITS_BEFORE_OUTCOME,
        },
        "latency": {},
    }
    for terminals, rounds in (_QUICK_ROUNDS if quick else _ROUNDS).items():
        _say(f"· {terminals} at once")
        results["latency"][str(terminals)] = measured(folder, at, terminals, rounds)
    _say("· decoding, starting, resting")
    results["decoding"] = decoding()
    results["start"] = starting(folder, at, _STARTS)
    results |= resting(folder, at, _QUICK_IDLE_S if quick else _IDLE_S)
    _say("· a reader is pulled out")
    results["reader"] = plugging(folder, _REPLUGS)
    _say("· the clinic's pages are clicked")
    results["clinic"] = clicking(folder, _QUICK_CLICKS if quick else _CLICKS)
    results["aims"] = [aim.row() for aim in aims(results)]
    return results


def main() -> None:
    """Measure and tell; ends well whatever the numbers are."""
    parser = argparse.ArgumentParser("tests.bench", description="Latency and footprint beside a floor.")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds: to look at a change, not to quote"
    )
    quick = parser.parse_args().quick
    folder = ROOT / "build" / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with broker(folder) as at:
        results = measure(folder, at, quick=quick)
    file = folder.parent / "bench.json"
    file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _say(page(results) + f"Written to {file.relative_to(ROOT)}; the keys are explained in docs/bench.md.")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
