"""Moments without a year."""

from __future__ import annotations

import pytest

from protocols.core.stamps import moment_of, passed_s, stamp_of


def test_a_stamp_is_read_as_it_is_written() -> None:
    moment = moment_of("0229120005")
    assert moment is not None
    assert stamp_of(moment) == "0229120005"


@pytest.mark.parametrize("nonsense", [None, "", "1399000000", "12", "no time!!!"])
def test_what_is_no_moment_is_none(nonsense: str | None) -> None:
    assert moment_of(nonsense) is None
    assert passed_s(nonsense, "0101000000") is None
    assert passed_s("0101000000", nonsense) is None


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [
        ("1122150000", "1122150045", 45.0),
        ("1122150000", "1122145959", -1.0),
        ("1231235950", "0101000010", 20.0),
        ("0101000010", "1231235950", -20.0),
    ],
)
def test_what_passed_goes_over_the_new_year_where_that_is_nearer(
    before: str, after: str, seconds: float
) -> None:
    assert passed_s(before, after) == seconds
