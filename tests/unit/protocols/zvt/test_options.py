"""The options of a ZVT terminal: which values its settings may hold, and what is said of others."""

from __future__ import annotations

import pytest

from protocols.zvt.options import OptionError, ZvtOptions


def test_an_option_that_may_be_absent_takes_a_value_of_its_own_type() -> None:
    options = ZvtOptions.from_mapping({"nothing_stored_code": 0xFB, "terminal_id": "52500042"})
    assert (options.nothing_stored_code, options.terminal_id) == (0xFB, "52500042")


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("nothing_stored_code", "FB", "a whole number"),
        ("nothing_stored_code", True, "a whole number"),
        ("terminal_id", 52500042, "a text"),
        ("t3_s", "5", "a number"),
        ("capture_with", "magic", "'book_total' or 'partial_reversal'"),
    ],
)
def test_a_value_of_another_type_is_named_with_what_is_allowed(
    name: str, value: str | int | bool, wanted: str
) -> None:
    with pytest.raises(OptionError, match=f"{name} is .*; allowed: {wanted}"):
        ZvtOptions.from_mapping({name: value})


def test_an_unknown_option_is_named_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match=r"t9_s is not an option of zvt; known: .*t3_s"):
        ZvtOptions.from_mapping({"t9_s": 1})


def test_a_wrong_password_is_not_shown() -> None:
    with pytest.raises(OptionError) as caught:
        ZvtOptions.from_mapping({"password": 987654})
    assert "987654" not in str(caught.value)
