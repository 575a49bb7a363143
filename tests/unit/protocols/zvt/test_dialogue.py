"""An operation in work: its plan, and the phase that it puts the terminal into."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import (
    Attempt,
    Diagnose,
    Operation,
    Reconcile,
    Recover,
    Sale,
    StoreCard,
)
from protocols.core.session import Phase
from protocols.core.values import Money
from protocols.zvt.dialogue import Dialogue, phase_of, plan_of
from protocols.zvt.steps import Errand, Step

SALE = Sale(operation_id="op", amount=Money(1))
ATTEMPT = Attempt(1, "AB1", datetime(2026, 11, 22, tzinfo=UTC))
RECOVER = Recover(
    operation=SALE, attempt=ATTEMPT, marks=(Mark("op", 1, "committed", {"terminal_id": "52500042"}),)
)
E, N, R, W = Errand.ENQUIRE, Errand.NOTE, Errand.REGISTER, Errand.WORK


@pytest.mark.parametrize(
    ("operation", "plan"),
    [
        (SALE, [E, N, W]),
        (Reconcile(operation_id="op"), [E, N, W]),
        (StoreCard(operation_id="op"), [W]),
        (Diagnose(operation_id="op"), [W]),
    ],
)
def test_what_books_notes_the_baseline_first(operation: Operation, plan: list[Errand]) -> None:
    assert list(plan_of(operation, registered=True)) == plan
    assert list(plan_of(operation, registered=False)) == [R, *plan]


@pytest.mark.parametrize("registered", [True, False])
def test_a_recovery_asks_and_never_registers(registered: bool) -> None:
    assert list(plan_of(RECOVER, registered=registered)) == [E, Errand.READ]


def test_a_recovery_is_of_what_it_seeks_by_the_terminal_that_took_it() -> None:
    dialogue = Dialogue(RECOVER, ATTEMPT, 0.0)
    assert (dialogue.sought, dialogue.recovering, dialogue.expected_terminal) == (SALE, True, "52500042")
    plain = Dialogue(SALE, ATTEMPT, 0.0)
    assert (plain.sought, plain.recovering, plain.expected_terminal) == (SALE, False, None)


def test_a_card_that_is_only_read_books_nothing() -> None:
    assert Dialogue(SALE, ATTEMPT, 0.0).books
    assert not Dialogue(StoreCard(operation_id="op"), ATTEMPT, 0.0).books


@pytest.mark.parametrize(
    ("step", "work", "greeting", "registered", "phase"),
    [
        (Step.DOWN, None, False, False, Phase.DOWN),
        (Step.DOWN, None, False, True, Phase.DOWN),
        (Step.IDLE, None, False, False, Phase.DOWN),
        (Step.LED, None, True, False, Phase.GREETING),
        (Step.IDLE, None, False, True, Phase.IDLE),
        (Step.OPENING, None, False, True, Phase.IDLE),
        (Step.UNFIT, None, False, False, Phase.UNFIT),
        (Step.UNFIT, "committed", False, False, Phase.UNFIT),
        (Step.ASKED, "begun", True, False, Phase.PREPARING),
        (Step.LED, "committed", False, True, Phase.COMMITTED),
        (Step.LED, "result", False, True, Phase.SETTLING),
    ],
)
def test_the_phase_that_the_rest_of_the_agent_sees(
    step: Step, work: str | None, greeting: bool, registered: bool, phase: Phase
) -> None:
    dialogue = None if work is None else Dialogue(SALE, ATTEMPT, 0.0, committed=work != "begun")
    if dialogue is not None:
        dialogue.result_seen = work == "result"
    assert phase_of(step, dialogue, greeting=greeting, registered=registered) is phase
