"""Who may say what on the broker, by the ACL that we ship: an agent speaks and hears for itself alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from protocols.contract.messages import Stamp, command, dump
from protocols.contract.topics import AgentTopics
from terminal_agent.client import Sale
from tests.support.broker import Broker
from tests.support.counter import sold
from tests.support.house import House, a_house
from tests.support.pki import Authority
from tests.support.says import publish, topics
from tests.support.station import Plan
from tests.support.traffic import raw_client, tls_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

OTHER = "agent-b"


@asynccontextmanager
async def beside(broker: Broker, folder: Path) -> AsyncIterator[tuple[House, AgentTopics]]:
    """Agent A at work, and the topics of agent B in the same clinic, for which we hold a certificate."""
    async with a_house(broker, folder, Plan(wire="tcp")) as house:
        yield house, AgentTopics(house.agent.clinic, OTHER)


async def test_agent_b_cannot_speak_as_agent_a(broker: Broker, tmp_path: Path) -> None:
    async with beside(broker, tmp_path) as (house, own):
        theirs = topics(house)
        forged = b'{"forged": true}'
        for topic in (
            theirs.of_agent("state"),
            theirs.of_agent("info"),
            theirs.of_agent("evt", "alert"),
            theirs.of_terminal("t1", "state"),
            theirs.of_terminal("t1", "evt", "operation"),
            theirs.reply("backend"),
        ):
            await publish(house, topic, forged, as_whom=OTHER)
        await publish(house, own.of_agent("evt", "alert"), b'{"mine": true}', as_whom=OTHER)
        await eventually(
            lambda: any(one.payload == b'{"mine": true}' for one in house.traffic.heard), "B's own word"
        )
        assert not [one.topic for one in house.traffic.heard if one.payload == forged]


async def test_agent_b_cannot_command_agent_a_nor_acknowledge_its_facts(
    broker: Broker, tmp_path: Path
) -> None:
    async with beside(broker, tmp_path) as (house, _):
        sale = Sale(**house.stamp(), amount_minor=1250)
        stamp = Stamp("1", house.now())
        message = command(topics(house), "sale", dump(sale), stamp, node="backend", terminal="t1")
        await publish(house, message.topic, message.payload, as_whom=OTHER)
        await publish(house, topics(house).of_agent("ack"), b"{}", as_whom=OTHER)
        await sold(house)
        assert house.agent.stage_of(sale.operation_id)[0] == "absent"
        assert house.station.count("sale") == 1
        assert "ack_refused" not in [alert["code"] for alert in house.traffic.alerts()]


async def test_agent_b_hears_nothing_of_what_agent_a_is_told_or_says(broker: Broker, tmp_path: Path) -> None:
    async with beside(broker, tmp_path) as (house, own):
        heard: list[str] = []

        async def listen(client: aiomqtt.Client) -> None:
            async for message in client.messages:
                heard.append(str(message.topic))

        async with raw_client(broker, broker.credentials(OTHER), OTHER) as client:
            await client.subscribe("#", qos=1)
            await client.subscribe(f"clinics/v1/{house.agent.clinic}/+/terminal/+/cmd/+", qos=1)
            listening = asyncio.create_task(listen(client))
            await sold(house)
            marker = own.of_terminal("t1", "cmd", "sale")
            await publish(house, marker, b"{}")
            await eventually(lambda: marker in heard, "what B itself is told")
            listening.cancel()
            await asyncio.wait([listening])
        assert set(heard) == {marker}


async def test_a_backend_cannot_speak_as_an_agent(broker: Broker, tmp_path: Path) -> None:
    async with beside(broker, tmp_path) as (house, _):
        await publish(house, topics(house).of_terminal("t1", "evt", "operation"), b'{"forged": true}')
        await sold(house)
        assert b'{"forged": true}' not in [one.payload for one in house.traffic.heard]


async def test_nobody_comes_in_without_a_certificate_of_the_authority(broker: Broker, tmp_path: Path) -> None:
    authority = broker.authority
    assert authority is not None
    (tmp_path / "elsewhere").mkdir()
    stranger = Authority(tmp_path / "elsewhere", "Another authority").client("backend")
    without = ssl.create_default_context(cafile=str(authority.ca))
    foreign = tls_of(stranger)
    foreign.load_verify_locations(str(authority.ca))
    for context in (without, foreign):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await first_byte(broker, context)


async def first_byte(broker: Broker, context: ssl.SSLContext) -> None:
    """In TLS 1.3 the server's refusal comes after our own side of the handshake is done."""
    reader, _ = await asyncio.open_connection(broker.host, broker.port, ssl=context)
    await reader.readexactly(1)
