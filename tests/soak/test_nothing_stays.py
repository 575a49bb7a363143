"""What sales leave in the agent's memory once they are over: nothing that grows with them.

In a process of its own: another test may have filled the caches that a leak would fill.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.bench.processes import ROOT

LIMIT_S = 100
# Between two looks a few caches still find their size; one object kept for each sale would be 400.
FEW = 40


def looks() -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after the counted sales."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.virtual"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    before, after = json.loads(done.stdout)
    return before, after


def test_a_sale_that_is_over_leaves_nothing_in_memory() -> None:
    before, after = looks()
    sales = after["approved"] - before["approved"]
    assert sales == 400
    assert before["blocks"] > 100_000
    # Strings are in no container's list: a block for every second sale would be a leak of them.
    assert after["blocks"] - before["blocks"] < sales // 2
    grown = {kind: n - before["containers"].get(kind, 0) for kind, n in after["containers"].items()}
    assert {kind: by for kind, by in grown.items() if by > FEW} == {}
