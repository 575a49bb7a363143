"""When a terminal is tried again."""

from __future__ import annotations

from protocols.core.retries import Retries, due


def test_pauses_grow_to_the_longest_and_begin_anew_once_it_answered() -> None:
    retries = Retries(longest_s=5.0, probe_s=240.0)
    pauses = []
    for _ in range(6):
        retries.redial(100.0)
        assert retries.redial_at is not None
        pauses.append(retries.redial_at - 100.0)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    retries.reached()
    retries.redial(100.0)
    assert retries.redial_at == 100.5


def test_all_that_is_planned_can_be_forgotten() -> None:
    retries = Retries(5.0, 240.0)
    retries.redial(0.0)
    retries.probe(0.0)
    retries.ask(0.0)
    assert list(retries.deadlines()) == [0.5, 240.0, 5.0]
    retries.rest()
    assert list(retries.deadlines()) == [None, None, None]


def test_an_unfit_terminal_is_tried_once_a_minute() -> None:
    retries = Retries(5.0, 240.0)
    retries.redial_after_unfit(10.0)
    assert retries.redial_at == 70.0


def test_due_at_the_very_moment() -> None:
    assert [due(at, 5.0) for at in (None, 4.0, 5.0, 5.1)] == [False, True, True, False]
