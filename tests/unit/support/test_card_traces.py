"""The search for card numbers finds what it is meant to find, or its silence would prove nothing."""

from __future__ import annotations

import pytest

from simulator.cards import CARDS
from tests.support.card_traces import forms_of, traces

FORMS = tuple(forms_of(CARDS["visa"].number))


@pytest.mark.parametrize("card", ["visa", "amex", "diners", "unionpay_long"])
@pytest.mark.parametrize("form", FORMS)
def test_a_number_is_found_in_each_form(card: str, form: str) -> None:
    number = CARDS[card].number
    blob = b"\x00before" + forms_of(number)[form] + b"after\x00"
    assert f"here: {form}" in traces(number, {"here": blob, "there": b"nothing"})


def test_masked_numbers_are_no_trace() -> None:
    assert traces(CARDS["visa"].number, {"here": b"************1111 411111******1111"}) == []
