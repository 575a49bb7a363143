"""The terminal's clock, carried forward on ours."""

from __future__ import annotations

import pytest

from protocols.zvt.terminal_clock import TerminalClock


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
