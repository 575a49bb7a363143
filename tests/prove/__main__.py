"""`make prove HISTORIES=N SEED=S`, `make prove REPLAY=seed`.

Exits 1 when a promise was broken, and tells the story of the first history that broke it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.prove import campaign
from tests.prove.history import Result, run_history

_TOLD = 1


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--histories", type=int, default=2000, help="how many (2000)")
    parser.add_argument("--seed", type=int, default=1, help="of the campaign (1)")
    parser.add_argument("--workers", type=int, default=None, help="processes; all cores if not given")
    parser.add_argument("--replay", type=int, default=None, help="play one history and tell its story")
    asked = parser.parse_args(arguments)
    if asked.replay is not None:
        return _tell(run_history(asked.replay, tell=True))
    tally, seconds, workers = campaign.run(asked.seed, asked.histories, asked.workers)
    print(f"campaign of seed {asked.seed}")
    print("\n".join(tally.lines(seconds, workers)))
    for seed in tally.failing[:_TOLD]:
        _tell(run_history(seed, tell=True))
    return 1 if tally.failing else 0


def _tell(result: Result) -> int:
    print("\n".join(result.story))
    for violation in result.violations:
        print(f"BROKEN {violation.promise}: {violation.text}")
    print(f"history {result.seed}, digest {result.digest}: make prove REPLAY={result.seed} tells it again")
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
