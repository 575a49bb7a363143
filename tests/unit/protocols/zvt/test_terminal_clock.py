"""The terminal's clock, carried forward on ours."""

from __future__ import annotations

import pytest

from protocols.zvt.terminal_clock import TerminalClock, goes_on


def test_it_is_unknown_until_it_was_told() -> None:
    assert TerminalClock().reads(5.0) is None


def test_it_goes_on_with_our_time() -> None:
    clock = TerminalClock()
    clock.hear("1231235950", 100.0)
    assert clock.reads(100.0) == "1231235950"
    assert clock.reads(115.9) == "0101000005"


def test_the_last_word_counts() -> None:
    clock = TerminalClock()
    clock.hear("0229120000", 0.0)
    clock.hear("0301080000", 1.0)
    assert clock.reads(1.0) == "0301080000"


@pytest.mark.parametrize("nonsense", [None, "", "1399000000", "12", "no time!!!"])
def test_what_is_no_time_is_passed_over(nonsense: str | None) -> None:
    clock = TerminalClock()
    clock.hear("0229120000", 0.0)
    clock.hear(nonsense, 1.0)
    assert clock.reads(0.0) == "0229120000"


@pytest.mark.parametrize(
    ("after", "our_s", "goes"),
    [
        ("1122150100", 60.0, True),
        ("1122150100", 50.0, True),
        ("1122150100", 71.0, False),
        ("1122150100", 49.0, False),
        ("1123150000", 86_400.0 + 18.0, True),
        ("1123150000", 86_400.0 + 19.0, False),
        ("1122145900", -60.0, True),
        (None, 60.0, True),
        ("no time!!!", 60.0, True),
    ],
)
def test_two_clocks_go_on_alike_or_one_of_them_was_set(after: str | None, our_s: float, goes: bool) -> None:
    assert goes_on("1122150000", after, our_s) is goes


def test_a_clock_goes_on_over_the_new_year() -> None:
    assert goes_on("1231235950", "0101000010", 20.0)
