"""One reply for each delivery, whatever is delivered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from protocols.contract import messages
from protocols.contract.topics import Address
from terminal_agent.cloud.traffic import Inbound
from terminal_agent.errors import JournalFailed
from tests.support.agent_desk import TOPICS, Desk

SALE = TOPICS.of_terminal("t-1", "cmd", "sale")


async def synced() -> Desk:
    desk = Desk()
    await desk.sync()
    return desk


def packed(desk: Desk, op: str, data: dict[str, Any]) -> Inbound:
    """A delivery to t-1."""
    stamp = messages.Stamp("x", desk.clock.wall())
    message = messages.command(TOPICS, op, data, stamp, node="backend", terminal="t-1")
    return Inbound(TOPICS.parse(message.topic), message.payload)


async def test_five_deliveries_one_operation_five_replies() -> None:
    desk = await synced()
    data = desk.data("sale")
    replies = [await desk.send("sale", data) for _ in range(5)]
    assert [reply.verdict for reply in replies] == ["accepted"] + ["duplicate"] * 4
    assert {reply.operation_id for reply in replies} == {data["operation_id"]}
    assert len(desk.fleet.begun) == 1


async def test_deliveries_at_the_same_time_begin_once() -> None:
    desk = await synced()
    one, other = desk.data("sale"), desk.data("sale")
    before = len(desk.publisher.sent)
    deliveries = [packed(desk, "sale", data) for data in (one, other, one, other, one)]
    await asyncio.gather(*(desk.inbox.receive(delivery) for delivery in deliveries))
    assert len(desk.fleet.begun) == 1
    verdicts = [json.loads(message.payload)["data"]["verdict"] for message in desk.publisher.sent[before:]]
    assert sorted(verdicts) == ["accepted", "duplicate", "duplicate", "duplicate", "rejected"]


async def test_the_reply_goes_to_the_node_that_asked_and_nowhere_else() -> None:
    desk = await synced()
    await desk.ask("sale", reply_to="desk-7")
    assert desk.publisher.sent[-1].topic == TOPICS.reply("desk-7")
    refused = await desk.ask("sale", reply_to="clinics/v1/other/agent-9/rsp/x")
    assert (refused.code, refused.path) == ("schema_invalid", "data.reply_to")
    assert desk.publisher.sent[-1].topic == TOPICS.reply("backend")


async def test_the_correlation_of_mqtt_5_comes_back() -> None:
    desk = await synced()
    delivery = packed(desk, "sale", desk.data("sale"))
    await desk.inbox.receive(Inbound(delivery.address, delivery.payload, TOPICS.reply("n-1"), b"c-1"))
    assert (desk.publisher.sent[-1].topic, desk.publisher.correlations[-1]) == (TOPICS.reply("n-1"), b"c-1")


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (b"", "payload"),
        (b"\xff\xfe", "payload"),
        (b"[1]", "payload"),
        (b"{}", "specversion"),
        (b"{" * 70_000, "payload"),
        (b'{"a":1,"a":2}', "payload"),
        (b'{"data":{"card_number":"4242424242424242"}}', "data.card_number"),
    ],
)
async def test_any_bytes_get_one_rejection_with_the_fields_path(payload: bytes, path: str) -> None:
    desk = await synced()
    reply = await desk.deliver(SALE, payload)
    assert (reply.verdict, reply.code) == ("rejected", "schema_invalid")
    assert reply.path == path
    assert b"4242424242424242" not in desk.publisher.sent[-1].payload


async def test_a_refusal_says_what_is_wrong_and_what_is_allowed_also_when_it_is_repeated() -> None:
    """The first reply may be lost, and the id is burnt."""
    desk = await synced()
    data = desk.data("sale", amount_minor=10.0)
    first, again = [await desk.send("sale", data) for _ in range(2)]
    assert (first.verdict, again.verdict, again.code) == ("rejected", "duplicate", "duplicate")
    for reply in (first, again):
        assert (reply.path, reply.detail) == ("data.amount_minor", "wrong_type")
        assert reply.allowed == "an integer without quotes, point or exponent"
    assert again.state is not None
    assert (again.state.state, again.state.code) == ("rejected", "schema_invalid")
    assert await desk.events() == ()


async def test_a_time_that_no_clock_reads_spoils_nothing() -> None:
    """A zero time is what an unset variable of a backend holds."""
    for time in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        desk = Desk()
        assert (await desk.sync(time=time)).path == "data.time"
        await desk.sync()
        assert (await desk.sync(time=time)).path == "data.time"
        assert (await desk.ask("sale")).verdict == "accepted"


async def test_an_op_that_does_not_exist_is_unsupported() -> None:
    desk = await synced()
    reply = await desk.send("dance", desk.data("sale"))
    assert (reply.verdict, reply.code) == ("rejected", "unsupported")
    assert (await desk.send("dance", {"operation_id": desk.new_id()}, terminal=None)).code == "unsupported"


async def test_the_agents_own_commands_are_done_and_answered() -> None:
    desk = await synced()
    assert (await desk.send("rescan", {"operation_id": desk.new_id()}, terminal=None)).verdict == "done"
    assert (await desk.send("diagnose", {"operation_id": desk.new_id()}, terminal=None)).verdict == "done"
    assert desk.fleet.said == ["rescan", "report"]


async def test_a_failing_journal_gives_no_reply_at_all_and_begins_nothing() -> None:
    desk = await synced()
    desk.journal.fails = True
    before = len(desk.publisher.sent)
    with pytest.raises(JournalFailed):
        await desk.ask("sale")
    assert len(desk.publisher.sent) == before
    assert desk.fleet.begun == []


async def test_a_lost_reply_harms_nothing_and_the_repeat_is_a_duplicate() -> None:
    desk = await synced()
    data = desk.data("sale")
    desk.publisher.down = True
    await desk.inbox.receive(packed(desk, "sale", data))
    desk.publisher.down = False
    assert (await desk.send("sale", data)).verdict == "duplicate"
    assert len(desk.fleet.begun) == 1


async def test_what_is_no_command_is_left_alone() -> None:
    desk = await synced()
    before = len(desk.publisher.sent)
    await desk.inbox.receive(Inbound(Address("clinic-1", "agent-1", "terminal", "t-1", "state"), b"x"))
    assert len(desk.publisher.sent) == before
