"""The options of a ZVT terminal: which values its settings may hold, and what is said of others."""

from __future__ import annotations

import pytest

from protocols.core.options import OptionError
from protocols.zvt.options import ZvtOptions


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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("currency", "XXX", "currency is 'XXX'; allowed: CAD, CHF"),
        ("password", "12345", "password must be six digits; the value given is not shown"),
        ("config", 256, "config is 256; allowed: one byte"),
        ("terminal_id", "1234", "terminal_id is '1234'; allowed: eight digits"),
        ("t3_s", 0, "t3_s is 0; allowed: more than 0 seconds"),
        ("probe_s", -1.0, "probe_s is -1.0; allowed: more than 0 seconds"),
        ("read_card_timeout_s", 100, "read_card_timeout_s is 100; allowed: 1 to 99"),
    ],
)
def test_a_value_that_no_terminal_takes_is_named(name: str, value: str | float, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        ZvtOptions.from_mapping({name: value})


def test_a_whole_number_of_seconds_is_a_number_of_seconds() -> None:
    assert ZvtOptions.from_mapping({"t3_s": 7}).t3_s == 7


def test_nothing_secret_is_shown() -> None:
    assert repr(ZvtOptions(password="987654", terminal_id="52500042")) == (
        "ZvtOptions(transport='serial', terminal_id='52500042')"
    )
