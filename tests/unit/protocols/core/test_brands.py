"""Brands by the first digits of public test numbers."""

from __future__ import annotations

import pytest

from protocols.core.brands import brand_of, plausible_length

# number: its brand (public test numbers of the acquirers and gateways)
NUMBERS = {
    "4111111111111111": "Visa",
    "4222222222222": "Visa",
    "5555555555554444": "Mastercard",
    "2221000000000009": "Mastercard",
    "2720992593319364": "Mastercard",
    "378282246310005": "American Express",
    "6011111111111117": "Discover",
    "36227206271667": "Diners Club",
    "30569309025904": "Diners Club",
    "3530111333300000": "JCB",
    "6205500000000000004": "UnionPay",
}


@pytest.mark.parametrize(("number", "brand"), NUMBERS.items())
@pytest.mark.parametrize("shown", [4, 6])
def test_four_digits_are_enough(number: str, brand: str, shown: int) -> None:
    assert brand_of(number[:shown]) == brand
    assert plausible_length(number[:shown], len(number))


@pytest.mark.parametrize(("digits", "length"), [("3782", 16), ("5555", 15), ("4111", 12), ("3622", 13)])
def test_a_length_that_the_brand_does_not_have(digits: str, length: int) -> None:
    assert not plausible_length(digits, length)


@pytest.mark.parametrize("digits", ["", "2220", "2721", "0000", "9"])
def test_what_suggests_nothing(digits: str) -> None:
    assert brand_of(digits) is None
    assert plausible_length(digits, 16)
