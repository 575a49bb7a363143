"""A Sealed shows nothing but its length; a masked number shows at most six and four digits."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.card import MaskedPan, Sealed

SECRET = b"4242424242424242"
FORBIDDEN: list[Callable[[Sealed], object]] = [
    lambda sealed: sealed == sealed,
    lambda sealed: sealed != SECRET,
    hash,
    lambda sealed: {sealed},
    pickle.dumps,
    copy.copy,
    copy.deepcopy,
    json.dumps,
]


@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_a_sealed_is_never_compared_kept_or_copied(attempt: Callable[[Sealed], object]) -> None:
    with pytest.raises(TypeError):
        attempt(Sealed(SECRET))


def test_a_sealed_shows_its_length_alone() -> None:
    sealed = Sealed(SECRET)
    assert {repr(sealed), str(sealed), f"{sealed}"} == {"Sealed(16 bytes)"}
    assert len(sealed) == 16


def test_wiping_reaches_every_view() -> None:
    sealed = Sealed(SECRET)
    view = sealed.view()
    assert view == SECRET
    sealed.wipe()
    assert view == bytes(16)
    assert len(sealed) == 16


def test_a_sealed_does_not_change_with_its_source() -> None:
    source = bytearray(SECRET)
    sealed = Sealed(source)
    source[:] = bytes(16)
    assert sealed.view() == SECRET


def test_a_sealed_that_is_let_go_is_wiped() -> None:
    sealed = Sealed(SECRET)
    view = sealed.view()
    del sealed
    assert view == bytes(16)


@pytest.mark.parametrize("text", ["4242424242424242", "4242424*1234", "1234*12345", "", "42 42*42", "****x"])
def test_more_than_six_and_four_digits_are_no_masked_number(text: str) -> None:
    with pytest.raises(ValueError, match="at most 6 digits") as refused:
        MaskedPan(text)
    assert "424242" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "last_four"),
    [("424242******4242", "4242"), ("****1234", "1234"), ("****123", None), ("*", None)],
)
def test_the_last_four_digits_are_known_or_not(text: str, last_four: str | None) -> None:
    assert MaskedPan(text).last_four == last_four


@pytest.mark.parametrize(
    ("told", "masked"),
    [("4242424242421234", "************1234"), ("42424242424212xx", "*" * 12), ("12", "*"), ("", "*")],
)
def test_whatever_a_terminal_tells_is_masked(told: str, masked: str) -> None:
    assert MaskedPan.of_digits(told).text == masked


@given(st.text(max_size=30))
def test_masking_never_fails_and_never_shows_more_than_four(told: str) -> None:
    shown = MaskedPan.of_digits(told).text
    assert sum(character.isdecimal() for character in shown) in (0, 4)
