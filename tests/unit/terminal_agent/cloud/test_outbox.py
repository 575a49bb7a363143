"""Facts go out in order, until the backend has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from protocols.contract import messages
from protocols.core.outcomes import Cancelled, Evidence
from terminal_agent.cloud.outbox import HELD_S, REPEAT_S, Outbox
from terminal_agent.cloud.traffic import Inbound
from tests.support.agent_desk import TOPICS, Desk
from tests.support.virtual_clock import run_virtual

ABORTED = Cancelled(code="aborted", evidence=Evidence("dialogue"))


async def told(operations: int) -> Desk:
    """A desk with two facts for each operation."""
    desk = Desk()
    await desk.sync()
    for _ in range(operations):
        name = (await desk.ask("sale")).operation_id
        assert name is not None
        await desk.end(name, ABORTED)
    return desk


async def restarted(known_seq: int) -> Desk:
    """Two facts, of which the backend can know so many: nobody has met it since."""
    desk = await told(1)
    desk.journal._held.head = replace(desk.journal.head, known_seq=known_seq)
    return desk


def published(desk: Desk) -> list[int]:
    """The numbers of the facts published, in order."""
    sent = [json.loads(message.payload) for message in desk.publisher.sent if "/evt/" in message.topic]
    return [envelope["seq"] for envelope in sent]


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[Outbox]:
    task = asyncio.create_task(outbox.run())
    await settle()
    try:
        yield outbox
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(30):
        await asyncio.sleep(0)


async def quietly_begun(desk: Desk) -> str:
    """One more sale whose reply nobody gets, because the link is down."""
    data = desk.data("sale")
    stamp = messages.Stamp("x", desk.clock.wall())
    message = messages.command(TOPICS, "sale", data, stamp, node="backend", terminal="t-1")
    await desk.inbox.receive(Inbound(TOPICS.parse(message.topic), message.payload))
    return str(data["operation_id"])


async def test_nothing_goes_out_before_the_link_is_up_then_everything_in_order() -> None:
    desk = await told(3)
    async with running(desk.outbox) as outbox:
        assert published(desk) == []
        outbox.connected()
        await settle()
        assert published(desk) == [1, 2, 3, 4, 5, 6]
        assert outbox.depth == 6


async def test_a_fact_carries_its_place_and_an_id_that_never_changes() -> None:
    desk = await told(1)
    async with running(desk.outbox) as outbox:
        outbox.connected()
        await settle()
        outbox.connected()
        await settle()
    first, _, again, _ = [
        json.loads(message.payload) for message in desk.publisher.sent if "/evt/" in message.topic
    ]
    head = desk.journal.head
    assert (first["epoch"], first["seq"], first["boot"]) == (head.epoch, 1, 1)
    assert first["id"] == f"{head.epoch}-1"
    assert first == again
    assert first["data"]["state"] == "accepted"
    assert desk.publisher.sent[-1].topic == TOPICS.of_terminal("t-1", "evt", "operation")
    assert not desk.publisher.sent[-1].retain


async def test_new_facts_follow_at_once_without_being_read_from_disk() -> None:
    desk = await told(0)
    async with running(desk.outbox) as outbox:
        outbox.connected()
        await settle()
        reads: list[int] = []
        journal_read = desk.journal.events_after

        async def counted(seq: int, limit: int) -> object:
            reads.append(seq)
            return await journal_read(seq, limit)

        desk.journal.events_after = counted  # type: ignore[method-assign, assignment]  # to see whether it is asked
        await desk.ask("sale")
        await settle()
        assert published(desk) == [1]
        assert reads == []


async def test_no_more_are_out_than_the_limit_until_the_backend_speaks() -> None:
    desk = await told(5)
    outbox = Outbox(desk.journal, desk.publisher, TOPICS, in_flight=4)
    async with running(outbox):
        outbox.connected()
        await settle()
        assert published(desk) == [1, 2, 3, 4]
        await desk.ack(desk.journal.head.epoch, 3)
        outbox.wake()
        await settle()
        assert published(desk) == [1, 2, 3, 4, 5, 6, 7]


async def test_after_a_reconnect_they_go_out_from_the_first_without_the_backends_word() -> None:
    desk = await told(2)
    async with running(desk.outbox) as outbox:
        outbox.connected()
        await settle()
        await desk.ack(desk.journal.head.epoch, 1)
        desk.publisher.down = True
        await desk.end(await quietly_begun(desk), ABORTED)
        await settle()
        desk.publisher.down = False
        desk.publisher.sent.clear()
        outbox.connected()
        await settle()
        assert published(desk) == [2, 3, 4, 5, 6]


async def test_a_backend_that_comes_later_is_told_at_once_what_it_may_have_missed() -> None:
    desk = await told(2)
    async with running(desk.outbox) as outbox:
        outbox.connected()
        await settle()
        await desk.ack(desk.journal.head.epoch, 2)
        desk.publisher.sent.clear()
        outbox.met()
        await settle()
        assert published(desk) == [3, 4]


async def test_after_a_restart_too() -> None:
    desk = await told(2)
    await desk.ack(desk.journal.head.epoch, 2)
    again = await desk.restarted()
    async with running(again.outbox) as outbox:
        outbox.connected()
        await settle()
        assert published(again) == [3, 4]


async def test_a_new_epoch_is_published_from_its_first_once_the_backend_is_met() -> None:
    desk = await told(2)
    async with running(desk.outbox) as outbox:
        outbox.connected()
        await settle()
        await desk.ack(desk.journal.head.epoch, 3)
        desk.publisher.sent.clear()
        await desk.journal.begin_epoch()
        outbox.wake()
        await settle()
        assert published(desk) == []
        await desk.journal.mark_met()
        outbox.met()
        await settle()
        assert published(desk) == [1]
        assert json.loads(desk.publisher.sent[-1].payload)["epoch"] == desk.journal.head.epoch


async def test_a_slow_broker_does_not_hold_up_what_comes_next() -> None:
    desk = await told(1)
    handed_over: list[object] = []

    class Slow:
        async def publish(self, message: object, *, correlation: bytes | None = None) -> None:
            handed_over.append(message)
            await asyncio.Event().wait()

    outbox = Outbox(desk.journal, Slow(), TOPICS)
    desk.lifecycle.listen(outbox.applied)
    async with running(outbox):
        outbox.connected()
        await settle()
        assert len(handed_over) == 2
        await desk.ask("sale")
        await settle()
        assert len(handed_over) == 3


async def test_a_connect_while_the_journal_is_read_leaves_no_gap() -> None:
    desk = await told(3)
    reading, go_on = asyncio.Event(), asyncio.Event()
    journal_read = desk.journal.events_after

    async def slow(seq: int, limit: int) -> object:
        reading.set()
        await go_on.wait()
        return await journal_read(seq, limit)

    outbox = Outbox(desk.journal, desk.publisher, TOPICS, in_flight=2)
    async with running(outbox):
        outbox.connected()
        await settle()
        desk.journal.events_after = slow  # type: ignore[method-assign, assignment]  # to stop it in the middle
        await desk.ack(desk.journal.head.epoch, 1)
        outbox.wake()
        await reading.wait()
        desk.publisher.sent.clear()
        outbox.connected()
        go_on.set()
        await settle()
        assert published(desk) == [2, 3]


async def test_a_bug_in_publishing_is_not_taken_for_a_broken_link() -> None:
    desk = await told(1)

    class Broken:
        async def publish(self, message: object, *, correlation: bytes | None = None) -> None:
            raise LookupError("a bug")

    outbox = Outbox(desk.journal, Broken(), TOPICS)
    outbox.connected()
    with pytest.raises(LookupError):
        await outbox.run()


def test_they_go_out_again_when_the_backends_word_is_overdue() -> None:
    async def main() -> list[list[int]]:
        desk = await told(1)
        seen: list[list[int]] = []
        async with running(desk.outbox) as outbox:
            outbox.connected()
            for wait_s in (REPEAT_S - 1, 2, REPEAT_S + 1):
                await asyncio.sleep(wait_s)
                seen.append(published(desk))
                desk.publisher.sent.clear()
            await desk.ack(desk.journal.head.epoch, 2)
            outbox.wake()
            await asyncio.sleep(10 * REPEAT_S)
            seen.append(published(desk))
        return seen

    assert run_virtual(main()) == [[1, 2], [1, 2], [1, 2], []]


def test_facts_of_this_boot_wait_for_the_backends_sync_but_not_for_ever() -> None:
    """Then they go out under a new epoch: in this one their numbers may be taken."""

    async def main() -> tuple[Desk, list[str], list[list[int]]]:
        desk = await restarted(1)
        epochs = [desk.journal.head.epoch]
        outbox = Outbox(
            desk.journal,
            desk.publisher,
            TOPICS,
            repeat_s=1000,
            renewed=lambda: epochs.append(desk.journal.head.epoch),
        )
        seen: list[list[int]] = []
        async with running(outbox):
            outbox.connected()
            for wait_s in (HELD_S - 1, 2):
                await asyncio.sleep(wait_s)
                seen.append(published(desk))
                desk.publisher.sent.clear()
        return desk, epochs, seen

    desk, epochs, seen = run_virtual(main())
    assert seen == [[1], [1, 2]]
    assert epochs == [epochs[0], desk.journal.head.epoch]
    assert epochs[0] != epochs[1]
    assert not desk.journal.head.synced


def test_each_connection_gives_the_backend_its_whole_time_to_come() -> None:
    async def main() -> list[list[int]]:
        desk = await restarted(1)
        seen: list[list[int]] = []
        async with running(Outbox(desk.journal, desk.publisher, TOPICS, repeat_s=1000)) as outbox:
            for wait_s in (HELD_S - 1, HELD_S - 1, 2):
                if len(seen) < 2:
                    outbox.connected()
                await asyncio.sleep(wait_s)
                seen.append(published(desk))
                desk.publisher.sent.clear()
        return seen

    assert run_virtual(main()) == [[1], [1], [1, 2]]


def test_where_nothing_waits_for_the_backend_the_journal_goes_on_as_it_is() -> None:
    async def main() -> tuple[str, str]:
        desk = await restarted(2)
        was = desk.journal.head.epoch
        async with running(Outbox(desk.journal, desk.publisher, TOPICS, repeat_s=1000)) as outbox:
            outbox.connected()
            await asyncio.sleep(HELD_S + 1)
        return was, desk.journal.head.epoch

    was, now = run_virtual(main())
    assert was == now


async def test_once_the_backend_is_met_nothing_is_held_back() -> None:
    desk = await restarted(1)
    async with running(Outbox(desk.journal, desk.publisher, TOPICS)) as outbox:
        outbox.connected()
        await settle()
        assert published(desk) == [1]
        await desk.journal.mark_met()
        outbox.met()
        await settle()
        assert published(desk) == [1, 1, 2]
