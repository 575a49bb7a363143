"""The cards: public test numbers, tokens, nothing that shows a number."""

from __future__ import annotations

import pytest

from simulator.cards import CARDS, TestCard


def _luhn(number: str) -> bool:
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(number))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_numbers_are_well_formed_and_never_shown(card: TestCard) -> None:
    assert _luhn(card.number)
    assert card.number not in repr(card)
    assert card.masked.endswith(card.last_four)
    assert card.number[:-4] not in card.masked


def test_numbers_are_unique_by_their_last_four_digits_within_a_length() -> None:
    assert len({card.masked for card in CARDS.values()}) == len(CARDS)


def test_the_debit_only_card_is_nobodys() -> None:
    assert CARDS["interac"].number.startswith("0000")
    assert not CARDS["interac"].storable


def test_tokens_are_stable_per_card_and_scope() -> None:
    visa, other = CARDS["visa"], CARDS["visa_second"]
    assert visa.token("a") == visa.token("a")
    assert len({visa.token("a"), visa.token("b"), other.token("a")}) == 3
    assert visa.number.encode() not in visa.token("a")
