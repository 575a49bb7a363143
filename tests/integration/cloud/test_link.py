"""The link against a real Mosquitto: deliver, publish, come back, yield to a double, refuse what was kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols.contract.envelope import unpack
from protocols.contract.messages import Message
from protocols.contract.topics import AgentTopics
from terminal_agent.cloud.traffic import LinkConfig, LinkDownError
from tests.support.broker import Broker, Mosquitto
from tests.support.linked import Ears, agent_state, collected, linked, until
from tests.support.relay import relayed

pytestmark = pytest.mark.system


def config(broker: Broker, agent: str = "agent-1", protocol: Literal["5", "3.1.1"] = "5") -> LinkConfig:
    return LinkConfig(
        host=broker.host,
        port=broker.port,
        topics=AgentTopics("clinic-1", agent),
        protocol=protocol,
        first_wait_s=0.05,
        longest_wait_s=0.2,
        takeover_pause_s=1.5,
        answer_timeout_s=5.0,
    )


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_it_delivers_what_is_for_it_and_publishes(
    plain: Broker, protocol: Literal["5", "3.1.1"]
) -> None:
    wanted = config(plain, f"agent-{protocol.replace('.', '')}", protocol)
    heard: list[aiomqtt.Message] = []
    async with linked(wanted) as ears, aiomqtt.Client(plain.host, plain.port) as backend:
        listening = asyncio.create_task(collected(backend, heard))
        await backend.subscribe(wanted.topics.reply("backend"), qos=1)
        await backend.publish(wanted.topics.of_terminal("desk-1", "cmd", "sale"), b"one", qos=1)
        await backend.publish(wanted.topics.of_agent("cmd", "sync"), b"two", qos=1)
        await backend.publish(wanted.topics.of_agent("ack"), b"three", qos=1)
        await until(lambda: len(ears.messages) == 3)
        await ears.link.publish(Message(wanted.topics.reply("backend"), b"reply"))
        await until(lambda: bool(heard))
        listening.cancel()
    assert [(one.address.kind, one.address.channel, one.payload) for one in ears.messages] == [
        ("terminal", "cmd", b"one"),
        ("agent", "cmd", b"two"),
        ("agent", "ack", b"three"),
    ]
    assert heard[0].payload == b"reply"
    assert not heard[0].retain


async def test_response_topic_and_correlation_reach_the_agent(plain: Broker) -> None:
    wanted = config(plain, "agent-mqtt5")
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho ships it untyped
    properties.ResponseTopic = wanted.topics.reply("node-2")
    properties.CorrelationData = b"\x01\x02"
    async with (
        linked(wanted) as ears,
        aiomqtt.Client(plain.host, plain.port, protocol=aiomqtt.ProtocolVersion.V5) as backend,
    ):
        topic = wanted.topics.of_terminal("desk-1", "cmd", "sale")
        await backend.publish(topic, b"x", qos=1, properties=properties)
        await until(lambda: bool(ears.messages))
    assert ears.messages[0].response_topic == wanted.topics.reply("node-2")
    assert ears.messages[0].correlation == b"\x01\x02"


async def test_ids_outside_the_grammar_arrive_as_nowhere(plain: Broker) -> None:
    wanted = config(plain, "agent-odd")
    root = "clinics/v1/clinic-1/agent-odd"
    async with linked(wanted) as ears, aiomqtt.Client(plain.host, plain.port) as backend:
        await backend.publish(f"{root}/terminal/Jane Doe/cmd/sale", b"x", qos=1)
        await backend.publish(f"{root}/terminal/desk-1/cmd/4111111111111111", b"x", qos=1)
        await until(lambda: len(ears.messages) == 2)
    assert [one.address.id for one in ears.messages] == ["-", "desk-1"]
    assert [one.address.leaf for one in ears.messages] == ["-", "-"]
    assert "Jane" not in repr(ears.messages)
    assert "4111" not in repr(ears.messages)


async def test_a_retained_command_is_ignored_with_one_alert(plain: Broker) -> None:
    wanted = config(plain, "agent-kept")
    topic = wanted.topics.of_terminal("desk-1", "cmd", "sale")
    async with aiomqtt.Client(plain.host, plain.port) as backend:
        await backend.publish(topic, b"kept", qos=1, retain=True)
        async with linked(wanted) as ears:
            await until(lambda: bool(ears.alerts))
            await backend.publish(topic, b"fresh", qos=1)
            await until(lambda: bool(ears.messages))
        await backend.publish(topic, b"", qos=1, retain=True)
    assert ears.alerts == ["retained_command"]
    assert [one.payload for one in ears.messages] == [b"fresh"]


async def test_it_comes_back_after_an_outage_and_is_born_again(stoppable: tuple[Broker, Mosquitto]) -> None:
    broker, mosquitto = stoppable
    wanted = config(broker)
    async with linked(wanted) as ears:
        mosquitto.stop()
        await until(lambda: bool(ears.losses))
        assert not ears.link.connected
        with pytest.raises(LinkDownError) as refused:
            await ears.link.publish(Message(wanted.topics.reply(), b"lost"))
        assert refused.value.code == "link_down"
        mosquitto.start()
        await until(lambda: ears.births == 2)
        async with aiomqtt.Client(broker.host, broker.port) as backend:
            await backend.publish(wanted.topics.of_terminal("desk-1", "cmd", "sale"), b"again", qos=1)
            await until(lambda: bool(ears.messages))
    assert ears.messages[0].payload == b"again"


async def test_commands_wait_in_the_broker_while_the_agent_is_away(plain: Broker) -> None:
    wanted = config(plain, "agent-away")
    async with linked(wanted):
        pass
    async with aiomqtt.Client(plain.host, plain.port) as backend:
        await backend.publish(wanted.topics.of_terminal("desk-1", "cmd", "sale"), b"waiting", qos=1)
    async with linked(wanted) as ears:
        await until(lambda: bool(ears.messages))
    assert ears.messages[0].payload == b"waiting"


async def test_the_will_says_lost_when_it_vanishes(plain: Broker) -> None:
    heard: list[aiomqtt.Message] = []
    async with relayed(plain.host, plain.port) as relay, aiomqtt.Client(plain.host, plain.port) as backend:
        wanted = replace(config(plain, "agent-will"), port=relay.port, will_delay_s=0)
        listening = asyncio.create_task(collected(backend, heard))
        await backend.subscribe(wanted.topics.of_agent("state"), qos=1)
        async with linked(wanted):
            relay.unplug()
            await until(lambda: len(heard) == 2)
        listening.cancel()
    assert [unpack(bytes(one.payload)).data["state"] for one in heard] == ["ready", "lost"]


async def test_a_silent_network_is_noticed_by_a_round_trip(plain: Broker) -> None:
    async with relayed(plain.host, plain.port) as relay:
        wanted = replace(
            config(plain, "agent-silent"), port=relay.port, probe_every_s=0.1, answer_timeout_s=0.5
        )
        async with linked(wanted) as ears:
            relay.silent = True
            await until(lambda: bool(ears.losses))
            relay.silent = False
            await until(lambda: ears.births == 2)
    assert relay.connections >= 2


async def test_a_publish_that_nobody_answers_is_followed_by_a_new_connection(plain: Broker) -> None:
    """Facts and states that could not leave wait for the next connect: a broker that froze for a while and
    goes on as if nothing had been must not keep them waiting for ever."""
    async with relayed(plain.host, plain.port) as relay:
        wanted = replace(config(plain, "agent-frozen"), port=relay.port, answer_timeout_s=0.5)
        async with linked(wanted) as ears:
            relay.silent = True
            with pytest.raises(LinkDownError):
                await ears.link.publish(Message(wanted.topics.reply(), b"into the void"))
            relay.silent = False
            await until(lambda: ears.births == 2)
    assert ears.losses == ["a publish was not answered"]


def stayed_away(ears: Ears, wanted: LinkConfig) -> bool:
    """Whether it did, not quite as long as the other that has the same settings."""
    full_s = wanted.takeover_pause_s
    return any(0.75 * full_s <= slept_s < full_s for slept_s in ears.slept_s)


async def test_a_double_makes_it_alert_and_stay_away(plain: Broker) -> None:
    """Mosquitto says nothing to the one that is sent away: it finds the double's birth when it is back."""
    wanted = config(plain, "agent-double")
    async with linked(wanted) as ears, linked(wanted) as double:
        await until(lambda: bool(ears.alerts))
        await until(lambda: stayed_away(ears, wanted))
        assert not ears.link.connected
        await until(lambda: double.link.connected)
        assert double.alerts == []
    assert ears.alerts == ["session_taken_over"]
    assert ears.births == 1


async def test_it_comes_back_when_the_double_has_gone(plain: Broker) -> None:
    wanted = replace(config(plain, "agent-double-gone"), takeover_pause_s=0.5)
    async with linked(wanted) as ears:
        async with linked(wanted) as double:
            await until(lambda: stayed_away(ears, wanted))
            await until(lambda: double.link.connected)
            await double.link.publish(agent_state(wanted.topics, "disconnected"))
        await until(lambda: ears.births == 2)
    assert set(ears.alerts) == {"session_taken_over"}
