"""What is asked when nobody knows, and when a human is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.core.outcomes import Approved, Cancelled, Evidence, NotStarted, Unknown
from terminal_agent.commands import recovery
from terminal_agent.journal.facts import Row
from tests.support.agent_desk import Desk

DOUBT = Unknown(code="link_lost", evidence=Evidence("dialogue"))


async def row_of(op: str = "sale") -> tuple[Desk, Row]:
    desk = Desk()
    await desk.sync()
    name = (await desk.ask(op)).operation_id
    assert name is not None
    return desk, await desk.row(name)


async def test_accepted_and_never_marked_is_over_and_never_begun_late() -> None:
    desk, row = await row_of()
    again = await desk.restarted()
    ended = await again.row(row.id)
    assert (ended.state, ended.code, ended.money) == ("not_started", "agent_restarted", "none")
    assert ended.outcome is not None
    assert ended.outcome.evidence.source == "never_sent"
    assert again.fleet.begun == []
    assert (await again.events())[-1].fact.operation_id == row.id


async def test_marked_and_not_concluded_is_asked_about_at_once() -> None:
    for stages in (("committed",), ("committed", "result_seen")):
        desk, row = await row_of()
        for stage in stages:
            await desk.mark(row.id, stage, receipt="6")
        again = await desk.restarted()
        doubtful = await again.row(row.id)
        assert (doubtful.state, doubtful.owed) == ("in_doubt", True)
        assert recovery.due([doubtful], again.clock.wall()) == doubtful
        marks = await again.journal.read(lambda reader, row=row: reader.marks(row.id))  # type: ignore[misc]  # mypy cannot type a lambda's default
        query = recovery.query_of(doubtful, marks, again.clock.wall())
        assert query is not None
        assert (query.operation, query.attempt, len(query.marks)) == (row.operation, row.attempt, len(stages))


async def test_doubt_survives_any_number_of_restarts_without_a_new_fact() -> None:
    desk, row = await row_of()
    await desk.mark(row.id)
    once = await desk.restarted()
    twice = await once.restarted()
    assert await once.row(row.id) == await twice.row(row.id)
    assert once.journal.head.last_seq == twice.journal.head.last_seq


async def test_what_cannot_have_moved_money_is_over_after_a_restart() -> None:
    desk, row = await row_of("diagnose")
    await desk.mark(row.id)
    again = await desk.restarted()
    assert ((await again.row(row.id)).state, (await again.row(row.id)).code) == ("cancelled", "interrupted")


async def guessed(desk: Desk, op: str = "sale") -> dict[str, str]:
    """What is held against the terminal's last transaction for an operation that the backend alone knows."""
    desk.clock.pass_time(10)
    name = (await desk.ask(op)).operation_id
    assert name is not None
    row = await desk.row(name)
    mark = await desk.journal.read(lambda reader: recovery.guess(row, reader))
    return dict(mark.keys)


async def test_what_the_backend_alone_knows_is_held_against_the_last_known_transaction() -> None:
    desk = Desk()
    await desk.sync()
    assert await guessed(desk) == {"baseline": "unreadable"}
    desk, row = await row_of()
    await desk.mark(row.id, baseline="known", **{"last.receipt": "6"})
    booked = Approved(money="charged", evidence=Evidence("dialogue"), keys={"receipt": "7", "trace": "9"})
    await desk.end(row.id, booked)
    assert await guessed(desk) == {"last.receipt": "7", "last.trace": "9", "baseline": "known"}


async def test_what_ended_without_a_number_leaves_the_last_transaction_as_it_was() -> None:
    desk, row = await row_of()
    await desk.mark(row.id, baseline="known", **{"last.receipt": "6"})
    await desk.end(row.id, Cancelled(code="aborted", evidence=Evidence("dialogue")))
    assert await guessed(desk) == {"last.receipt": "6", "baseline": "known"}
    desk, row = await row_of()
    await desk.end(row.id, NotStarted(code="expired", evidence=Evidence("never_sent")))
    assert await guessed(desk) == {"baseline": "unreadable"}


async def test_what_was_noted_after_it_was_ordered_may_be_of_itself() -> None:
    desk, row = await row_of()
    await desk.mark(row.id, baseline="known", **{"last.receipt": "6"})
    later = replace(row, id=desk.new_id(row.created))
    somebodys = Evidence("last", differs=("amount",), seen={"receipt": "7"})
    await desk.end(row.id, Unknown(code="another_transaction", owner="human", evidence=somebodys))
    mark = await desk.journal.read(lambda reader: recovery.guess(later, reader))
    assert mark.keys == {"baseline": "unreadable"}
    await desk.end(row.id, Approved(money="charged", evidence=Evidence("dialogue"), keys={"receipt": "7"}))
    mark = await desk.journal.read(lambda reader: recovery.guess(later, reader))
    assert mark.keys == {"last.receipt": "7", "baseline": "known"}


async def test_nothing_is_guessed_where_an_order_is_asked_for_by_its_id() -> None:
    desk, row = await row_of()
    assert await desk.journal.read(lambda reader: recovery.marks_of(row, reader, "by_id")) == ()
    [guess] = await desk.journal.read(lambda reader: recovery.marks_of(row, reader, "last"))
    assert guess.keys == {"baseline": "unreadable"}
    await desk.mark(row.id, key="value")
    [mark] = await desk.journal.read(lambda reader: recovery.marks_of(row, reader, "by_id"))
    assert mark.keys == {"key": "value"}


