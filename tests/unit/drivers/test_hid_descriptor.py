"""Report sizes from report descriptors of other hands (HID 1.11 appendices) and from broken ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.hid_descriptor import report_sizes

# HID 1.11, appendix B.1: a boot keyboard, 8 bytes in, 1 byte out.
KEYBOARD = bytes.fromhex(
    "05010906a1010507 19e029e715002501 7501950881029501 7508810195057501 0508190129059102 9501750391019506"
    "7508150025650507 190029658100c0"
)
# HID 1.11, appendix B.2: a boot mouse, 3 bytes in.
MOUSE = bytes.fromhex(
    "05010902a1010901 a100050919012903 1500250195037501 8102950175058101 0501093009311581257f750895028106c0c0"
)


def test_the_standard_s_keyboard_and_mouse() -> None:
    keyboard, mouse = report_sizes(KEYBOARD), report_sizes(MOUSE)
    assert (keyboard.of("input", 0), keyboard.of("output", 0), keyboard.of("feature", 0)) == (8, 1, None)
    assert (mouse.of("input", 0), mouse.longest_input, mouse.numbered) == (3, 3, False)


def test_numbered_reports_are_told_apart_and_their_id_counts_on_the_wire() -> None:
    sizes = report_sizes(bytes.fromhex("7508 8501 9508 8102 8502 9640018102 85039510b102"))
    assert sizes.numbered
    assert [sizes.of("input", number) for number in (1, 2, 3)] == [8, 320, None]
    assert sizes.of("feature", 3) == 16
    assert sizes.longest_input == 321


def test_push_and_pop_restore_size_and_count() -> None:
    sizes = report_sizes(bytes.fromhex("75089502 a4 75019510 8102 b4 8102"))
    assert sizes.of("input", 0) == 2 + 2


def test_a_long_item_passes() -> None:
    assert report_sizes(bytes.fromhex("fe03f0aabbcc 7508 9504 8102")).of("input", 0) == 4


@pytest.mark.parametrize("broken", ["", "b4", "fe", "75", "7508950481", "97ff"], ids=str)
def test_what_is_cut_short_counts_as_far_as_it_goes(broken: str) -> None:
    assert report_sizes(bytes.fromhex(broken)).longest_input in {0, 4}


@given(st.binary(max_size=200))
def test_nonsense_never_raises(nonsense: bytes) -> None:
    assert report_sizes(nonsense).longest_input >= 0
