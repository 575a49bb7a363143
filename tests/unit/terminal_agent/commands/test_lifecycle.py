"""`apply`: each entry one transaction with its event, and what hangs on the state."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.core.errors import LocalError
from protocols.core.facts import Concluded, Mark, Orphan, Receipt
from protocols.core.outcomes import (
    Approved,
    Cancelled,
    Declined,
    Evidence,
    NotStarted,
    TerminalRecord,
    Unknown,
)
from protocols.core.values import Money
from terminal_agent.commands.entries import AbortAsked, Escalated, Resolved
from terminal_agent.commands.lifecycle import Applied
from terminal_agent.errors import JournalFailed
from tests.support.agent_desk import Desk, approved

SAYS = Evidence("dialogue")
DOUBT = Unknown(code="link_lost", evidence=SAYS, ask_again_s=5.0)


async def begun(op: str = "sale", **fields: str) -> tuple[Desk, str]:
    """A desk with one accepted operation."""
    desk = Desk()
    await desk.sync()
    name = (await desk.ask(op, **fields)).operation_id
    assert name is not None
    return desk, name


def shown(desk_events: tuple[object, ...]) -> list[str]:
    return [json.loads(event.fact.data).get("state") for event in desk_events]  # type: ignore[attr-defined]  # events


async def test_the_life_of_a_sale_is_told_step_by_step() -> None:
    desk, name = await begun()
    await desk.mark(name, "committed", receipt="6")
    assert (await desk.row(name)).money == "unknown"
    await desk.mark(name, "result_seen")
    await desk.end(name, approved(await desk.row(name)))
    events = await desk.events()
    assert shown(events) == ["accepted", "committed", "result_seen", "approved"]
    assert {event.fact.operation_id for event in events} == {name}
    row = await desk.row(name)
    assert (row.state, row.money, row.code) == ("approved", "charged", "approved")


async def test_one_commit_for_each_step_and_none_more() -> None:
    desk = Desk()
    await desk.sync()
    before = desk.journal.commits
    await desk.done("sale")
    assert desk.journal.commits - before == 3  # accepted; committed; concluded with its event


async def test_the_booker_of_a_terminal_books_what_its_pump_says() -> None:
    desk, name = await begun()
    book = desk.lifecycle.booker("t-1")
    await book(Mark(name, 1, "committed", {"last.receipt": "6"}))
    assert (await desk.row(name)).state == "committed"
    await book(Orphan(TerminalRecord({"receipt": "1"})))
    orphans = await desk.journal.read(lambda reader: reader.orphans("t-1"))
    assert [orphan.record.keys for orphan in orphans] == [{"receipt": "1"}]


async def test_an_illegal_move_writes_nothing_and_tells_nobody() -> None:
    desk, name = await begun()
    heard: list[Applied] = []
    desk.lifecycle.listen(heard.append)
    with pytest.raises(LocalError) as caught:
        await desk.mark(name, "result_seen")
    assert caught.value.code == "illegal_move"
    assert (await desk.row(name)).state == "accepted"
    with pytest.raises(LocalError):
        await desk.lifecycle.apply(Mark("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, "committed"), "t-1")
    assert heard == []


async def test_a_failing_journal_is_never_silent() -> None:
    desk, name = await begun()
    desk.journal.fails = True
    with pytest.raises(JournalFailed):
        await desk.mark(name)


async def test_listeners_hear_of_what_is_on_disk() -> None:
    desk, name = await begun()
    heard: list[Applied] = []
    desk.lifecycle.listen(heard.append)
    await desk.mark(name)
    assert heard[0].row == await desk.row(name)
    assert [event.seq for event in heard[0].written.events] == [desk.journal.head.last_seq]


async def test_the_terminals_amount_counts_and_what_was_asked_is_still_shown() -> None:
    desk, name = await begun()
    await desk.mark(name)
    partly = replace(approved(await desk.row(name)), amount=Money(400), partial=True)
    await desk.end(name, partly)
    row = await desk.row(name)
    assert row.amount == Money(400)
    last = json.loads((await desk.events())[-1].fact.data)
    assert (last["amount_minor"], last["requested_minor"], last["partial"]) == (400, 1000, True)


async def test_doubt_has_an_owner_and_a_next_check_that_backs_off() -> None:
    desk, name = await begun()
    await desk.mark(name)
    waits = []
    for _ in range(4):
        await desk.end(name, DOUBT)
        row = await desk.row(name)
        assert row.next_check is not None
        waits.append((row.next_check - desk.clock.wall()).total_seconds())
        desk.clock.pass_time(waits[-1])
    assert waits == [5.0, 5.0, 5.0, 10.0]
    assert (row.state, row.owed, row.checks) == ("in_doubt", True, 3)
    last = json.loads((await desk.events())[-1].fact.data)
    assert (last["owner"], last["money"]) == ("agent", "unknown")
    assert "next_check" in last


async def test_a_human_with_the_evidence_frees_the_terminal() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, DOUBT)
    await desk.end(name, Unknown(code="another_transaction", evidence=Evidence("last"), owner="human"))
    row = await desk.row(name)
    assert (row.state, row.owed, row.next_check) == ("needs_human", False, None)
    assert (await desk.ask("sale")).verdict == "accepted"


async def test_an_escalation_leaves_the_question_owed() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, DOUBT)
    await desk.lifecycle.apply(Escalated(name), "t-1")
    row = await desk.row(name)
    assert (row.state, row.owed, row.code) == ("needs_human", True, "needs_human")
    assert (await desk.ask("sale")).code == "in_doubt_pending"
    await desk.end(name, DOUBT)
    row = await desk.row(name)
    assert (row.state, row.owed, row.code) == ("needs_human", True, "needs_human")
    await desk.end(name, approved(row))
    assert (await desk.row(name)).state == "approved"
    assert not (await desk.row(name)).owed


async def test_a_truth_after_the_end_is_a_correction_and_the_state_stays() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, NotStarted(code="not_booked", evidence=Evidence("last")))
    before = await desk.row(name)
    found = replace(approved(before), evidence=Evidence("batch", agrees=("receipt",)))
    await desk.end(name, found)
    await desk.end(name, NotStarted(code="not_booked", evidence=Evidence("last")))
    assert await desk.row(name) == before
    last = (await desk.events())[-1]
    told = json.loads(last.fact.data)
    assert last.fact.type == "corrected"
    assert (told["was"], told["state"], told["money"]) == ("not_started", "approved", "charged")
    assert told["evidence"]["source"] == "batch"


async def test_a_humans_verdict_carries_its_source_and_keeps_the_keys_seen() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.mark(name, "result_seen", receipt="7")
    await desk.end(name, DOUBT)
    await desk.lifecycle.apply(Resolved(name, "approved", "staff-2", "slip 7", "seen on the slip"), "t-1")
    row = await desk.row(name)
    assert isinstance(row.outcome, Approved)
    assert (row.state, row.money, row.outcome.amount) == ("approved", "charged", Money(1000))
    assert (row.outcome.evidence.source, row.outcome.keys) == ("human", {"receipt": "7"})
    assert row.outcome.evidence.seen["by"] == "staff-2"


@pytest.mark.parametrize("verdict", ["declined", "cancelled", "not_started"])
async def test_a_human_may_find_that_nothing_happened(verdict: str) -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, DOUBT)
    await desk.lifecycle.apply(Resolved(name, verdict, "s", "e", "r"), "t-1")  # type: ignore[arg-type]  # one of the verdicts
    assert ((await desk.row(name)).state, (await desk.row(name)).money) == (verdict, "none")


async def test_an_abort_is_a_fact_on_the_target_once() -> None:
    desk, name = await begun()
    before = await desk.row(name)
    await desk.lifecycle.apply(AbortAsked(name), "t-1")
    first = await desk.row(name)
    assert first == replace(before, abort_asked=desk.clock.wall())
    desk.clock.pass_time(9)
    await desk.lifecycle.apply(AbortAsked(name), "t-1")
    assert await desk.row(name) == first


async def test_the_end_says_what_came_of_an_abort_that_its_session_has_lost_sight_of() -> None:
    for outcome, came in (("approved", "too_late"), ("not_started", "honoured")):
        desk, name = await begun()
        await desk.mark(name)
        await desk.lifecycle.apply(AbortAsked(name), "t-1")
        await desk.end(name, DOUBT)
        found = approved(await desk.row(name))
        gone = NotStarted(code="not_booked", evidence=Evidence("last"))
        await desk.end(name, found if outcome == "approved" else gone)
        assert json.loads((await desk.events())[-1].fact.data)["abort"] == came


async def test_doubt_about_a_card_that_was_to_be_kept_moves_no_money_and_is_the_sessions_to_end() -> None:
    desk, name = await begun("store_card", customer="c-1", purpose="recognition")
    await desk.mark(name)
    assert (await desk.row(name)).money == "none"
    await desk.end(name, DOUBT)
    row = await desk.row(name)
    assert (row.state, row.money) == ("in_doubt", "none")
    await desk.end(name, Cancelled(code="interrupted", evidence=SAYS))
    assert json.loads((await desk.events())[-1].fact.data)["card_stored"] == "unknown"


async def test_a_card_that_cannot_be_kept_is_told_with_its_reason() -> None:
    desk, name = await begun("store_card", customer="c-1", purpose="recognition")
    await desk.end(name, Declined(code="interac_only", evidence=SAYS))
    told = json.loads((await desk.events())[-1].fact.data)
    assert (told["storable"], told["storable_reason"], told["card_stored"]) == (False, "interac_only", "no")


async def test_receipts_are_kept_and_told() -> None:
    desk, name = await begun()
    await desk.mark(name)
    fact = Concluded(name, 1, approved(await desk.row(name)), (Receipt("customer", ("MERCI",)),))
    await desk.lifecycle.apply(fact, "t-1")
    told = json.loads((await desk.events())[-1].fact.data)
    assert told["receipts"] == [{"kind": "customer", "lines": ["MERCI"]}]


async def test_a_result_for_nobody_is_kept_and_its_owner_named_where_the_keys_fit() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, approved(await desk.row(name), receipt="0007"))
    late = TerminalRecord({"receipt": "0007"}, Money(1000), approved(await desk.row(name)))
    await desk.lifecycle.apply(Orphan(late), "t-1")
    await desk.lifecycle.apply(Orphan(TerminalRecord({"receipt": "0099"})), "t-1")
    await desk.lifecycle.apply(Orphan(late), "t-2")
    told = [json.loads(event.fact.data) for event in (await desk.events())[-3:]]
    assert [one["code"] for one in told] == ["late_result", "orphan", "orphan"]
    fits = [orphan.fits for orphan in await desk.journal.read(lambda reader: reader.orphans())]
    assert fits == [name, None, None]
    assert (await desk.row(name)).state == "approved"


async def test_times_are_kept_to_the_millisecond() -> None:
    desk, name = await begun()
    desk.clock.jump(timedelta(microseconds=1234).total_seconds())
    await desk.end(name, Cancelled(code="aborted", evidence=SAYS))
    assert (await desk.row(name)).changed.microsecond == 1000
