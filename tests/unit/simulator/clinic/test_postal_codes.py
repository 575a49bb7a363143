"""Postal codes as they are typed."""

from __future__ import annotations

import pytest

from simulator.clinic.postal_codes import read_postal_code, write_postal_code


@pytest.mark.parametrize("text", ["H2J1X1", "h2j 1x1", " H2J\t1X1\t", "H2J\xa01X1"])
def test_what_people_type_and_paste(text: str) -> None:
    assert read_postal_code(text) == "H2J1X1"


@pytest.mark.parametrize("text", ["", "H2J", "H2J1X11", "D2J1X1", "W2J1X1", "H2O1X1", "75001", "H2J-1X1"])
def test_what_is_none(text: str) -> None:
    assert read_postal_code(text) is None


def test_a_code_is_written_in_two_halves() -> None:
    assert (write_postal_code("H2J1X1"), write_postal_code(None)) == ("H2J 1X1", "")
