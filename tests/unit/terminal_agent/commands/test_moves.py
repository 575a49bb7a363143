"""The table of states, enumerated."""

from __future__ import annotations

import pytest

from protocols.core.errors import LocalError
from protocols.core.facts import Concluded, Mark
from protocols.core.outcomes import Cancelled, Evidence, NotStarted, Unknown
from terminal_agent.commands.entries import AbortAsked
from terminal_agent.commands.moves import TABLE, name_of, word_of
from terminal_agent.journal.facts import FINAL, STATES, Row
from tests.support.agent_desk import Desk

SAYS = Evidence("dialogue")
ENDS = {"approved", "declined", "cancelled", "not_started"}


def test_every_state_is_reached_and_nothing_else_is() -> None:
    reached = {after for _, _, after in TABLE.moves()}
    assert reached == set(STATES)


def test_a_final_state_never_changes() -> None:
    for state, _, after in TABLE.moves():
        if state in FINAL:
            assert after == state
    assert not any(state == "rejected" for state, _, _ in TABLE.moves())


def test_every_open_state_can_end_in_every_way() -> None:
    for state in set(STATES) - FINAL:
        for end in ENDS:
            assert TABLE.step(state, end) == end  # type: ignore[arg-type]  # words of the table


def test_a_result_is_seen_only_after_the_commitment() -> None:
    assert not TABLE.allows("accepted", "result_seen")
    assert TABLE.step("committed", "result_seen") == "result_seen"
    assert not TABLE.allows("accepted", "step_done")


def test_nothing_leads_back_to_before_the_commitment() -> None:
    for state, word, after in TABLE.moves():
        if after == "accepted":
            assert (state, word) in {("absent", "accept"), ("accepted", "abort_asked")}
        if after == "committed":
            assert state in {"accepted", "committed"}


def test_a_human_keeps_what_the_agent_asks_again_in_vain() -> None:
    assert TABLE.step("needs_human", "unknown_agent") == "needs_human"
    assert TABLE.step("in_doubt", "escalated") == "needs_human"


def test_it_can_be_drawn() -> None:
    assert "in_doubt --> needs_human: escalated" in TABLE.mermaid()


def test_an_unknown_is_named_by_its_owner() -> None:
    assert name_of(Unknown(code="x", evidence=SAYS)) == "unknown_agent"
    assert name_of(Unknown(code="x", evidence=SAYS, owner="human")) == "unknown_human"
    assert name_of(NotStarted(code="x", evidence=SAYS)) == "not_started"


async def final_row() -> Row:
    desk = Desk()
    await desk.sync()
    name = (await desk.done("sale")).operation_id
    assert name is not None
    return await desk.row(name)


async def test_after_the_end_a_truth_is_either_known_or_a_contradiction() -> None:
    row = await final_row()
    assert row.outcome is not None
    attempt = row.attempt.no
    assert word_of(Concluded(row.id, attempt, row.outcome), row) == "repeated"
    assert word_of(Concluded(row.id, attempt, Unknown(code="x", evidence=SAYS)), row) == "repeated"
    assert word_of(Concluded(row.id, attempt, NotStarted(code="x", evidence=SAYS)), row) == "contradicted"
    returned = Cancelled(code="x", evidence=SAYS, money="returned")
    assert word_of(Concluded(row.id, attempt, returned), row) == "contradicted"


async def test_a_fact_of_another_attempt_is_our_own_mistake() -> None:
    row = await final_row()
    with pytest.raises(LocalError, match="attempt 99") as caught:
        word_of(Mark(row.id, 99, "committed"), row)
    assert caught.value.code == "wrong_attempt"
    assert word_of(AbortAsked(row.id), row) == "abort_asked"
