"""What every journal keeps: the one in SQLite and the tests' own alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from protocols.core.card import Card, CardToken
from protocols.core.errors import LocalError
from protocols.core.facts import Mark, Receipt
from protocols.core.outcomes import Approved, Evidence, TerminalRecord
from protocols.core.values import Money
from terminal_agent.errors import JournalFailed
from terminal_agent.journal.facts import Change, OrphanRow, Row
from terminal_agent.journal.port import Journal, Reader
from terminal_agent.journal.sqlite import open_journal
from tests.support.clock import FakeClock
from tests.support.memory_journal import MemoryJournal
from tests.support.operations import fact, operation_id, sale_row

APPROVED = Approved(
    evidence=Evidence("dialogue", agrees=("amount",), seen={"receipt": "0007"}),
    keys={"receipt": "0007", "trace": "000042"},
    card=Card(brand="Visa", last_four="1111", entry_mode="tap"),
    abort="too_late",
    money="charged",
    amount=Money(1000),
    authorisation_code="A1",
    token=CardToken("tok", "recognition", "merchant"),
    partial=True,
    details={"aid": "A0000000031010"},
)
RECEIPT = Receipt("customer", ("CLINIQUE", "Total 10,00"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "memory"])
async def journal(request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Journal]:
    entropy = Random(7).randbytes
    made: Journal = (
        MemoryJournal(clock, entropy)
        if request.param == "memory"
        else await open_journal(tmp_path / "journal.sqlite", clock, entropy)
    )
    yield made
    await made.aclose()


async def book(journal: Journal, clock: FakeClock, n: int = 0, events: int = 1) -> Row:
    """One accepted sale, with its events."""

    def decide(reader: Reader) -> Change:
        row = sale_row(reader, clock.wall(), n)
        return Change(row=row, events=tuple(fact(n, row.id) for _ in range(events)))

    row = (await journal.transact(decide)).change.row
    assert row is not None
    return row


async def end(journal: Journal, clock: FakeClock, row: Row) -> Row:
    """The same sale, approved, with one event more."""
    ended = replace(
        row,
        state="approved",
        changed=clock.wall(),
        outcome=APPROVED,
        money="charged",
        amount=Money(1000),
        code="approved",
        receipts=(RECEIPT,),
    )
    await journal.transact(lambda _: Change(row=ended, events=(fact(9, row.id),)))
    return ended


async def test_a_new_journal_is_empty_and_not_synced(journal: Journal) -> None:
    assert (journal.head.boot, journal.head.last_seq, journal.head.acked_seq) == (1, 0, 0)
    assert not journal.head.synced
    assert await journal.read(lambda reader: reader.open_operations()) == ()
    assert await journal.events_after(0, 10) == ()


async def test_a_row_comes_back_as_it_was_written(journal: Journal, clock: FakeClock) -> None:
    row = await book(journal, clock)
    assert await journal.read(lambda reader: reader.operation(row.id)) == row
    ended = await end(journal, clock, row)
    assert await journal.read(lambda reader: reader.operation(row.id)) == ended
    assert await journal.read(lambda reader: reader.operation("no such id")) is None


async def test_every_optional_time_and_flag_survives(journal: Journal, clock: FakeClock) -> None:
    row = await book(journal, clock)
    moment = clock.wall() + timedelta(milliseconds=123)
    doubtful = replace(
        row,
        state="in_doubt",
        owed=True,
        checks=3,
        doubt_since=moment,
        next_check=moment,
        abort_asked=moment,
        money="unknown",
    )
    await journal.transact(lambda _: Change(row=doubtful))
    assert await journal.read(lambda reader: reader.operation(row.id)) == doubtful


async def test_open_operations_are_those_not_final_oldest_first(journal: Journal, clock: FakeClock) -> None:
    first, second, third = [await book(journal, clock, n) for n in range(3)]
    await end(journal, clock, second)
    found = await journal.read(lambda reader: reader.open_operations("t-1"))
    assert [row.id for row in found] == [first.id, third.id]
    assert await journal.read(lambda reader: reader.open_operations("t-2")) == ()
    assert [row.id for row in await journal.read(lambda reader: reader.newest(2))] == [third.id, second.id]


async def test_events_are_numbered_without_a_gap_in_the_order_of_writing(
    journal: Journal, clock: FakeClock
) -> None:
    await asyncio.gather(*(book(journal, clock, n, events=2) for n in range(20)))
    events = await journal.events_after(0, 1000)
    assert [event.seq for event in events] == list(range(1, 41))
    assert {(event.epoch, event.boot) for event in events} == {(journal.head.epoch, 1)}
    assert journal.head.last_seq == 40
    assert [event.seq for event in await journal.events_after(38, 10)] == [39, 40]
    assert len(await journal.events_after(0, 5)) == 5


async def test_attempts_are_numbered_once_and_keyed_by_the_epoch(journal: Journal, clock: FakeClock) -> None:
    rows = await asyncio.gather(*(book(journal, clock, n) for n in range(5)))
    assert [row.attempt.no for row in rows] == [1, 2, 3, 4, 5]
    assert [row.attempt.key for row in rows] == [f"{journal.head.epoch[-2:]}{n}" for n in range(1, 6)]


async def test_a_refused_decision_writes_nothing_and_harms_no_other(
    journal: Journal, clock: FakeClock
) -> None:
    def refuse(reader: Reader) -> Change:
        raise LocalError("illegal_move", "refused")

    results = await asyncio.gather(
        book(journal, clock, 1), journal.transact(refuse), book(journal, clock, 2), return_exceptions=True
    )
    assert isinstance(results[1], LocalError)
    assert len(await journal.read(lambda reader: reader.open_operations())) == 2
    assert journal.head.last_seq == 2


async def test_marks_are_kept_in_order_with_their_keys(journal: Journal, clock: FakeClock) -> None:
    row = await book(journal, clock)
    marks = (
        Mark(row.id, 1, "committed", {"last.receipt": "0006"}),
        Mark(row.id, 1, "result_seen", {"receipt": "0007"}),
    )
    for mark in marks:
        await journal.transact(lambda _, mark=mark: Change(mark=mark))  # type: ignore[misc]  # mypy cannot type a lambda's default
    assert await journal.read(lambda reader: reader.marks(row.id)) == marks
    assert await journal.read(lambda reader: reader.marks("no such id")) == ()


async def test_orphans_are_kept_whole(journal: Journal, clock: FakeClock) -> None:
    orphan = OrphanRow("t-1", clock.wall(), TerminalRecord({"receipt": "9"}, Money(5), APPROVED), fits="x")
    await journal.transact(lambda _: Change(orphan=orphan))
    assert await journal.read(lambda reader: reader.orphans()) == (orphan,)
    assert await journal.read(lambda reader: reader.orphans("t-2")) == ()


async def test_operations_are_found_by_original_and_by_day(journal: Journal, clock: FakeClock) -> None:
    original = await book(journal, clock, 1)

    def refund(reader: Reader) -> Change:
        row = sale_row(reader, clock.wall(), 2)
        return Change(row=replace(row, op="reconcile", operation=None, original_id=original.id))

    await journal.transact(refund)
    rejected = replace(original, id=operation_id(clock.wall(), 3), op="reconcile", state="rejected")
    await journal.transact(
        lambda reader: Change(
            row=replace(
                rejected,
                operation=None,
                original_id=original.id,
                attempt=replace(rejected.attempt, no=reader.next_no()),
            )
        )
    )
    since = clock.wall() - timedelta(hours=1)
    assert len(await journal.read(lambda reader: reader.naming(original.id))) == 1
    assert len(await journal.read(lambda reader: reader.since("t-1", "reconcile", since))) == 1
    assert (
        await journal.read(lambda reader: reader.since("t-1", "reconcile", since + timedelta(days=1))) == ()
    )


async def test_the_cursor_moves_by_the_backends_word_alone_and_never_back(
    journal: Journal, clock: FakeClock
) -> None:
    await book(journal, clock, events=3)
    epoch = journal.head.epoch
    assert await journal.acknowledge(epoch, 2)
    assert await journal.acknowledge(epoch, 1)
    assert journal.head.acked_seq == 2
    assert not await journal.acknowledge(epoch, 4)
    assert not await journal.acknowledge("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1)
    assert journal.head.acked_seq == 2


async def test_a_new_epoch_numbers_what_was_not_acknowledged_from_one(
    journal: Journal, clock: FakeClock
) -> None:
    for n in range(4):
        await book(journal, clock, n)
    await journal.mark_synced(clock.wall())
    old = journal.head
    await journal.acknowledge(old.epoch, 2)
    clock.pass_time(5)
    await journal.begin_epoch()
    assert journal.head.epoch != old.epoch
    assert journal.head.born == clock.wall()
    assert (journal.head.last_seq, journal.head.acked_seq, journal.head.synced) == (2, 0, False)
    events = await journal.events_after(0, 10)
    assert [(event.epoch, event.seq, event.fact.data) for event in events] == [
        (journal.head.epoch, 1, '{"n":2}'),
        (journal.head.epoch, 2, '{"n":3}'),
    ]
    await book(journal, clock, 9)
    assert journal.head.last_seq == 3


async def test_what_is_not_taken_along_into_a_new_epoch_is_told_no_more(
    journal: Journal, clock: FakeClock
) -> None:
    for n in range(4):
        await book(journal, clock, n)
    await journal.acknowledge(journal.head.epoch, 1)
    await journal.mark_met()
    await journal.begin_epoch(take=lambda fact: fact.data != '{"n":2}')
    events = await journal.events_after(0, 10)
    assert [(event.seq, event.fact.data) for event in events] == [(1, '{"n":1}'), (2, '{"n":3}')]
    assert (journal.head.last_seq, journal.head.known_seq) == (2, 0)


async def test_a_new_epoch_is_later_than_ours_and_the_backends_whatever_the_clock_says(
    journal: Journal, clock: FakeClock
) -> None:
    ours = journal.head.epoch
    clock.jump(-3600)
    await journal.begin_epoch()
    assert journal.head.epoch > ours
    backends = "7ZZZZZZZZY" + "0" * 16
    await journal.begin_epoch(later_than=backends)
    assert journal.head.epoch > backends


async def test_an_epoch_of_the_backends_that_is_none_of_ours_is_a_strangers(journal: Journal) -> None:
    ours = journal.head.epoch
    await journal.begin_epoch()
    await journal.begin_epoch(later_than=ours)
    assert not await journal.read(lambda reader: reader.strangers())
    await journal.begin_epoch(later_than="01ZZZZZZZZ" + "0" * 16)
    await journal.begin_epoch()
    assert await journal.read(lambda reader: reader.strangers())


async def test_what_the_backend_can_know_stays_until_it_is_met(journal: Journal, clock: FakeClock) -> None:
    assert journal.head.known_seq == 0
    await book(journal, clock, 1)
    assert journal.head.known_seq == 0
    await journal.mark_met()
    assert journal.head.known_seq is None


async def test_facts_that_waited_in_vain_for_the_backend_go_on_in_an_epoch_that_waits_for_nobody(
    journal: Journal, clock: FakeClock
) -> None:
    was = journal.head.epoch
    assert not await journal.go_on_unmet()
    await book(journal, clock, 1)
    assert await journal.go_on_unmet()
    assert journal.head.epoch != was
    assert (journal.head.last_seq, journal.head.known_seq, journal.head.synced) == (1, None, False)
    now = journal.head.epoch
    await book(journal, clock, 2)
    assert not await journal.go_on_unmet()
    assert journal.head.epoch == now


async def test_the_endings_of_epochs_may_run_out(journal: Journal) -> None:
    names = set()
    for _ in range(32 * 32 + 2):
        await journal.begin_epoch()
        names.add(journal.head.epoch)
    assert len(names) == 32 * 32 + 2


async def test_pruning_keeps_id_hash_state_and_time_for_ever_and_open_rows_whole(
    journal: Journal, clock: FakeClock
) -> None:
    closed = await end(journal, clock, await book(journal, clock, 1))
    await journal.transact(lambda _: Change(mark=Mark(closed.id, 1, "committed", {})))
    still_open = await book(journal, clock, 2)
    clock.pass_time(1000)
    unacknowledged = await end(journal, clock, await book(journal, clock, 3))
    await journal.acknowledge(journal.head.epoch, 3)
    clock.pass_time(1000)
    assert await journal.prune(clock.wall() - timedelta(seconds=1)) == 1
    kept = await journal.read(lambda reader: reader.operation(closed.id))
    assert kept == replace(closed, operation=None, outcome=None, receipts=(), data=None, pruned=True)
    assert await journal.read(lambda reader: reader.marks(closed.id)) == ()
    assert await journal.read(lambda reader: reader.operation(still_open.id)) == still_open
    assert await journal.read(lambda reader: reader.operation(unacknowledged.id)) == unacknowledged
    assert [event.seq for event in await journal.events_after(0, 10)] == [4, 5]


async def test_the_newest_event_outlives_pruning_because_it_carries_the_numbering(
    journal: Journal, clock: FakeClock
) -> None:
    await book(journal, clock, events=3)
    await journal.acknowledge(journal.head.epoch, 3)
    clock.pass_time(1000)
    await journal.prune(clock.wall())
    assert [event.seq for event in await journal.events_after(0, 10)] == [3]
    await book(journal, clock, 2)
    assert journal.head.last_seq == 4


async def test_a_closed_journal_takes_nothing(journal: Journal, clock: FakeClock) -> None:
    await journal.aclose()
    with pytest.raises(JournalFailed):
        await book(journal, clock)


async def test_the_disk_is_known(journal: Journal) -> None:
    assert journal.space().free_bytes > 0
