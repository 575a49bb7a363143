"""What link and client rely on, on every broker that they are run with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import aiomqtt

from protocols.contract.envelope import unpack
from protocols.contract.messages import Message, Stamp, reply
from protocols.contract.replies import Reply
from protocols.contract.topics import AgentTopics
from protocols.contract.wording import words
from terminal_agent.client import BackendClient, Sale
from terminal_agent.cloud.traffic import LinkConfig
from tests.support.broker import Broker
from tests.support.linked import collected, linked, until
from tests.support.relay import relayed


def config(broker: Broker, agent: str) -> LinkConfig:
    return LinkConfig(
        host=broker.host,
        port=broker.port,
        topics=AgentTopics("clinic-1", agent),
        first_wait_s=0.05,
        longest_wait_s=0.2,
        answer_timeout_s=5.0,
    )


async def test_a_command_and_its_reply_meet(broker: Broker) -> None:
    wanted = config(broker, "agent-1")
    async with (
        linked(wanted) as ears,
        BackendClient(broker.host, broker.port, clinic="clinic-1", auto_sync=False) as client,
    ):
        pending = await client.send("agent-1", "desk-1", Sale(**client.stamp(actor="s"), amount_minor=100))
        await until(lambda: bool(ears.messages))
        body = Reply(
            operation_id=pending.operation_id, verdict="accepted", code="accepted", text=words("accepted")
        )
        stamp = Stamp("01JD9QZ5A0B1C2D3E4F5G6H7JK", datetime.now(UTC))
        await ears.link.publish(reply(wanted.topics, body, stamp, node="backend"))
        assert (await pending.reply(20)).verdict == "accepted"


async def test_a_birth_is_there_for_who_comes_later(broker: Broker) -> None:
    async with (
        linked(config(broker, "agent-2")),
        BackendClient(broker.host, broker.port, clinic="clinic-1", auto_sync=False) as client,
    ):
        assert (await client.wait_for_agent("agent-2")).state == "ready"


async def test_a_probe_is_answered(broker: Broker) -> None:
    async with linked(replace(config(broker, "agent-3"), probe_every_s=0.05)) as ears:
        await until(lambda: ears.slept_s.count(0.05) > 5)
        assert ears.link.connected
        assert ears.losses == []


async def test_a_cut_cable_brings_a_new_birth_and_later_commands(broker: Broker) -> None:
    async with relayed(broker.host, broker.port) as relay:
        wanted = replace(config(broker, "agent-4"), port=relay.port)
        async with (
            linked(wanted) as ears,
            aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as backend,
        ):
            relay.cut()
            await until(lambda: ears.births == 2)
            await backend.publish(wanted.topics.of_terminal("desk-1", "cmd", "sale"), b"x", qos=1)
            await until(lambda: bool(ears.messages))
    assert ears.alerts == []


async def test_the_will_is_published(broker: Broker) -> None:
    heard: list[aiomqtt.Message] = []
    async with (
        relayed(broker.host, broker.port) as relay,
        aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as backend,
    ):
        wanted = replace(config(broker, "agent-5"), port=relay.port, will_delay_s=0)
        listening = asyncio.create_task(collected(backend, heard))
        await backend.subscribe(wanted.topics.of_agent("state"), qos=1)
        async with linked(wanted):
            await until(lambda: bool(heard))
            relay.unplug()
            await until(lambda: len(heard) == 2)
        listening.cancel()
    assert [unpack(bytes(one.payload)).data["state"] for one in heard] == ["ready", "lost"]


async def test_many_messages_at_once_all_arrive_in_order(broker: Broker) -> None:
    wanted = config(broker, "agent-6")
    heard: list[aiomqtt.Message] = []
    async with (
        linked(wanted) as ears,
        aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as backend,
    ):
        listening = asyncio.create_task(collected(backend, heard))
        await backend.subscribe(wanted.topics.of_terminal("desk-1", "evt", "operation"), qos=1)
        topic = wanted.topics.of_terminal("desk-1", "evt", "operation")
        await asyncio.gather(*(ears.link.publish(Message(topic, b"%d" % n)) for n in range(200)))
        await until(lambda: len(heard) == 200)
        listening.cancel()
    assert [int(bytes(one.payload)) for one in heard] == list(range(200))
