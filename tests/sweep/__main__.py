"""`python -m tests.sweep [--every N] [--wire pty tcp reader]`: sweep, write build/sweep.json, print it.

strace attaches to a process that keeps its memory private: that needs root, or CAP_SYS_PTRACE. Ends badly if
an outcome was lost, wrong or booked twice, if a cell ended early, or if less was hit than missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

from tests.bench.processes import ROOT
from tests.support.broker import Broker, tls_broker
from tests.support.station import Wire
from tests.sweep import counter_cells
from tests.sweep.cells import ENDINGS, POLICIES, Cell
from tests.sweep.report import page, results, sound
from tests.sweep.running import Swept, swept
from tests.sweep.stage import Scene


def main() -> int:
    """Sweep and tell; the exit code."""
    wanted = parser().parse_args()
    folder = ROOT / "build" / "sweep"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "broker").mkdir(parents=True)
    with tls_broker(folder / "broker") as (broker, _):
        found = asyncio.run(_all_swept(broker, folder, scenes(wanted), wanted))
    sys.stdout.write(page(found) + "Written to build/sweep.json.\n")
    return 0 if sound(found) else 1


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    made = argparse.ArgumentParser("tests.sweep", description="Kill -9 at every write of an order.")
    made.add_argument("--every", type=int, default=1, help="only every nth kill, another one in each cell")
    made.add_argument("--wire", nargs="+", choices=(*get_args(Wire), "reader"), default=["pty"])
    made.add_argument("--endings", nargs="+", choices=sorted({*ENDINGS, *counter_cells.ENDINGS}))
    made.add_argument("--policies", nargs="+", choices=POLICIES, help="of a terminal")
    made.add_argument("--orders", nargs="+", choices=counter_cells.ORDERS, help="at a reader")
    made.add_argument(
        "--settle-s",
        type=float,
        default=2.0,
        help="at a reader: an order that the vault does not know for so long was never placed (%(default)s;"
        " the agent's own default is 120, for orders that may still be on their way)",
    )
    made.add_argument("--at-once", type=int, default=2, help="houses at work at the same time (%(default)s)")
    return made


def scenes(wanted: argparse.Namespace) -> list[Scene]:
    """The cells of the wires that are wanted; of a list that was not given all."""
    wires = [wire for wire in wanted.wire if wire != "reader"]
    found: list[Scene] = [
        Cell(*one)
        for one in product(wires, ENDINGS, wanted.policies or POLICIES)
        if one[1] in (wanted.endings or ENDINGS)
    ]
    if "reader" in wanted.wire:
        found += [
            replace(cell, settle_s=wanted.settle_s)
            for cell in counter_cells.COUNTER_CELLS
            if cell.ending in (wanted.endings or counter_cells.ENDINGS)
            and cell.order in (wanted.orders or counter_cells.ORDERS)
        ]
    return found


async def _all_swept(
    broker: Broker, folder: Path, cells: Sequence[Scene], wanted: argparse.Namespace
) -> dict[str, Any]:
    """Every cell, some of them at a time."""
    places = asyncio.Semaphore(wanted.at_once)
    grid: list[Swept] = []

    async def one(number: int, cell: Scene) -> None:
        async with places:
            grid.append(await swept(broker, folder / cell.name, cell, wanted.every, number))
        # Written after each cell: a whole sweep takes long, and what was found must not be lost.
        found = results(grid, wanted.every, wanted.settle_s)
        file = folder.parent / "sweep.json"
        file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        told = f"{found['kills']} kills so far, {found['true']} true, restart to truth {found['truth_s']}"
        sys.stdout.write(f"· {len(grid)} of {len(cells)}, {cell.name}: {told}\n")
        sys.stdout.flush()

    async with asyncio.TaskGroup() as tasks:
        for number, cell in enumerate(cells):
            tasks.create_task(one(number, cell))
    return results(grid, wanted.every, wanted.settle_s)


if __name__ == "__main__":
    sys.exit(main())
