"""The shipped broker configuration and ACL: mutual TLS, and nobody speaks or listens as somebody else."""

from __future__ import annotations

import asyncio
import gc
import ssl

import aiomqtt
import pytest

from protocols.contract.messages import Message
from protocols.contract.topics import AgentTopics
from terminal_agent.client import BackendClient, Sale, Tls
from terminal_agent.cloud.tls import client_context
from terminal_agent.cloud.traffic import LinkConfig
from tests.support.broker import Broker
from tests.support.fake_agent import fake_agent
from tests.support.linked import collected, linked, until
from tests.support.pki import Authority

pytestmark = pytest.mark.system
# paho leaves the socket of a failed handshake to the garbage collector, which these tests call themselves.
_LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MINE = AgentTopics("clinic-1", "agent-a")
OTHERS = AgentTopics("clinic-1", "agent-b")
SAID = [
    OTHERS.of_agent("state"),
    OTHERS.of_agent("info"),
    OTHERS.of_agent("health"),
    OTHERS.of_agent("evt", "alert"),
    OTHERS.of_terminal("desk-1", "state"),
    OTHERS.of_terminal("desk-1", "caps"),
    OTHERS.of_terminal("desk-1", "evt", "operation"),
    OTHERS.reply("backend"),
    # its own topics, the other way round
    MINE.of_agent("cmd", "sync"),
    MINE.of_agent("ack"),
    MINE.of_terminal("desk-1", "cmd", "sale"),
    # its own id under another agent's
    "clinics/v1/clinic-1/agent-b/agent/agent-a/state",
    "clinics/v1/clinic-1/agent-a/agent/agent-b/state",
    "other/topic",
]


def context(broker: Broker, common_name: str) -> ssl.SSLContext:
    files = broker.credentials(common_name)
    return client_context(files.ca, files.certificate, files.key)


def raw(broker: Broker, common_name: str, identifier: str | None = None) -> aiomqtt.Client:
    return aiomqtt.Client(
        broker.host,
        broker.port,
        identifier=identifier,
        tls_context=context(broker, common_name),
        protocol=aiomqtt.ProtocolVersion.V5,
    )


async def test_an_agent_is_heard_as_itself_and_never_as_another(secured: Broker) -> None:
    heard: list[aiomqtt.Message] = []
    async with raw(secured, "backend") as backend, raw(secured, "agent-a") as agent:
        listening = asyncio.create_task(collected(backend, heard))
        for channel in ("state", "info", "health", "evt/+"):
            await backend.subscribe(f"clinics/v1/+/+/agent/+/{channel}", qos=1)
        for channel in ("state", "caps", "evt/+"):
            await backend.subscribe(f"clinics/v1/+/+/terminal/+/{channel}", qos=1)
        await backend.subscribe("clinics/v1/+/+/rsp/+", qos=1)
        for topic in SAID:
            await agent.publish(topic, b"forged", qos=1)
        allowed = [MINE.of_agent("state"), MINE.of_terminal("t", "evt", "operation"), MINE.reply("backend")]
        for topic in allowed:
            await agent.publish(topic, b"own", qos=1)
        await until(lambda: len(heard) >= len(allowed))
        listening.cancel()
    assert [str(message.topic) for message in heard] == allowed
    assert {bytes(message.payload) for message in heard} == {b"own"}


async def test_an_agent_hears_its_own_commands_alone(secured: Broker) -> None:
    heard: list[aiomqtt.Message] = []
    async with raw(secured, "backend") as backend, raw(secured, "agent-a") as agent:
        listening = asyncio.create_task(collected(agent, heard))
        for topic in ("#", "clinics/#", *OTHERS.subscriptions(), *MINE.subscriptions()):
            try:
                await agent.subscribe(topic, qos=1)
            except aiomqtt.MqttError:
                pytest.fail("the broker went away instead of refusing")
        for topics in (OTHERS, MINE):
            await backend.publish(topics.of_terminal("desk-1", "cmd", "sale"), b"sale", qos=1)
            await backend.publish(topics.of_agent("ack"), b"ack", qos=1)
            await backend.publish(topics.of_agent("cmd", "sync"), b"sync", qos=1)
        await until(lambda: len({str(message.topic) for message in heard}) >= 3)
        listening.cancel()
    assert {str(message.topic) for message in heard} == {
        MINE.of_terminal("desk-1", "cmd", "sale"),
        MINE.of_agent("ack"),
        MINE.of_agent("cmd", "sync"),
    }


