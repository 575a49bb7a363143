"""`python -m tests.sweep [--every N] [--wire pty|tcp]`: sweep, write build/sweep.json, print it.

strace attaches to a process that keeps its memory private: that needs root, or CAP_SYS_PTRACE. Ends badly if
an outcome was lost, wrong or booked twice, or if nothing was hit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from itertools import product
from typing import get_args

from tests.bench.processes import ROOT
from tests.support.broker import tls_broker
from tests.support.station import Wire
from tests.sweep.report import page, results
from tests.sweep.running import OUTCOMES, POLICIES, Swept, swept


def main() -> int:
    """Sweep and tell; the exit code."""
    parser = argparse.ArgumentParser("tests.sweep", description="Kill -9 at every write of a sale.")
    parser.add_argument("--every", type=int, default=1, help="only every nth kill, another one in each cell")
    parser.add_argument("--wire", choices=get_args(Wire), default="pty")
    parser.add_argument("--outcomes", nargs="+", choices=OUTCOMES, default=OUTCOMES)
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES)
    wanted = parser.parse_args()
    folder = ROOT / "build" / "sweep"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "broker").mkdir(parents=True)
    file = folder.parent / "sweep.json"
    grid: list[Swept] = []
    found = results(grid, wanted.wire, wanted.every)
    with tls_broker(folder / "broker") as (broker, _):
        for number, (outcome, policy) in enumerate(product(wanted.outcomes, wanted.policies)):
            own = folder / f"{outcome}-{policy}"
            sweep = swept(broker, own, wanted.wire, outcome, policy, wanted.every, number)
            grid.append(asyncio.run(sweep))
            # Written after each cell: a whole sweep takes long, and what was found must not be lost.
            found = results(grid, wanted.wire, wanted.every)
            file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            kills = f"{found['kills']} kills so far, {found['true']} true"
            sys.stdout.write(f"· {outcome}, {policy}: {kills}, restart to truth {found['truth_s']}\n")
            sys.stdout.flush()
    sys.stdout.write(page(found) + f"Written to {file.relative_to(ROOT)}.\n")
    return 0 if found["kills"] and found["true"] == found["kills"] else 1


if __name__ == "__main__":
    sys.exit(main())
