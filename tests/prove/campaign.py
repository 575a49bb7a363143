"""Many histories on all cores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace

from tests.prove.checker import Violation
from tests.prove.history import Result, run_history
from tests.prove.tally import Tally

_SLICE = 50
_ALIVE = 20


def seeds_of(seed: int, histories: int) -> range:
    """The histories of a campaign: those of another seed are others."""
    return range(seed * 10_000_000, seed * 10_000_000 + histories)


def run(
    seed: int,
    histories: int,
    workers: int | None = None,
    on_progress: Callable[[Tally], None] = lambda _sums: None,
) -> tuple[Tally, float, int]:
    """Play them all; the sums, the seconds it took, on how many cores. `on_progress` gets the sums so far."""
    count = workers or os.cpu_count() or 1
    started_s = time.monotonic()
    whole = Tally()
    with ProcessPoolExecutor(count) as pool:
        for done in as_completed([pool.submit(_slice, part) for part in _parts(seeds_of(seed, histories))]):
            whole.add(done.result())
            on_progress(whole)
    return whole, time.monotonic() - started_s, count


def first_failing(seed: int, histories: int) -> Result | None:
    """The first history that breaks a promise, in order; None when none does. On one core.

    An agent that refuses everything breaks none: of `_ALIVE` histories one command must have been approved.
    """
    approved = 0
    for number, one in enumerate(seeds_of(seed, histories)):
        result = run_history(one)
        approved += result.outcomes["approved"]
        if result.violations:
            return result
        if number + 1 == _ALIVE and not approved:
            return replace(result, violations=(Violation("idle", f"nothing approved in {_ALIVE} histories"),))
    return None


def _slice(seeds: range) -> Tally:
    tally = Tally()
    for seed in seeds:
        tally.take(run_history(seed))
    return tally


def _parts(seeds: range) -> Iterator[range]:
    for start in range(seeds.start, seeds.stop, _SLICE):
        yield range(start, min(start + _SLICE, seeds.stop))
