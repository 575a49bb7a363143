"""Saying things to an agent that no proper client would: raw bytes on a topic."""

from __future__ import annotations

from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols.contract.topics import AgentTopics
from tests.support.house import House
from tests.support.traffic import raw_client


def topics(house: House) -> AgentTopics:
    """The topics of the house's agent."""
    return AgentTopics(house.agent.clinic, house.agent.id)


async def publish(
    house: House,
    topic: str,
    payload: bytes,
    *,
    as_whom: str = "backend",
    retain: bool = False,
    response_topic: str | None = None,
) -> None:
    """Publish once with the certificate of a name. Returns when the broker has taken or refused it."""
    credentials = house.broker.credentials(as_whom) if as_whom != "backend" else house.credentials
    properties: Any = None
    if response_topic is not None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's is untyped
        properties.ResponseTopic = response_topic
    async with raw_client(house.broker, credentials, f"raw-{house.agent.id}-{as_whom}") as client:
        await client.publish(topic, payload, qos=1, retain=retain, properties=properties)
