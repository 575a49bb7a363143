"""The agent is killed before each effect of a dialogue, and the link is cut before each effect, for every
operation, on both transports, under each booking policy of the terminal. Whatever is reported in the end must
be what the acquirer's ledger holds, and nothing may be there twice.
"""

from __future__ import annotations

import pytest

from protocols.zvt.hearing import Hearing
from protocols.zvt.messages import Positive
from simulator.settings import BookingPolicy
from tests.crash.futures import (
    CASES,
    GRID,
    POLICIES,
    Harm,
    Tally,
    dialogue,
    history,
    judge,
    sweep,
    sweep_twice,
)
from tests.support.shop import Transport


@pytest.mark.parametrize("harm", ["kill", "cut"])
@pytest.mark.parametrize(("name", "transport", "policy"), GRID)
def test_what_is_told_is_what_the_ledger_holds(
    name: str, transport: Transport, policy: BookingPolicy, harm: Harm
) -> None:
    tally = sweep(name, transport, policy, harm)
    assert sum(tally.states.values()) > 3
    assert tally.wrong == []
    assert tally.human == []
    assert tally.stuck == []


@pytest.mark.parametrize(
    ("name", "transport", "policy"),
    [
        ("sale", "serial", "keep"),
        ("sale", "serial", "reverse"),
        ("sale", "tcp", "keep"),
        ("refund", "tcp", "refuse"),
    ],
)
def test_a_recovery_may_die_too(name: str, transport: Transport, policy: BookingPolicy) -> None:
    tally = sweep_twice(name, transport, policy, step=5)
    assert sum(tally.states.values()) > 10
    assert (tally.wrong, tally.human, tally.stuck) == ([], [], [])


@pytest.mark.parametrize("policy", POLICIES)
def test_after_an_agent_that_was_away_for_long_only_what_was_never_seen_taken_is_a_humans(
    policy: BookingPolicy,
) -> None:
    case, humans = CASES["sale"], 0
    for at in range(dialogue(case, "serial", policy, None, "kill").effects):
        end = dialogue(case, "serial", policy, at, "kill", restarts_s=120.0)
        if end.row.final:
            assert end.happened == (end.row.state == "approved")
        else:
            humans += 1
            assert (end.taken, end.row.state) == (False, "needs_human")
    assert humans <= 2


@pytest.mark.parametrize("transport", ["serial", "tcp"])
def test_the_first_sale_after_an_end_of_day(transport: Transport) -> None:
    case, tally = CASES["sale"], Tally()
    for at in range(dialogue(case, transport, "keep", None, "kill", closed=True).effects):
        end = dialogue(case, transport, "keep", at, "kill", closed=True)
        judge(tally, case, end, f"kill before effect {at}")
    assert tally.states["approved"] > 3
    assert (tally.wrong, tally.human, tally.stuck) == ([], [], [])


@pytest.mark.parametrize(("policy", "lies"), [("reverse", 1), ("refuse", 1), ("keep", 0)])
def test_the_sweep_sees_what_an_early_conclusion_would_lie_about(
    policy: BookingPolicy, lies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To conclude once the result is on disk, and then to acknowledge it, is wrong at one point in all."""

    def conclude_and_acknowledge(hearing: Hearing, now: float) -> None:
        session = hearing._session
        dialogue = session.dialogue
        if dialogue is None or dialogue.outcome is None or dialogue.recovering:
            session.say(Positive(), now)
            return
        session.conclude(dialogue.outcome)
        concluded = session._bookings._pending
        assert concluded is not None

        def acknowledge(at: float) -> None:
            session.say(Positive(), at)
            concluded(at)

        session._bookings._pending = acknowledge

    history("tcp")
    monkeypatch.setattr(Hearing, "_acknowledge", conclude_and_acknowledge)
    assert len(sweep("sale", "tcp", policy, "kill").wrong) == lies
