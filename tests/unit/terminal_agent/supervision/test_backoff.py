"""The pause before a restart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal_agent.supervision.backoff import Backoff


def test_it_doubles_up_to_the_longest() -> None:
    backoff = Backoff(first_s=0.5, longest_s=5.0)
    assert [backoff.delay_s(failures, lambda: 0.0) for failures in (1, 2, 3, 4, 5, 9)] == [0.5, 1, 2, 4, 5, 5]


def test_jitter_only_shortens() -> None:
    assert Backoff(first_s=1.0, jitter=0.25).delay_s(1, lambda: 0.8) == 0.8


@given(st.integers(1, 10**9), st.floats(0, 0.999))
def test_it_stays_within_its_bounds_for_ever(failures: int, chance: float) -> None:
    backoff = Backoff()
    least_s = backoff.first_s * (1 - backoff.jitter)
    assert least_s <= backoff.delay_s(failures, lambda: chance) <= backoff.longest_s
