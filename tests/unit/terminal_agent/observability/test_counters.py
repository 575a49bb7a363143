"""Counts per terminal."""

from __future__ import annotations

from typing import Any

import pytest

from terminal_agent.observability.counters import STEPS_MS, Counters, Span


def test_what_happened_and_how_operations_ended_is_counted_per_terminal() -> None:
    counters = Counters()
    counters.happened("front", "accepted")
    counters.happened("front", "restarts")
    counters.ended("front", "approved")
    counters.ended("front", "approved")
    counters.ended("room", "declined")
    assert counters.of("front") == {"accepted": 1, "restarts": 1, "approved": 2}
    assert counters.snapshot() == {"front": counters.of("front"), "room": {"declined": 1}}


def test_a_terminal_that_was_never_heard_of_is_not_made_up() -> None:
    counters = Counters()
    assert counters.of("nobody") == {}
    assert counters.snapshot() == {}


@pytest.mark.parametrize(
    ("span", "seconds", "name"),
    [
        ("outcome", 0.0, "outcome_le_1000_ms"),
        ("outcome", 1.0, "outcome_le_1000_ms"),
        ("outcome", 1.0001, "outcome_le_5000_ms"),
        ("outcome", 12.0, "outcome_le_30000_ms"),
        ("outcome", 180.0, "outcome_le_180000_ms"),
        ("outcome", 180.1, "outcome_gt_180000_ms"),
        ("outcome", 1e6, "outcome_gt_180000_ms"),
    ],
)
def test_a_span_is_counted_in_the_first_step_that_it_fits(span: Span, seconds: float, name: str) -> None:
    counters = Counters()
    counters.took("front", span, seconds)
    assert counters.of("front") == {name: 1}


def test_the_steps_rise() -> None:
    for steps in STEPS_MS.values():
        assert list(steps) == sorted(set(steps))


def test_a_counter_that_does_not_exist_is_refused() -> None:
    unknown: Any = "4111"
    with pytest.raises(ValueError, match="there is no counter '4111'; known: accepted"):
        Counters().happened("front", unknown)
    with pytest.raises(ValueError, match="known: approved"):
        Counters().ended("front", unknown)


def test_a_snapshot_stands_still() -> None:
    counters = Counters()
    counters.happened("front", "orphans")
    before = counters.snapshot()
    counters.happened("front", "orphans")
    assert before == {"front": {"orphans": 1}}
