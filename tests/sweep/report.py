"""What a sweep found, for the file and for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from tests.bench.statistics import percentile
from tests.sweep.judging import Verdict
from tests.sweep.running import Kill, Swept

_MEDIAN = 50


def results(all_swept: Sequence[Swept], every: int, settle_s: float) -> dict[str, Any]:
    """Everything for the file: `wires` by their name, `grid` by cell. `settle_s` is the readers'."""
    wires = dict.fromkeys(one.scene.wire for one in all_swept)
    return {
        "every": every,
        "settle_s": settle_s,
        **_summary(all_swept),
        "wires": {wire: _summary([one for one in all_swept if one.scene.wire == wire]) for wire in wires},
        "grid": [_row(one) for one in all_swept],
    }


def sound(found: Mapping[str, Any]) -> bool:
    """Whether more was hit than missed, nothing was lost, double or wrong, and no cell ended early. A
    terminal that cannot be asked by our key may leave an order to a human (docs/decisions/0013); a vault
    may not."""
    at_vault = found["wires"].get("reader", {"human": 0})
    settled = found["true"] + found["human"] == found["kills"] and not at_vault["human"]
    return found["kills"] > found["missed"] and settled and not found["broken"]


def page(found: Mapping[str, Any]) -> str:
    """In plain words."""
    share = "every one" if found["every"] == 1 else f"one in {found['every']}"
    lines = [
        f"sweep: kill -9 before and after {share} of the calls of an order that write",
        *(_told(row) for row in found["grid"]),
        *_settled(found),
        *(f"  {wire}: {_summed(summary)}" for wire, summary in found["wires"].items()),
        f"  in all: {_summed(found)}",
        f"  hit: {found['hit']}",
        *(
            f"  {row['cell']}: {kill['when']} {kill['effect']} {kill['point']}:"
            f" told {kill['state']}, {kill['verdict']} {kill['why']}"
            for row in found["grid"]
            for kill in row["kills"]
            if kill["verdict"] != "true"
        ),
    ]
    return "\n".join(lines) + "\n"


def _settled(found: Mapping[str, Any]) -> list[str]:
    settle = f"  at a reader: an order unknown to the vault for {found['settle_s']:g} s was never placed"
    return [settle] if "reader" in found["wires"] else []


def _summary(some: Sequence[Swept]) -> dict[str, Any]:
    """`truth_s`: seconds from the restart to the outcome at the backend."""
    kills = [kill for one in some for kill in one.kills]
    verdicts = Counter(kill.verdict for kill in kills)
    return {
        "kills": len(kills),
        "missed": sum(one.missed.total() for one in some),
        **{verdict: verdicts[verdict] for verdict in get_args(Verdict)},
        "broken": sum(one.broken is not None for one in some),
        "hit": dict(sorted(Counter(f"{kill.when} {kill.effect}" for kill in kills).items())),
        "truth_s": _times(kills),
    }


def _times(kills: Sequence[Kill]) -> dict[str, float] | None:
    times = [kill.truth_s for kill in kills if kill.truth_s is not None]
    return {"p50": percentile(times, _MEDIAN), "max": round(max(times), 3)} if times else None


def _row(one: Swept) -> dict[str, Any]:
    return {
        "cell": one.scene.name,
        "points": dict(sorted(Counter(one.points.values()).items())),
        "missed": dict(sorted(one.missed.items())),
        "broken": one.broken,
        "states": dict(Counter(kill.state for kill in one.kills)),
        "truth_s": _times(one.kills),
        "kills": [asdict(kill) for kill in one.kills],
    }


def _told(row: Mapping[str, Any]) -> str:
    points, missed = sum(row["points"].values()), sum(row["missed"].values())
    kills = f"{len(row['kills']):>3} kills ({missed} missed)"
    told = f"  {row['cell']:<30} {points:>3} points, {kills}: {row['states']}"
    return told if row["broken"] is None else f"{told}\n    ENDED EARLY: {row['broken']}"


def _summed(summary: Mapping[str, Any]) -> str:
    verdicts = ", ".join(
        f"{summary[verdict]} {'left to a human' if verdict == 'human' else verdict}"
        for verdict in get_args(Verdict)
    )
    return (
        f"{summary['kills']} kills: {verdicts}; {summary['missed']} missed (the order ended without that"
        f" call); from restart to truth {summary['truth_s'] or 'nothing to tell'} s"
    )
