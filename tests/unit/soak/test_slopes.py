"""Slopes, medians of halves, and bytes for each operation."""

from __future__ import annotations

import pytest

from tests.soak.sampling import Sample
from tests.soak.slopes import bytes_per_operation, growth, measured_from_s, slope


def sample(journal_bytes: int, operations: int) -> Sample:
    return Sample(
        at_s=0.0,
        rss_mib=1.0,
        pss_mib=None,
        descriptors=None,
        threads=1,
        journal_bytes=journal_bytes,
        operations=operations,
    )


def test_the_measured_part_begins_after_the_fifth_minute_or_half_of_a_shorter_run() -> None:
    assert [measured_from_s(minutes * 60) for minutes in (1, 6, 10, 60)] == [30, 180, 300, 300]


def test_a_straight_line_has_its_slope_and_no_error() -> None:
    found = slope([(0, 10), (900, 11), (1800, 12), (2700, 13)])
    assert (found.per_hour, found.error_per_hour) == (4, 0)


def test_what_jumps_has_an_error() -> None:
    assert slope([(0, 1), (900, 3), (1800, 1), (2700, 3)]).error_per_hour > 1


def test_one_moment_of_more_is_no_growth() -> None:
    assert growth([7, 7, 7, 7, 9, 7]) == 0
    assert growth([7, 7, 7, 8, 8, 8]) == 1


def test_the_halves_are_those_of_the_operations() -> None:
    samples = [sample(1000, 10), sample(2000, 20), sample(4000, 30)]
    assert bytes_per_operation(samples) == (100, 200)


def test_no_operation_no_bytes_for_each() -> None:
    assert bytes_per_operation([sample(1000, 10), sample(1000, 10)]) is None


def test_too_little_is_said_to_be_too_little() -> None:
    with pytest.raises(ValueError, match="longer"):
        slope([(0, 1), (1, 1)])
    with pytest.raises(ValueError, match="longer"):
        growth([1, 2, 3])
