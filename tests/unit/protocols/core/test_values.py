"""Money in minor units and its currencies."""

from __future__ import annotations

import pytest

from protocols.core.values import CURRENCY_NAMES, CURRENCY_NUMBERS, Money


def test_money_is_canadian_unless_said_otherwise() -> None:
    assert Money(1250) == Money(1250, "CAD")
    assert str(Money(1205)) == "12.05 CAD"
    assert str(Money(5, "EUR")) == "0.05 EUR"


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [(-1, "CAD", "amount_minor is -1"), (1, "XXX", "currency is 'XXX'"), (1, "124", "known: CAD")],
)
def test_what_no_wire_can_say_is_refused_by_name(amount: int, currency: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Money(amount, currency)


def test_each_currency_has_one_number() -> None:
    assert CURRENCY_NUMBERS["CAD"] == "124"
    assert {CURRENCY_NAMES[number]: number for number in CURRENCY_NAMES} == CURRENCY_NUMBERS
