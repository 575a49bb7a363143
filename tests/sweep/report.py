"""What a sweep found, for the file and for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.statistics import percentile
from tests.sweep.running import Swept

_MEDIAN = 50


def results(all_swept: Sequence[Swept], wire: str, every: int) -> dict[str, Any]:
    """Everything for the file. `truth_s`: seconds from the restart to the outcome at the backend."""
    kills = [kill for one in all_swept for kill in one.kills]
    times = [kill.truth_s for kill in kills if kill.truth_s is not None]
    verdicts = Counter(kill.verdict for kill in kills)
    return {
        "wire": wire,
        "every": every,
        "kills": len(kills),
        "missed": sum(one.missed for one in all_swept),
        **{verdict: verdicts[verdict] for verdict in ("true", "lost", "double", "wrong")},
        "hit": dict(Counter(f"{kill.when} {kill.effect}" for kill in kills)),
        "truth_s": {"p50": percentile(times, _MEDIAN), "max": round(max(times), 3)} if times else None,
        "grid": [
            {
                "outcome": one.outcome,
                "policy": one.policy,
                "points": one.points,
                "missed": one.missed,
                "states": dict(Counter(kill.state for kill in one.kills)),
                "kills": [asdict(kill) for kill in one.kills],
            }
            for one in all_swept
        ],
    }


def page(found: Mapping[str, Any]) -> str:
    """In plain words."""
    share = "every one" if found["every"] == 1 else f"one in {found['every']}"
    rows = [
        f"  {one['outcome']:<10} {one['policy']:<8} {one['points']:>3} points, {len(one['kills']):>3} kills"
        f" ({one['missed']} missed): {one['states']}"
        for one in found["grid"]
    ]
    wrong = [
        f"  {one['outcome']}, {one['policy']}: {kill['when']} {kill['effect']} {kill['point']}:"
        f" told {kill['state']}, {kill['verdict']}"
        for one in found["grid"]
        for kill in one["kills"]
        if kill["verdict"] != "true"
    ]
    lines = [
        f"sweep on {found['wire']}: kill -9 before and after {share} of the calls of a sale that write",
        *rows,
        f"  hit: {found['hit']}",
        f"  {found['kills']} kills: {found['true']} true, {found['lost']} lost, {found['double']} double,"
        f" {found['wrong']} wrong; {found['missed']} missed: the sale ended without that call",
        f"  from restart to truth: {found['truth_s'] or 'nothing to tell'} s",
        *wrong,
    ]
    return "\n".join(lines) + "\n"
