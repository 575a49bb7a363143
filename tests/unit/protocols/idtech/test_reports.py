"""HID reports to frames: whole, in parts, two in one, one in two, and what is none."""

from __future__ import annotations

import pytest

from protocols.idtech.reports import NothingRead, Output, Reassembly, ReportHead, Spoilt, wrap
from tests.support.idtech_frames import ENHANCED, binary, reported, seen, untyped

FRAME = binary(ENHANCED)
SECOND = untyped("moneris-sample-2")


def fed(reports: Reassembly, data: bytes) -> list[object]:
    """Frames as bytes, anything else as it is."""
    found = reports.feed(memoryview(data))
    return [seen(one.frame) if isinstance(one, Output) else one for one in found]


def _output(output: bytes, size: int) -> bytes:
    head = ReportHead((0, 0, 0), (72, 35, 107), 0x80, len(output))
    return b"".join(wrap(head, memoryview(output), size))


def test_a_report_as_the_manual_lays_it_out() -> None:
    assert _output(FRAME, 509) == reported(FRAME)
    assert fed(Reassembly(), reported(FRAME)) == [FRAME]


@pytest.mark.parametrize("size", [500, 509, 512, 521])
def test_reports_of_every_documented_size(size: int) -> None:
    reports = Reassembly(size)
    for _ in range(2):
        assert fed(reports, reported(FRAME, size)) == [FRAME]
        assert not reports.midreport


def test_a_frame_is_told_with_its_last_byte_and_the_padding_belongs_to_it() -> None:
    reports = Reassembly(509)
    whole = reported(FRAME)
    end = 9 + len(FRAME)
    assert fed(reports, whole[: end - 1]) == []
    assert reports.midreport
    assert fed(reports, whole[end - 1 : end]) == [FRAME]
    assert reports.midreport
    assert fed(reports, whole[end:]) == []
    assert not reports.midreport


def test_a_frame_over_several_reports() -> None:
    assert fed(Reassembly(64), _output(FRAME, 64)) == [FRAME]


def test_two_frames_in_one_report() -> None:
    assert fed(Reassembly(1024), _output(FRAME + SECOND, 1024)) == [FRAME, SECOND]


@pytest.mark.parametrize("size", [423, 500, 509, 512, 521])
def test_whole_reports_of_any_size(size: int) -> None:
    reports = Reassembly()
    for _ in range(2):
        assert fed(reports, reported(FRAME, size)) == [FRAME]
        assert not reports.midreport


def test_a_frame_over_several_whole_reports() -> None:
    reports, found = Reassembly(), []
    whole = _output(FRAME, 64)
    for at in range(0, len(whole), 64):
        found += fed(reports, whole[at : at + 64])
    assert found == [FRAME]
    assert not reports.midreport


def test_a_report_that_broke_off_does_not_swallow_the_next_one() -> None:
    reports = Reassembly()
    assert fed(reports, reported(FRAME)[:200]) == []
    assert fed(reports, reported(SECOND)) == [Spoilt("truncated"), SECOND]
    assert not reports.midreport


def test_a_whole_report_without_a_head() -> None:
    assert fed(Reassembly(), bytes(8)) == [Spoilt("truncated")]
    assert fed(Reassembly(), b"") == []


def test_a_report_without_output() -> None:
    assert fed(Reassembly(), bytes(509)) == [NothingRead()]
    assert fed(Reassembly(), b"\0\1\0" + bytes(506)) == [NothingRead()]


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (_output(b"\x03" + FRAME, 509), "bad_start"),
        (_output(FRAME[:-1], 509), "truncated"),
        (_output(FRAME + b"\x02\x00", 509), "truncated"),
        (_output(b"\x02\xff\xff" + FRAME, 509), "bad_length"),
        (b"\0" * 7 + b"\xff\xff" + FRAME.ljust(500, b"\0"), "too_long"),
    ],
)
def test_an_output_that_is_no_frame_and_the_next_good_one(report: bytes, why: str) -> None:
    reports = Reassembly()
    assert [one for one in fed(reports, report) if one != FRAME] == [Spoilt(why)]  # type: ignore[arg-type]  # one of its words
    assert fed(reports, reported(SECOND)) == [SECOND]


def test_padding_that_is_none_is_told_once() -> None:
    report = reported(FRAME)[:-2] + b"\x01\x02"
    assert fed(Reassembly(), report) == [FRAME, Spoilt("padding")]


def test_the_rest_that_does_not_come() -> None:
    reports = Reassembly(509)
    fed(reports, reported(FRAME)[:100])
    assert reports.gap() == (Spoilt("gap"),)
    assert reports.gap() == ()
    assert fed(reports, reported(FRAME)) == [FRAME]


def test_padding_that_does_not_come_is_nobodys_loss() -> None:
    reports = Reassembly(509)
    assert fed(reports, reported(FRAME)[: 9 + len(FRAME)]) == [FRAME]
    assert reports.gap() == ()
    assert fed(reports, reported(SECOND)) == [SECOND]


def test_what_is_dropped_is_passed_over_to_its_end() -> None:
    reports = Reassembly(509)
    assert not reports.drop()
    fed(reports, reported(FRAME)[:100])
    assert reports.drop()
    assert fed(reports, reported(FRAME)[100:]) == []
    assert fed(reports, reported(SECOND)) == [SECOND]
    fed(reports, reported(FRAME)[:100])
    assert reports.drop()
    assert reports.gap() == ()