async def test_the_link_and_the_client_meet_under_the_shipped_acl(secured: Broker) -> None:
    config = LinkConfig(
        host=secured.host,
        port=secured.port,
        topics=AgentTopics("clinic-1", "agent-link"),
        tls=context(secured, "agent-link"),
    )
    backend = secured.credentials("backend")
    async with (
        linked(config) as ears,
        BackendClient(
            secured.host,
            secured.port,
            clinic="clinic-1",
            tls=Tls(backend.ca, backend.certificate, backend.key),
            auto_sync=False,
        ) as client,
    ):
        assert (await client.wait_for_agent("agent-link")).state == "ready"
        await client.send("agent-link", "desk-1", Sale(**client.stamp(actor="s"), amount_minor=100))
        await until(lambda: bool(ears.messages))
    assert ears.messages[0].address.leaf == "sale"
    assert ears.alerts == []


async def test_replies_reach_the_backend_under_the_shipped_acl(secured: Broker) -> None:
    files = secured.credentials("backend")
    tls = Tls(files.ca, files.certificate, files.key)
    async with (
        fake_agent(secured.host, secured.port, "agent-r", tls_context=context(secured, "agent-r")),
        BackendClient(secured.host, secured.port, clinic="clinic-1", tls=tls, auto_sync=False) as client,
    ):
        pending = await client.send("agent-r", "desk-1", Sale(**client.stamp(actor="s"), amount_minor=100))
        assert (await pending.reply(20)).verdict == "accepted"


async def test_nobody_gets_in_without_a_certificate_of_the_authority(
    secured: Broker, tmp_path: object
) -> None:
    plain = ssl.create_default_context(cafile=secured.credentials("x").ca)
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(secured.host, secured.port, tls_context=plain, timeout=2):
            pytest.fail("let in without a certificate")


async def test_a_certificate_of_another_authority_is_refused(
    secured: Broker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = Authority(tmp_path_factory.mktemp("foreign"), "Foreign authority").client("agent-a")
    assert secured.authority is not None
    stranger = client_context(secured.authority.ca, foreign.certificate, foreign.key)
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(secured.host, secured.port, tls_context=stranger, timeout=2):
            pytest.fail("let in with a foreign certificate")


@_LEAKS
async def test_a_broker_of_another_authority_is_not_trusted(
    secured: Broker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = Authority(tmp_path_factory.mktemp("foreign-ca"), "Foreign authority")
    files = secured.credentials("agent-a")
    distrusting = client_context(foreign.ca, files.certificate, files.key)
    with pytest.raises(aiomqtt.MqttError, match="certificate verify failed"):
        async with aiomqtt.Client(secured.host, secured.port, tls_context=distrusting, timeout=2):
            pytest.fail("trusted a broker of an unknown authority")
    gc.collect()


@_LEAKS
async def test_the_brokers_name_is_verified(secured: Broker) -> None:
    files = secured.credentials("agent-a")
    wrong = client_context(files.ca, files.certificate, files.key, server_name="broker.example")
    right = client_context(files.ca, files.certificate, files.key, server_name="localhost")
    with pytest.raises(aiomqtt.MqttError, match="Hostname mismatch"):
        async with aiomqtt.Client("127.0.0.1", secured.port, tls_context=wrong, timeout=2):
            pytest.fail("took a broker of another name")
    gc.collect()
    async with aiomqtt.Client("127.0.0.1", secured.port, tls_context=right, timeout=2) as client:
        await client.publish(Message(MINE.of_agent("state"), b"x").topic, b"x", qos=1)


async def test_what_the_broker_refuses_is_told_once_for_each_connection(secured: Broker) -> None:
    tls = context(secured, MINE.agent)
    topics = AgentTopics(MINE.clinic, MINE.agent, "clinics/v2")
    async with linked(LinkConfig(host=secured.host, port=secured.port, topics=topics, tls=tls)) as ears:
        await ears.link.publish(Message(topics.of_agent("info"), b"{}"))
        assert ears.refusals == ["Not authorized"]
        assert ears.link.connected
