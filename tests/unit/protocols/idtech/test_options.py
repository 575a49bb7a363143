"""The options of a reader and their errors."""

from __future__ import annotations

import pytest

from protocols.core.options import OptionError
from protocols.idtech.options import ReaderOptions


def test_without_any_it_is_a_swipe_reader_that_is_asked() -> None:
    options = ReaderOptions.from_mapping({})
    assert options.entry_modes == ("swipe",)
    assert options.commands == "feature"
    assert options.serial is None


@pytest.mark.parametrize(
    ("modes", "entry_modes"),
    [("swipe", ("swipe",)), ("keyed", ("keyed",)), ("swipe_and_keyed", ("swipe", "keyed"))],
)
def test_the_ways_of_entry(modes: str, entry_modes: tuple[str, ...]) -> None:
    assert ReaderOptions.from_mapping({"modes": modes}).entry_modes == entry_modes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("serial", "  "),
        ("serial", 4),
        ("modes", "tap"),
        ("commands", "output"),
        ("report_size", 9),
        ("report_size", 5000),
        ("feature_size", 0),
        ("answer_s", 0),
        ("report_gap_s", -1.0),
        ("redial_s", "soon"),
        ("base_key", "00"),
    ],
)
def test_a_wrong_option_names_itself(name: str, value: str | int | float) -> None:
    with pytest.raises(OptionError, match=name):
        ReaderOptions.from_mapping({name: value})
