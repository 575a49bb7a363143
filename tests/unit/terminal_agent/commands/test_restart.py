"""What a start does with the operations that the last end left open."""

from __future__ import annotations

from terminal_agent.commands.restart import begin_again
from tests.support.agent_desk import Desk


async def left_open() -> tuple[Desk, str, str]:
    """One sale that never began on t-1, one that was committed on t-2; then the process dies."""
    desk = Desk()
    desk.fleet.terminals["t-2"] = desk.fleet.terminals["t-1"]
    await desk.sync()
    idle = (await desk.ask("sale")).operation_id
    committed = (await desk.ask("sale", terminal="t-2")).operation_id
    assert idle is not None
    assert committed is not None
    await desk.mark(committed)
    return Desk(desk.clock, desk.journal.reborn()), idle, committed


async def test_what_never_began_is_over_and_what_had_is_to_be_asked() -> None:
    desk, idle, committed = await left_open()
    owed = await begin_again(desk.journal, desk.lifecycle, {"t-1", "t-2"})
    assert [row.id for row in owed] == [committed]
    assert (await desk.row(idle)).state == "not_started"
    assert (await desk.row(committed)).state == "in_doubt"


async def test_of_a_terminal_that_is_gone_a_human_is_asked_at_once() -> None:
    desk, _, committed = await left_open()
    assert await begin_again(desk.journal, desk.lifecycle, {"t-1"}) == ()
    row = await desk.row(committed)
    assert (row.state, row.code, row.owed) == ("needs_human", "terminal_unknown", True)
    assert await begin_again(desk.journal, desk.lifecycle, {"t-1"}) == ()
    assert await desk.row(committed) == row


async def test_each_end_is_a_fact_that_will_be_told() -> None:
    desk, idle, committed = await left_open()
    before = desk.journal.head.last_seq
    await begin_again(desk.journal, desk.lifecycle)
    told = [event.fact.operation_id for event in (await desk.events())[before:]]
    assert told == [idle, committed]
