"""`make prove HISTORIES=N SEED=S`, `make prove REPLAY=seed`.

Exits 1 when a promise was broken, and tells the story of the first history that broke it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.prove import campaign
from tests.prove.history import Result, run_history
from tests.prove.tally import Tally


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--histories", type=int, default=2000, help="how many (2000)")
    parser.add_argument("--seed", type=int, default=1, help="of the campaign (1)")
    parser.add_argument("--workers", type=int, default=None, help="processes; all cores if not given")
    parser.add_argument("--replay", type=int, default=None, help="play one history and tell its story")
    parser.add_argument("--hunt", action="store_true", help="stop at the first broken promise; on one core")
    asked = parser.parse_args(arguments)
    if asked.replay is not None:
        return _tell(run_history(asked.replay, tell=True))
    if asked.hunt:
        return _hunt(asked.seed, asked.histories)
    progress = _Progress(asked.histories)
    tally, seconds, workers = campaign.run(asked.seed, asked.histories, asked.workers, progress.so_far)
    _say(f"campaign of seed {asked.seed}")
    _say("\n".join(tally.lines(seconds, workers)))
    if tally.failing:
        _tell(run_history(tally.failing[0], tell=True))
    return 1 if tally.failing else 0


class _Progress:
    """Says on stderr how far a campaign is, every twentieth of it, and at once what broke a promise."""

    def __init__(self, histories: int) -> None:
        self._histories = histories
        self._said, self._failing = 0, 0

    def so_far(self, sums: Tally) -> None:
        """Called with the sums whenever they have grown."""
        twentieth = 20 * sums.histories // self._histories
        if twentieth > self._said or len(sums.failing) > self._failing:
            self._said, self._failing = twentieth, len(sums.failing)
            failing = " ".join(map(str, sums.failing)) or "none"
            sys.stderr.write(f"· {sums.histories} of {self._histories} histories, broken: {failing}\n")


def _hunt(seed: int, histories: int) -> int:
    result = campaign.first_failing(seed, histories)
    if result is None:
        return 0
    number = result.seed - campaign.seeds_of(seed, histories).start + 1
    _say(f"found {number} {result.violations[0].promise} seed {result.seed}: {result.violations[0].text}")
    return 1


def _tell(result: Result) -> int:
    _say("\n".join(result.story))
    for violation in result.violations:
        _say(f"BROKEN {violation.promise}: {violation.text}")
    _say(f"history {result.seed}, digest {result.digest}: make prove REPLAY={result.seed} tells it again")
    return 1 if result.violations else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
