"""What masked tracks show, and what is no mask."""

from __future__ import annotations

import pytest

from protocols.idtech.masks import Shown, bears_number, expiry, hides, track1, track2
from tests.support.idtech_frames import ENHANCED, ENTRIES

FIELDS = ENTRIES[ENHANCED]["fields"]


def _view(text: str) -> memoryview:
    return memoryview(text.encode())


def test_the_vendors_masks() -> None:
    first, second = track1(_view(FIELDS["masked1"])), track2(_view(FIELDS["masked2"]))
    assert second == Shown("4266", "9999", 16)
    assert first is not None
    assert first.agrees(second)


@pytest.mark.parametrize(
    ("masked", "shown"),
    [
        (";426684******9999=***************?*", Shown("426684", "9999", 16)),
        (";****************=***************?", Shown("", None, 16)),
        (";4924********4030=3012201********?0", Shown("4924", "4030", 16, "3012", "201")),
        (";4924********4030=3013***********?0", Shown("4924", "4030", 16)),
        (";4924********4030=****101********?0", Shown("4924", "4030", 16, None, "101")),
        (";4924********4030==201***********?0", Shown("4924", "4030", 16, None, "201")),
        (";4924********4030==**************?", Shown("4924", "4030", 16)),
        (";4924********4030=3012=**********?0", Shown("4924", "4030", 16, "3012")),
    ],
)
def test_what_track_two_may_show(masked: str, shown: Shown) -> None:
    assert track2(_view(masked)) == shown


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ("***************", Shown("4266", "9999", 16)),
        ("3012***********", Shown("4266", "9999", 16, "3012")),
        ("3012201********", Shown("4266", "9999", 16, "3012", "201")),
        ("^**************", Shown("4266", "9999", 16)),
        ("****^**********", Shown("4266", "9999", 16)),
        ("^^*************", Shown("4266", "9999", 16)),
    ],
)
def test_what_track_one_may_show_after_the_name(dates: str, shown: Shown) -> None:
    assert track1(_view(f"%*4266********9999^BUSH JR/GEORGE W.MR^{dates}?*")) == shown


@pytest.mark.parametrize(("service", "chip"), [("201", True), ("601", True), ("101", False), ("***", None)])
def test_the_service_code_tells_of_a_chip(service: str, chip: bool | None) -> None:
    shown = track2(_view(f";4924********4030=****{service}********?0"))
    assert shown is not None
    assert shown.chip is chip


@pytest.mark.parametrize(
    "masked",
    [
        ";4266841088889999=080910110000046?0",
        ";4266841*88889999=***************?*",
        ";4266********99999=**************?*",
        ";4266********9999=***4266841088889999?*",
        ";4266********9999=4222222222222******?*",
        ";4266********9999",
        "4266********9999=***************?*",
        "",
    ],
)
def test_what_is_no_mask_of_track_two(masked: str) -> None:
    assert track2(_view(masked)) is None


def test_track_one_may_have_blanks_in_its_number() -> None:
    first = track1(_view("%*3782 ****** *0005^DOE/JANE^******************?*"))
    second = track2(_view(";3782*******0005=***************?*"))
    assert first is not None
    assert second is not None
    assert (first.first_digits, first.last_four) == ("3782", "0005")
    assert first.agrees(second)


@pytest.mark.parametrize(
    "masked",
    [
        "%B4266841088889999^BUSH JR^0809101?!",
        "%*3782 822463 10005^DOE/JANE^****?*",
        "%*4266********9999^4266841088889999^****?*",
        "%*4266********9999^BUSH JR^4266841088889999?*",
        "%*4266********9999^BUSH JR^4222222222222****?*",
        "%*4266********9999",
        "",
    ],
)
def test_what_is_no_mask_of_track_one(masked: str) -> None:
    assert track1(_view(masked)) is None


def test_runs_of_digits() -> None:
    assert hides(_view("%123456*****1234?"))
    assert not hides(_view("%1234567"))
    assert bears_number(_view("x41111111111x"))
    assert not bears_number(_view("4111111111 1"))


@pytest.mark.parametrize(
    ("digits", "told"), [(b"3012", "3012"), (b"3000", None), (b"3013", None), (b"****", None), (b"", None)]
)
def test_an_expiry_has_a_month(digits: bytes, told: str | None) -> None:
    assert expiry(digits) == told
