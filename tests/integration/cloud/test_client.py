"""The typed client against a scripted agent over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from protocols.contract import commands
from protocols.contract.events import OperationFact, Progress
from protocols.contract.operation import OperationView
from protocols.contract.parsing import Command, parse_command
from terminal_agent.client import (
    Abort,
    BackendClient,
    BrokerAwayError,
    Fact,
    NoReplyError,
    Notice,
    RejectedError,
    Sale,
)
from tests.support.broker import Broker, Mosquitto, free_port
from tests.support.fake_agent import EPOCH, FakeAgent, fake_agent, view
from tests.support.linked import until

pytestmark = pytest.mark.system


def client_of(broker: Broker, **options: Any) -> BackendClient:
    wanted = {"clinic": "clinic-1", "repeat_every_s": 0.1, "auto_sync": False, **options}
    return BackendClient(broker.host, broker.port, **wanted)


@asynccontextmanager
async def both(broker: Broker, agent: str, **options: Any) -> AsyncIterator[tuple[BackendClient, FakeAgent]]:
    async with fake_agent(broker.host, broker.port, agent) as fake, client_of(broker, **options) as client:
        yield client, fake


def sale(client: BackendClient, amount_minor: int = 4750) -> Sale:
    return Sale(**client.stamp(actor="staff-17"), amount_minor=amount_minor)


async def take(iterator: AsyncIterator[Any], count: int) -> list[Any]:
    async with asyncio.timeout(20):
        return [await anext(iterator) for _ in range(count)]


async def test_a_sale_is_replied_to_and_ends(plain: Broker) -> None:
    async with both(plain, "agent-a1") as (client, fake):
        pending = await client.send("agent-a1", "desk-1", sale(client))
        reply = await pending.reply()
        assert (reply.verdict, reply.operation_id) == ("accepted", pending.operation_id)
        await fake.fact(1, view(pending.operation_id, "approved", "charged"))
        outcome = await pending.outcome(20)
    assert (outcome.state, outcome.money) == ("approved", "charged")
    parsed = parse_command("sale", fake.raw[0], topics=fake.topics)
    assert isinstance(parsed, Command)
    assert parsed.op == "sale"
    assert len(fake.ops("sale")) == 1


async def test_a_command_is_repeated_with_the_same_bytes_until_a_reply_comes(plain: Broker) -> None:
    async with both(plain, "agent-a2") as (client, fake):
        fake.verdicts["sale"] = ["silence", "silence", "accepted"]
        pending = await client.send("agent-a2", "desk-1", sale(client))
        assert (await pending.reply(20)).verdict == "accepted"
    assert len(fake.raw) == 3
    assert len(set(fake.raw)) == 1


async def test_a_repeat_on_purpose_gets_its_own_reply(plain: Broker) -> None:
    async with both(plain, "agent-a3") as (client, fake):
        fake.verdicts["sale"] = ["accepted", "duplicate"]
        pending = await client.send("agent-a3", "desk-1", sale(client))
        assert (await pending.reply(20)).verdict == "accepted"
        assert (await pending.repeat(20)).verdict == "duplicate"


async def test_no_reply_is_told_with_the_id_to_keep(plain: Broker) -> None:
    async with client_of(plain) as client:
        pending = await client.send("agent-nobody", "desk-1", sale(client))
        with pytest.raises(NoReplyError, match=pending.operation_id):
            await pending.reply(0.3)
        assert pending.sent >= 2


async def test_a_rejection_ends_the_waiting(plain: Broker) -> None:
    async with both(plain, "agent-a4") as (client, fake):
        fake.verdicts["sale"] = ["rejected"]
        pending = await client.send("agent-a4", "desk-1", sale(client))
        with pytest.raises(RejectedError) as refused:
            await pending.outcome(20)
        assert [notice async for notice in pending.updates()] == []
    assert refused.value.reply.code == "expired"


async def test_a_duplicate_with_its_end_is_an_outcome(plain: Broker) -> None:
    async with both(plain, "agent-a5") as (client, fake):
        fake.verdicts["sale"] = ["duplicate"]
        command = sale(client)
        fake.states[command.operation_id] = OperationView.model_validate(
            view(command.operation_id, "declined")
        )
        pending = await client.send("agent-a5", "desk-1", command)
        assert (await pending.outcome(20)).state == "declined"


async def test_updates_show_progress_and_doubt_and_end_with_the_final(plain: Broker) -> None:
    async with both(plain, "agent-a6") as (client, fake):
        pending = await client.send("agent-a6", "desk-1", sale(client))
        updates = pending.updates()
        await fake.progress(pending.operation_id, "awaiting_card", "awaiting_card")
        await fake.fact(1, view(pending.operation_id, "in_doubt", "unknown"))
        await fake.fact(1, view(pending.operation_id, "in_doubt", "unknown"))
        await fake.fact(2, view(pending.operation_id, "approved", "charged"))
        async with asyncio.timeout(20):
            seen: list[Notice] = [notice async for notice in updates]
        assert (await pending.outcome(20)).state == "approved"
    assert [notice.body.state for notice in seen] == ["awaiting_card", "in_doubt", "approved"]
    assert isinstance(seen[0].body, Progress)
    assert isinstance(seen[1].body, OperationFact)


async def test_outcome_does_not_take_doubt_for_an_end(plain: Broker) -> None:
    async with both(plain, "agent-a7") as (client, fake):
        pending = await client.send("agent-a7", "desk-1", sale(client))
        await pending.reply(20)
        await fake.fact(1, view(pending.operation_id, "in_doubt", "unknown"))
        await until(lambda: pending.latest is not None)
        with pytest.raises(TimeoutError):
            await pending.outcome(0.2)
        assert pending.latest is not None
        assert pending.latest.state == "in_doubt"


async def test_facts_come_in_order_once_and_are_acknowledged(plain: Broker) -> None:
    async with both(plain, "agent-b1") as (client, fake):
        ids = [client.new_id() for _ in range(4)]
        for seq in (2, 3, 1, 2, 4, 4, 1):
            await fake.fact(seq, view(ids[seq - 1], "approved"))
        facts: list[Fact] = await take(client.facts(), 4)
        await client.acknowledge("agent-b1", EPOCH, 4)
        await until(lambda: bool(fake.acks))
    assert [(fact.seq, fact.epoch, fact.terminal, fact.type) for fact in facts] == [
        (seq, EPOCH, "desk-1", "operation") for seq in (1, 2, 3, 4)
    ]
    assert [fact.body.operation_id for fact in facts if isinstance(fact.body, OperationFact)] == ids
    assert (fake.acks[0].epoch, fake.acks[0].seq) == (EPOCH, 4)


async def test_what_is_known_is_not_told_again(plain: Broker) -> None:
    async with both(plain, "agent-b2", known={"agent-b2": (EPOCH, 40)}) as (client, fake):
        for seq in (39, 40, 41):
            await fake.fact(seq, view(client.new_id(), "approved"))
        facts = await take(client.facts(), 1)
    assert facts[0].seq == 41


async def test_what_another_node_acknowledged_is_not_waited_for(plain: Broker) -> None:
    async with both(plain, "agent-b5", auto_sync=True) as (client, fake):
        fake.results["sync"] = {"epoch": EPOCH, "seq": 42, "acked_seq": 40}
        await fake.be("ready")
        await fake.fact(42, view(client.new_id(), "approved"))
        await fake.fact(41, view(client.new_id(), "approved"))
        facts = await take(client.facts(), 2)
    assert [fact.seq for fact in facts] == [41, 42]


async def test_auto_ack_acknowledges_the_lowest_contiguous(plain: Broker) -> None:
    async with both(plain, "agent-b3", auto_ack=True) as (client, fake):
        await fake.fact(1, view(client.new_id(), "approved"))
        await until(lambda: bool(fake.acks) and fake.acks[-1].seq == 1)
        await fake.fact(3, view(client.new_id(), "approved"))
        await fake.fact(2, view(client.new_id(), "approved"))
        await until(lambda: fake.acks[-1].seq == 3)
    assert [ack.seq for ack in fake.acks] in ([1, 3], [1, 2, 3])


async def test_a_fact_of_a_newer_agent_is_kept_as_it_is(plain: Broker) -> None:
    async with both(plain, "agent-b4") as (client, fake):
        await fake.fact(1, {"shiny": True}, type_="unheard_of")
        facts = await take(client.facts(), 1)
    assert (facts[0].type, facts[0].body) == ("unheard_of", {"shiny": True})


async def test_an_agent_that_comes_up_is_told_what_is_known_and_open(plain: Broker) -> None:
    async with both(plain, "agent-c1", auto_sync=True, known={"agent-c1": (EPOCH, 7)}) as (client, fake):
        assert client.is_away("agent-c1")
        fake.verdicts["sale"] = ["silence"]
        command = sale(client)
        await client.send("agent-c1", "desk-1", command)
        ended = await client.send(
            "agent-c1", "desk-1", Abort(**client.stamp(actor="a"), target_operation_id=command.operation_id)
        )
        await ended.reply(20)
        await fake.be("ready")
        await until(lambda: len(fake.ops("sync")) == 1)
        assert (await client.wait_for_agent("agent-c1")).state == "ready"
        await fake.be("degraded")
        await fake.be("lost")
        await until(lambda: client.is_away("agent-c1"))
        await fake.be("ready", boot=2)
        await until(lambda: len(fake.ops("sync")) == 2)
    body = commands.Sync.model_validate(fake.ops("sync")[0])
    assert (body.epoch, body.seq) == (EPOCH, 7)
    assert [(one.op, one.operation_id) for one in body.open_operations] == [("sale", command.operation_id)]
    assert body.open_operations[0].data == fake.ops("sale")[0]


async def test_what_was_sent_before_this_client_is_listed_as_open(plain: Broker) -> None:
    before = commands.OpenOperation(
        operation_id="01JD7A0000E5F6G7H8J9KMNPQS", terminal="desk-1", op="sale", data={}, accepted=True
    )
    known = {"agent-c5": [before]}
    async with both(
        plain, "agent-c5", auto_sync=True, open_operations=lambda agent: known.get(agent, ())
    ) as (_, fake):
        await fake.be("ready")
        await until(lambda: len(fake.ops("sync")) == 1)
    assert commands.Sync.model_validate(fake.ops("sync")[0]).open_operations == (before,)


async def test_alerts_are_told_to_who_listens(plain: Broker) -> None:
    async with both(plain, "agent-c6") as (client, fake):
        notices = client.agent_notices()
        await fake.alert("disk_low")
        await fake.alert("line_noise", "desk-1")
        heard = await take(notices, 2)
    assert [(one.agent, one.terminal, one.body.code) for one in heard] == [
        ("agent-c6", None, "disk_low"),
        ("agent-c6", "desk-1", "line_noise"),
    ]


async def test_a_change_of_any_state_wakes_who_waits(plain: Broker) -> None:
    async with both(plain, "agent-c7") as (client, fake):
        await fake.be("ready")
        async with asyncio.timeout(20):
            while "agent-c7" not in client.agents():  # retained states of other agents wake it, too
                await client.changed()
        assert client.agents()["agent-c7"].state == "ready"


async def test_an_agent_that_says_what_it_lacks_is_told_though_it_names_a_boot_we_know(plain: Broker) -> None:
    """A journal that was restored from a copy counts its starts anew."""
    async with both(plain, "agent-c8", auto_sync=True) as (_, fake):
        await fake.be("ready")
        await until(lambda: len(fake.ops("sync")) == 1)
        await fake.be("degraded", code="clock_untrusted")
        await until(lambda: len(fake.ops("sync")) == 2)
        await fake.be("ready")
        await fake.be("degraded", code="journal_new")
        await until(lambda: len(fake.ops("sync")) == 3)


async def test_sync_tries_anew_with_the_time_of_now(plain: Broker) -> None:
    async with both(plain, "agent-c2") as (client, fake):
        fake.verdicts["sync"] = ["done"]
        assert (await client.sync("agent-c2")).verdict == "done"
        assert (await client.sync("agent-c2")).verdict == "done"
    first, second = fake.ops("sync")
    assert first["operation_id"] != second["operation_id"]
    assert first["time"] <= second["time"]


async def test_states_of_terminals_are_followed(plain: Broker) -> None:
    async with both(plain, "agent-c3") as (client, fake):
        await fake.terminal_is("connecting")
        waiting = asyncio.create_task(client.wait_for_terminal("agent-c3", "desk-1"))
        await fake.terminal_is("ready")
        assert (await waiting).state == "ready"
        assert set(client.terminals("agent-c3")) == {"desk-1"}


async def test_what_is_no_message_of_the_contract_is_ignored(plain: Broker) -> None:
    async with both(plain, "agent-c4") as (client, fake):
        for payload in (b"", b"{", b"[]", b"\xff", b'{"specversion":"1.0"}'):
            await fake.client.publish(fake.topics.reply(), payload, qos=1)
            await fake.client.publish(fake.topics.of_terminal("desk-1", "evt", "operation"), payload, qos=1)
        pending = await client.send("agent-c4", "desk-1", sale(client))
        assert (await pending.reply(20)).verdict == "accepted"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_it_comes_back_after_an_outage(
    stoppable: tuple[Broker, Mosquitto], protocol: Literal["5", "3.1.1"]
) -> None:
    broker, mosquitto = stoppable
    async with client_of(broker, protocol=protocol) as client:
        mosquitto.stop()
        pending = await client.send("agent-d1", "desk-1", sale(client))
        with pytest.raises(NoReplyError):
            await pending.reply(0.3)
        mosquitto.start()
        async with fake_agent(broker.host, broker.port, "agent-d1"):
            assert (await pending.reply(20)).verdict == "accepted"


async def test_nobody_is_there_for_a_client_that_is_cut_off(stoppable: tuple[Broker, Mosquitto]) -> None:
    broker, mosquitto = stoppable
    async with client_of(broker) as client:
        async with fake_agent(broker.host, broker.port, "agent-d2") as fake:
            await fake.be("ready")
            await client.wait_for_agent("agent-d2")
            told = asyncio.create_task(client.changed())
            await asyncio.sleep(0)
            mosquitto.stop()
            await asyncio.wait_for(told, 20)
            assert client.is_away("agent-d2")
        mosquitto.start()
        async with fake_agent(broker.host, broker.port, "agent-d2") as fake:
            await fake.be("ready")
            await client.wait_for_agent("agent-d2")


async def test_a_broker_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal_agent.client.backend._CONNECT_LIMIT_S", 0.5)
    port = free_port()
    with pytest.raises(BrokerAwayError, match="refused"):
        async with BackendClient("127.0.0.1", port, clinic="clinic-1"):
            pytest.fail("nobody listens there")
