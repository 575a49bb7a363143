"""One fact at a time, and what goes on once it is on disk."""

from __future__ import annotations

import pytest

from protocols.core.bookings import Bookings
from protocols.core.errors import LocalError
from protocols.core.facts import Mark
from protocols.core.session import Persist

FACT = Mark("op", 1, "committed")


def test_what_waits_goes_on_once() -> None:
    bookings = Bookings()
    went: list[float] = []
    effect = bookings.ask(FACT, went.append)
    assert effect == Persist(1, FACT)
    assert bookings.waiting
    bookings.done(1)(5.0)
    assert (went, bookings.waiting) == ([5.0], False)


def test_references_are_never_used_again() -> None:
    bookings = Bookings()
    refs = []
    for _ in range(3):
        effect = bookings.ask(FACT, lambda _now: None)
        refs.append(effect.ref)
        bookings.done(effect.ref)
    assert refs == [1, 2, 3]


def test_nothing_is_booked_beside_a_fact() -> None:
    bookings = Bookings()
    bookings.ask(FACT, lambda _now: None)
    with pytest.raises(LocalError, match="nothing may be booked beside it"):
        bookings.ask(FACT, lambda _now: None)


@pytest.mark.parametrize("ref", [0, 2])
def test_an_answer_to_nothing_is_our_mistake(ref: int) -> None:
    bookings = Bookings()
    bookings.ask(FACT, lambda _now: None)
    with pytest.raises(LocalError, match=f"Persisted\\({ref}\\) answers no Persist"):
        bookings.done(ref)
