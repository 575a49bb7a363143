"""Anything that could be a card number is found; ids and times are not taken for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.card_ranges import luhn_valid
from protocols.contract.card_numbers import card_number_path, holds_card_number
from protocols.contract.fields import write_time
from protocols.contract.ulids import make_ulid

# Public test numbers of the schemes.
NUMBERS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "36227206271667",
    "3530111333300000",
    "6011111111111117",
    "6200000000000005",
    "6205500000000000004",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("separator", ["", " ", "-", ".", "\u00a0"])
def test_test_cards_are_found_however_they_are_written(number: str, separator: str) -> None:
    groups = separator.join(number[at : at + 4] for at in range(0, len(number), 4))
    for text in (groups, f"card {groups}, thanks", f"x{groups}y", f";{groups}=27125011234?"):
        assert holds_card_number(text)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_with_a_wrong_check_digit_is_none(number: str) -> None:
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert luhn_valid(number)
    assert not holds_card_number(wrong)


def test_digits_of_other_scripts_count() -> None:
    arabic = "".join(chr(0x0660 + int(digit)) for digit in NUMBERS[0])
    assert holds_card_number(arabic)


def test_a_number_inside_a_longer_run_is_found() -> None:
    assert holds_card_number("99999" + NUMBERS[0] + "00")


def test_a_very_long_run_is_not_searched_but_refused() -> None:
    assert holds_card_number("1" * 60_000)


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_operation_id_is_never_taken_for_one(unix_ms: int, entropy: bytes) -> None:
    assert card_number_path({"operation_id": make_ulid(unix_ms, entropy)}, ("operation_id",)) is None


@given(st.uuids(version=4))
def test_a_uuid_is_never_taken_for_one(value: object) -> None:
    assert not holds_card_number(str(value))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_never_taken_for_one(moment: datetime) -> None:
    assert not holds_card_number(write_time(moment))
    assert not holds_card_number(moment.isoformat(timespec="microseconds"))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": {"b": ["x", NUMBERS[0]]}}, ("a", "b", 1)),
        ({"a": int(NUMBERS[0])}, ("a",)),
        ({"a": float(NUMBERS[0])}, ("a",)),
        ({NUMBERS[0]: 1}, ("*",)),
        ({"a": [{NUMBERS[0]: 1}]}, ("a", 0, "*")),
        ({"operation_id": NUMBERS[0]}, ("operation_id",)),
        ({"operation_id": [NUMBERS[0]]}, ("operation_id", 0)),
        ({"a": True, "b": None, "c": 4.5, "d": "1234"}, None),
    ],
)
def test_it_is_found_at_any_depth(value: dict[str, Any], path: tuple[str | int, ...] | None) -> None:
    assert card_number_path(value, ("operation_id",)) == path
