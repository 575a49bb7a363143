"""`python -m tests.soak --minutes N`: soak, write build/soak.json, print it.

Ends badly only if the ledger disagrees or the agent died; a missed aim is told, not failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys

from tests.bench.processes import ROOT
from tests.soak.report import page
from tests.soak.running import soak


def main() -> int:
    """Run and tell; the exit code."""
    parser = argparse.ArgumentParser("tests.soak", description="The agent under load, replugs and restarts.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--terminals", type=int, choices=(2, 3, 4), default=3)
    parser.add_argument(
        "--pause",
        type=float,
        default=0.5,
        help="seconds between two sales of one terminal, in the measured part",
    )
    wanted = parser.parse_args()
    folder = ROOT / "build" / "soak"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = soak(folder, minutes=wanted.minutes, terminals=wanted.terminals, pause_s=wanted.pause)
    results = asyncio.run(run)
    file = folder.parent / "soak.json"
    file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(page(results) + f"Written to {file.relative_to(ROOT)}.\n")
    return 0 if results["ledger"]["agrees"] and not results["agent_died"] else 1


if __name__ == "__main__":
    sys.exit(main())
