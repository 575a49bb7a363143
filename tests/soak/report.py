"""The figures of a soak, the aims beside them, and the page that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.aims import Aim
from tests.soak.sampling import Sample
from tests.soak.slopes import bytes_per_operation, growth, measured_from_s, slope

_MEMORY_AIM_MIB_AN_HOUR = 1.0
_JOURNAL_AIM_PERCENT = 5.0


def figures(samples: Sequence[Sample], total_s: float) -> dict[str, Any]:
    """Slopes and growths over the measured part, and the aims. None where nothing could be read."""
    since_s = measured_from_s(total_s)
    measured = [one for one in samples if one.at_s >= since_s]
    found: dict[str, Any] = {
        "measured_from_s": round(since_s, 1),
        "operations_before": measured[0].operations if measured else None,
        "measured_samples": len(measured),
    }
    for name in ("rss_mib", "pss_mib", "descriptors", "threads"):
        found[name] = _grown(measured, name)
    found["operations_per_hour"] = pace = _pace(measured)
    rss = found["rss_mib"]
    # What grows with the load, a cache that fills for instance, shows here; a clinic has a few sales an hour.
    found["rss_bytes_per_operation"] = round(rss["per_hour"] * 2**20 / pace) if rss and pace else None
    halves = bytes_per_operation(measured) if measured else None
    found["journal_bytes_per_operation"] = halves and {
        "first_half": halves[0],
        "second_half": halves[1],
        "changed_percent": round(100 * (halves[1] / halves[0] - 1), 2) if halves[0] else None,
    }
    found["aims"] = [aim.row() for aim in _aims(found)]
    return found


def page(results: Mapping[str, Any]) -> str:
    """What the run was and what came of it, in plain words."""
    ledger = results["ledger"]
    lines = [
        f"soak: {results['minutes']} min, {results['terminals']} terminals, {results['broker']}",
        f"  outcomes {results['outcomes']}, rejected {results['rejected']}",
        f"  replugs {results['replugs']} ({results['replugs_during_a_sale']} during a sale),"
        f" broker restarts {results['broker_restarts']},"
        f" agent {'DIED' if results['agent_died'] else 'alive'}",
        f"  ledger {'agrees' if ledger['agrees'] else 'DISAGREES'}: approved {_money(ledger['approved'])},"
        f" booked {_money(ledger['booked'])}, needs a human {ledger['needs_human']}",
        f"  measured from second {results['measured_from_s']:g}, after {results['operations_before']}"
        f" operations, {results['measured_samples']} samples:",
        *(_line(name, results[name]) for name in ("rss_mib", "pss_mib", "descriptors", "threads")),
        f"    at {results['operations_per_hour']} operations an hour,"
        f" that is {results['rss_bytes_per_operation']} bytes of RSS per operation",
        f"    journal bytes per operation: {results['journal_bytes_per_operation'] or 'too few operations'}",
        *(
            f"  aim {aim['name']}: {aim['measured']} {aim['unit']}, at most {aim['aim']:g}: "
            + ("met" if aim["met"] else "NOT met")
            for aim in results["aims"]
        ),
    ]
    return "\n".join(lines) + "\n"


def _pace(measured: Sequence[Sample]) -> int:
    """Operations an hour; 0 where too few samples tell."""
    seconds = measured[-1].at_s - measured[0].at_s if measured else 0.0
    done = measured[-1].operations - measured[0].operations if measured else 0
    return round(done / seconds * 3600) if seconds else 0


def _grown(measured: Sequence[Sample], name: str) -> dict[str, Any] | None:
    points = [(one.at_s, value) for one in measured if (value := getattr(one, name)) is not None]
    try:
        grown = growth([value for _, value in points])
        return {
            "first": points[0][1],
            "last": points[-1][1],
            "growth": round(grown, 3),
            **asdict(slope(points)),
        }
    except ValueError:
        return None  # too few samples


def _aims(found: Mapping[str, Any]) -> Iterator[Aim]:
    memory, journal = found["rss_mib"], found["journal_bytes_per_operation"]
    yield Aim("memory, RSS", memory and memory["per_hour"], _MEMORY_AIM_MIB_AN_HOUR, "MiB/hour")
    for name in ("descriptors", "threads"):
        yield Aim(f"{name} flat", found[name] and found[name]["growth"], 0.0, "more in the second half")
    changed = journal and journal["changed_percent"]
    off = None if changed is None else abs(changed)
    yield Aim("journal bytes per operation constant", off, _JOURNAL_AIM_PERCENT, "% off")


def _line(name: str, found: Mapping[str, Any] | None) -> str:
    if found is None:
        return f"    {name}: not readable, or too few samples"
    return (
        f"    {name}: {found['first']} → {found['last']}, {found['per_hour']:+} ± {found['error_per_hour']}"
        f" an hour, medians of the halves {found['growth']:+}"
    )


def _money(side: Mapping[str, int]) -> str:
    return f"{side['count']} of {side['sum_minor']} minor units"
