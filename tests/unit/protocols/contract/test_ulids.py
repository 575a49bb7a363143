"""ULIDs as the specification writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract.fields import ULID_PATTERN
from protocols.contract.ulids import make_ulid, ulid_ms

TIMES = st.integers(0, 2**48 - 1)
ENTROPY = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_specification() -> None:
    assert make_ulid(1469918176385, bytes(10)) == "01ARYZ6S410000000000000000"
    assert make_ulid(2**48 - 1, b"\xff" * 10) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


@given(TIMES, TIMES, ENTROPY)
def test_they_sort_by_time_and_fit_the_contract(first: int, second: int, entropy: bytes) -> None:
    one, two = make_ulid(first, entropy), make_ulid(second, entropy)
    assert (one < two) == (first < second)
    assert re.fullmatch(ULID_PATTERN, one)
    assert ulid_ms(one) == first


@pytest.mark.parametrize(
    ("unix_ms", "entropy"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9)), (0, b"")]
)
def test_what_does_not_fit_is_refused(unix_ms: int, entropy: bytes) -> None:
    with pytest.raises(ValueError, match="ULID"):
        make_ulid(unix_ms, entropy)
