"""`python -m tests.sweep [--every N] [--wire pty tcp]`: sweep, write build/sweep.json, print it.

strace attaches to a process that keeps its memory private: that needs root, or CAP_SYS_PTRACE. Ends badly if
an outcome was lost, wrong or booked twice, if a cell ended early, or if nothing was hit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from itertools import product
from pathlib import Path
from typing import Any, get_args

from tests.bench.processes import ROOT
from tests.support.broker import Broker, tls_broker
from tests.support.station import Wire
from tests.sweep.cells import ENDINGS, POLICIES, Cell
from tests.sweep.report import page, results, sound
from tests.sweep.running import Swept, swept


def main() -> int:
    """Sweep and tell; the exit code."""
    parser = argparse.ArgumentParser("tests.sweep", description="Kill -9 at every write of a sale.")
    parser.add_argument("--every", type=int, default=1, help="only every nth kill, another one in each cell")
    parser.add_argument("--wire", nargs="+", choices=get_args(Wire), default=["pty"])
    parser.add_argument("--endings", nargs="+", choices=ENDINGS, default=ENDINGS)
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES)
    parser.add_argument(
        "--at-once", type=int, default=2, help="houses at work at the same time (%(default)s)"
    )
    wanted = parser.parse_args()
    folder = ROOT / "build" / "sweep"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "broker").mkdir(parents=True)
    cells = [Cell(*one) for one in product(wanted.wire, wanted.endings, wanted.policies)]
    with tls_broker(folder / "broker") as (broker, _):
        found = asyncio.run(_all_swept(broker, folder, cells, wanted.every, wanted.at_once))
    sys.stdout.write(page(found) + "Written to build/sweep.json.\n")
    return 0 if sound(found) else 1


async def _all_swept(
    broker: Broker, folder: Path, cells: list[Cell], every: int, at_once: int
) -> dict[str, Any]:
    """Every cell, some of them at a time."""
    places = asyncio.Semaphore(at_once)
    grid: list[Swept] = []

    async def one(number: int, cell: Cell) -> None:
        async with places:
            grid.append(await swept(broker, folder / cell.name, cell, every, number))
        # Written after each cell: a whole sweep takes long, and what was found must not be lost.
        found = results(grid, every)
        file = folder.parent / "sweep.json"
        file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        told = f"{found['kills']} kills so far, {found['true']} true, restart to truth {found['truth_s']}"
        sys.stdout.write(f"· {len(grid)} of {len(cells)}, {cell.name}: {told}\n")
        sys.stdout.flush()

    async with asyncio.TaskGroup() as tasks:
        for number, cell in enumerate(cells):
            tasks.create_task(one(number, cell))
    return results(grid, every)


if __name__ == "__main__":
    sys.exit(main())
