"""A journal that was restored from a copy is found out, and does not tell what it cannot know."""

from __future__ import annotations

import json

import pytest

from protocols.core.outcomes import Cancelled, Evidence, NotStarted, Unknown
from tests.support.agent_desk import Desk
from tests.support.operations import operation_id

DOUBT = Unknown(code="link_lost", evidence=Evidence("dialogue"))


async def test_a_restored_journal_is_found_out_by_what_it_knew_at_its_start() -> None:
    """It may have written as much anew as the backend knows of the lost one."""
    desk = Desk()
    await desk.sync()
    await desk.mark((await desk.ask("sale")).operation_id or "")
    epoch, known = desk.journal.head.epoch, desk.journal.head.last_seq
    yesterday = await desk.restarted()
    assert yesterday.journal.head.last_seq == known + 1  # the sale is in doubt
    await yesterday.sync(epoch=epoch, seq=known + 1)
    assert yesterday.journal.head.epoch != epoch


async def restored() -> tuple[Desk, str, str]:
    """A journal copied while its sale ran, which does not know how that ended; the sale's id; the epoch."""
    desk = Desk()
    await desk.sync()
    name = (await desk.ask("sale", amount_minor=4200)).operation_id
    assert name is not None
    await desk.mark(name)
    desk.clock.pass_time(5)
    copy = await desk.restarted()
    return copy, name, copy.journal.head.epoch


async def told_of(desk: Desk, name: str) -> list[str]:
    """The states of an operation that were told, or wait to be."""
    facts = [event.fact for event in await desk.events()]
    return [json.loads(fact.data)["state"] for fact in facts if fact.operation_id == name]


@pytest.mark.parametrize("ack_first", [False, True])
async def test_what_ended_in_the_lost_part_of_a_restored_journal_is_left_alone(ack_first: bool) -> None:
    copy, name, epoch = await restored()
    if ack_first:
        await copy.ack(epoch, 90)
    await copy.sync(epoch=epoch, seq=90)
    row = await copy.row(name)
    assert (row.state, row.code, row.owed, row.money) == ("needs_human", "told_before", False, "unknown")
    await copy.end(name, Cancelled(code="reversed", evidence=Evidence("last"), money="returned"))
    await copy.end(name, DOUBT)
    assert await copy.row(name) == row
    assert await told_of(copy, name) == ["needs_human"]
    assert (await copy.ask("sale")).verdict == "accepted"


async def test_a_copy_that_was_found_out_by_an_ack_begins_one_epoch_only() -> None:
    """Orders that were made before an epoch are refused for good."""
    desk = Desk()
    await desk.sync()
    head = desk.journal.head
    await desk.ack(head.epoch, 90)
    renewed = desk.journal.head.epoch
    await desk.sync(epoch=head.epoch, seq=90)
    assert desk.journal.head.epoch == renewed


async def test_of_what_was_left_alone_a_humans_word_is_taken() -> None:
    copy, name, epoch = await restored()
    await copy.sync(epoch=epoch, seq=90)
    verdict = {
        "target_operation_id": name,
        "verdict": "approved",
        "by": "s",
        "evidence": "slip",
        "reason": "r",
    }
    assert (await copy.ask("resolve", **verdict)).verdict == "done"
    assert (await copy.row(name)).state == "approved"


async def test_what_was_found_out_before_the_sync_and_had_ended_before_is_not_told() -> None:
    copy, name, epoch = await restored()
    await copy.end(name, NotStarted(code="not_booked", evidence=Evidence("last")))
    await copy.sync(epoch=epoch, seq=90)
    assert await told_of(copy, name) == []


async def test_what_a_restored_journal_finds_listed_is_asked_about_and_told() -> None:
    copy, name, epoch = await restored()
    known = {"operation_id": name, "terminal": "t-1", "op": "sale", "data": copy.data("sale")}
    await copy.sync(epoch=epoch, seq=90, open_operations=[known])
    assert (await copy.row(name)).owed
    await copy.end(name, NotStarted(code="not_booked", evidence=Evidence("last")))
    assert (await told_of(copy, name))[-1] == "not_started"


async def test_a_later_journal_that_is_not_ours_says_nothing_of_what_is_open_here() -> None:
    """A second agent refused it, perhaps, and knows nothing of what this one did."""
    copy, name, _ = await restored()
    await copy.sync(epoch=operation_id(copy.clock.wall()), seq=3)
    assert (await copy.row(name)).owed
