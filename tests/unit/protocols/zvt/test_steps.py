"""The table of a session's steps."""

from __future__ import annotations

import pytest

from protocols.core.errors import LocalError
from protocols.zvt.steps import STEPS, Event, Step


def test_every_step_can_be_reached_and_left() -> None:
    reached = {after for _, _, after in STEPS.moves()}
    assert reached == set(Step)
    assert {before for before, _, _ in STEPS.moves()} == set(Step)


def test_a_line_can_be_lost_at_any_step_and_dialled_again() -> None:
    for step in Step:
        lost = STEPS.step(step, Event.LOST)
        assert lost in (Step.DOWN, Step.UNFIT)
        assert STEPS.step(lost, Event.DIAL) is Step.OPENING


def test_our_command_is_asked_from_idle_alone() -> None:
    assert [step for step in Step if STEPS.allows(step, Event.ASK)] == [Step.IDLE]


def test_an_answer_counts_only_for_what_was_asked() -> None:
    assert [step for step in Step if STEPS.allows(step, Event.TAKEN)] == [Step.ASKED]
    with pytest.raises(LocalError, match="taken is not allowed"):
        STEPS.step(Step.LED, Event.TAKEN)


def test_an_event_is_shown_by_its_word() -> None:
    assert "asked --> led: taken" in STEPS.mermaid().replace("Step.", "").lower()