async def test_a_guess_tells_that_another_journal_may_have_given_the_order() -> None:
    desk, row = await row_of()
    await desk.journal.begin_epoch(later_than="7ZZZZZZZZY" + "0" * 16)
    mark = await desk.journal.read(lambda reader: recovery.guess(row, reader))
    assert mark.keys == {"baseline": "unreadable", "strangers": "yes"}


async def test_nothing_is_guessed_of_a_reversal() -> None:
    desk, row = await row_of()
    reversal = replace(row, op="reversal")
    mark = await desk.journal.read(lambda reader: recovery.guess(reversal, reader))
    assert mark.keys == {"baseline": "unreadable"}


@pytest.mark.parametrize(
    ("keys", "believed"),
    [
        ({"receipt": "7", "trace": "9"}, "unreadable"),
        ({"kind": "batch", "trace": "9"}, "empty"),
        ({}, "empty"),
    ],
)
async def test_an_empty_memory_is_not_believed_after_a_transaction_that_stays_in_it(
    keys: dict[str, str], believed: str
) -> None:
    desk, before = await row_of()
    await desk.mark(before.id, baseline="empty")
    booked = Approved(money="charged", evidence=Evidence("dialogue"), keys=keys)
    await desk.end(before.id, booked)
    desk.clock.pass_time(1)
    name = (await desk.ask("sale")).operation_id
    assert name is not None
    row = await desk.row(name)
    await desk.mark(name, baseline="empty", key="value")
    [mark] = await desk.journal.read(lambda reader: recovery.marks_of(row, reader, "last"))
    assert mark.keys == {"baseline": believed, "key": "value"}


def test_only_doubt_is_settled_and_only_where_it_is_harmless() -> None:
    done = NotStarted(code="x", evidence=Evidence("dialogue"))
    assert recovery.settled_if_harmless("diagnose", done) is done
    assert recovery.settled_if_harmless("sale", DOUBT) is DOUBT
    assert recovery.settled_if_harmless("reconcile", DOUBT) is DOUBT
    assert recovery.settled_if_harmless("store_card", DOUBT) is DOUBT
    assert isinstance(recovery.settled_if_harmless("verify_card", DOUBT), Cancelled)


async def test_the_oldest_that_is_due_is_asked_first() -> None:
    _, row = await row_of()
    now = row.created
    base = replace(row, state="in_doubt", owed=True)
    late = replace(base, id="late", next_check=now + timedelta(seconds=9))
    first = replace(base, id="first", next_check=now, attempt=replace(row.attempt, no=2))
    second = replace(base, id="second", next_check=now, attempt=replace(row.attempt, no=3))
    rows = [second, late, first, replace(base, id="free", owed=False)]
    assert [one.id for one in recovery.owed(rows)] == ["late", "first", "second"]
    assert recovery.due(rows, now) == first
    assert recovery.next_check(rows) == now
    assert recovery.due([late], now) is None
    assert recovery.next_check([]) is None


async def test_a_terminal_asked_by_id_goes_on_working() -> None:
    _, row = await row_of()
    owed = replace(row, state="in_doubt", owed=True)
    assert not recovery.holds_up(owed, "by_id")
    assert all(recovery.holds_up(owed, strategy) for strategy in ("last", "batch", "none"))
    assert not recovery.holds_up(replace(owed, owed=False), "last")


def test_the_back_off_grows_to_its_end_and_never_below_the_sessions_wish() -> None:
    waits = [recovery.delay_s(checks, None) for checks in range(9)]
    assert waits == sorted(waits)
    assert waits[-1] == waits[-2] == recovery.BACKOFF_S[-1]
    assert recovery.delay_s(0, 0.0) == 0.0
    assert recovery.delay_s(3, 30.0) == 30.0


async def test_no_wait_is_so_long_that_it_looks_like_a_clock_that_was_set_back() -> None:
    _, row = await row_of()
    for checks in range(9):
        wait = timedelta(seconds=recovery.delay_s(checks, 120.0))
        doubtful = replace(row, state="in_doubt", owed=True, next_check=row.created + wait)
        assert recovery.due([doubtful], row.created) is None


async def test_after_the_stated_time_a_human_is_asked_too() -> None:
    _, row = await row_of()
    since = row.created
    doubtful = replace(row, state="in_doubt", owed=True, doubt_since=since)
    for strategy, limit_s in recovery.GIVE_UP_S.items():
        just_before = since + timedelta(seconds=limit_s - 0.001)
        assert recovery.overdue([doubtful], strategy, just_before) == ()
        told = recovery.overdue([doubtful], strategy, since + timedelta(seconds=limit_s))
        assert [one.operation_id for one in told] == [row.id]
    already = replace(doubtful, state="needs_human")
    assert recovery.overdue([already], "last", since + timedelta(days=1)) == ()


async def test_what_was_pruned_cannot_be_asked_about() -> None:
    desk, row = await row_of()
    assert recovery.query_of(replace(row, operation=None), (), desk.clock.wall()) is None


async def test_a_wall_clock_that_is_set_back_puts_off_no_question_and_no_escalation() -> None:
    desk, row = await row_of()
    await desk.mark(row.id)
    await desk.end(row.id, DOUBT)
    desk.clock.jump(-3600)
    doubtful = await desk.row(row.id)
    assert recovery.due([doubtful], desk.clock.wall()) == doubtful
    assert recovery.overdue([doubtful], "last", desk.clock.wall()) == ()
    in_vain = replace(doubtful, checks=15)
    assert [one.operation_id for one in recovery.overdue([in_vain], "last", desk.clock.wall())] == [row.id]
