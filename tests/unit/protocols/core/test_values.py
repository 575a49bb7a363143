"""Money in minor units and its currencies; ULIDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.values import CURRENCY_NAMES, CURRENCY_NUMBERS, Money, ulid


def test_money_is_canadian_unless_said_otherwise() -> None:
    assert Money(1250) == Money(1250, "CAD")
    assert str(Money(1205)) == "12.05 CAD"
    assert str(Money(5, "EUR")) == "0.05 EUR"


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [(-1, "CAD", "amount_minor is -1"), (1, "XXX", "currency is 'XXX'"), (1, "124", "known: CAD")],
)
def test_what_no_wire_can_say_is_refused_by_name(amount: int, currency: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Money(amount, currency)


def test_each_currency_has_one_number() -> None:
    assert CURRENCY_NUMBERS["CAD"] == "124"
    assert {CURRENCY_NAMES[number]: number for number in CURRENCY_NAMES} == CURRENCY_NUMBERS


def test_a_ulid_is_that_of_the_specification() -> None:
    # 2016-07-30T23:54:10.259Z is 01ARZ3NDEK (ulid/spec, README); all ones are the largest.
    assert ulid(1469922850259, b"\x00" * 10) == "01ARZ3NDEK" + "0" * 16
    assert ulid((1 << 48) - 1, b"\xff" * 10) == "7" + "Z" * 25


@given(
    st.integers(0, (1 << 48) - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10)
)
def test_ulids_sort_by_time(unix_ms: int, one: bytes, other: bytes) -> None:
    assert ulid(unix_ms, one) < ulid(unix_ms + 1, other)
    assert (ulid(unix_ms, one) < ulid(unix_ms, other)) == (one < other)


def test_a_ulid_takes_ten_bytes_of_entropy() -> None:
    with pytest.raises(ValueError, match="10 bytes of entropy, not 9"):
        ulid(0, b"\x00" * 9)
