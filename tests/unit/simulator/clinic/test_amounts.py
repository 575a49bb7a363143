"""Amounts as people type them, and as fields show them."""

from __future__ import annotations

import pytest

from simulator.clinic.amounts import read_amount, write_amount


@pytest.mark.parametrize(("text", "cents"), [
    ("47,50", 4750), ("47.50", 4750), ("47", 4700), (" 47,50 $ ", 4750), ("$47.50", 4750), ("0", 0),
    ("1 234,56", 123456), ("1\u00a0234,56\u00a0$", 123456), ("1,234.56", 123456), ("1,234", 123400),
    ("", None), ("47,5", None), ("-1", None), ("quarante", None), ("1,2,3", None), ("47,500,1", None),
    ("12345678", None), ("4 7", None),
])  # fmt: skip
def test_an_amount_as_people_type_it(text: str, cents: int | None) -> None:
    assert read_amount(text) == cents


def test_a_field_shows_what_it_reads() -> None:
    assert (write_amount(4705, "fr"), write_amount(4705, "en")) == ("47,05", "47.05")
    for cents in (0, 5, 100, 4750, 123456):
        assert read_amount(write_amount(cents, "fr")) == read_amount(write_amount(cents, "en")) == cents
