"""The numbers of the bench: percentiles, aims, and that every key is explained."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.aims import Aim, aims
from tests.bench.latency import compared
from tests.bench.processes import ROOT
from tests.bench.report import page
from tests.bench.statistics import percentile

SPANS = ("first_byte_ms", "payment_ms", "outcome_ms", "whole_ms")


def found(floor: float, ours: float) -> dict[str, Any]:
    """What a phase gives, every span alike; its p99 is twice its p50."""
    floors, agents = ({span: {"p50": ms, "p99": 2 * ms} for span in SPANS} for ms in (floor, ours))
    cpu = {"cpu_ms_per_operation": {"ecr": 1.0, "peer": 0.1, "backend": 0.2, "broker": 0.1}}
    return {
        "operations": 10,
        "floor": {**floors, **cpu},
        "agent": {**agents, **cpu},
        **compared(agents, floors),
    }


def results() -> dict[str, Any]:
    """A whole run."""
    whole: dict[str, Any] = {
        "machine": {"cores": 2, "python": "3.11", "broker": "mosquitto"},
        "quick": True,
        "commits": {"before_first_byte": 1, "before_outcome": 5},
        "latency": {"1": found(1.0, 1.5), "32": found(2.0, 4.0)},
        "decoding": {"examples": 20, "apdus_per_s": 17_000, "from_serial_bytes_per_s": 1},
        "start": {"ready_s": {"median": 1.1, "slowest": 1.2}},
        "reader": {"replugged_s": {"median": 0.7, "slowest": 0.8}},
        "clinic": {
            "save_ms": {"p50": 45.0, "p99": 90.0},
            "pay_ms": {"p50": 151.0, "p99": 200.0},
            "floor_ms": None,
        },
        "memory": {
            "idle_rss_mib": 44.0,
            "idle_pss_mib": None,
            "per_further_terminal_rss_mib": 0.1,
            "per_further_terminal_pss_mib": None,
        },
        "idle_cpu": {"window_s": 10.0, "one_terminal_percent": 0.2, "many_terminals_percent": 0.3},
    }
    whole["aims"] = [aim.row() for aim in aims(whole)]
    return whole


def keys(value: object) -> set[str]:
    """All keys within."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize(("share", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: int, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_few_samples_have_percentiles_too() -> None:
    assert percentile([3.0, 1.0], 50) == 1.0
    assert percentile([3.0, 1.0], 99) == 3.0


def test_what_the_agent_adds_is_told_both_ways() -> None:
    told = found(2.0, 5.0)
    assert told["added"]["outcome_ms"] == {"p50": 3.0, "p99": 6.0}
    assert told["ratio"]["outcome_ms"] == {"p50": 2.5, "p99": 2.5}


def test_a_bound_itself_is_met_and_beyond_it_is_a_miss() -> None:
    met = {aim.name: aim.met for aim in aims(results())}
    assert met["command → first byte, 1 at once, p50"]
    assert not met["command → first byte, 32 at once, p50"]
    assert met["command → first byte, 32 at once, p99"]
    assert not met["last byte → outcome, p99 of 32 at once"]
    assert met["decoding"]
    assert not met["start to ready"]
    assert met["click on Save → terminal's prompt, p50"]
    assert not met["click on Pay → terminal's prompt, p50"]


def test_what_could_not_be_measured_is_a_miss() -> None:
    assert not Aim("anything", None, 1.0, "s").met


def test_every_key_is_explained() -> None:
    explained = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8")
    assert [key for key in sorted(keys(results())) if f"`{key}`" not in explained] == []


def test_the_page_tells_each_aim_and_how_many_are_missed() -> None:
    text = page(results())
    assert all(row["name"] in text for row in results()["aims"])
    missed = sum(not row["met"] for row in results()["aims"])
    assert f"{len(results()['aims']) - missed} of {len(results()['aims'])} aims are met" in text
