"""All that agents say on a broker, recorded by a client of its own beside the backend's."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from terminal_agent.mqtt import MqttClient
from tests.support.broker import Broker
from tests.support.pki import Credentials


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came."""

    topic: str
    payload: bytes
    retain: bool

    @property
    def envelope(self) -> dict[str, Any]:
        """Its JSON."""
        found: dict[str, Any] = json.loads(self.payload)
        return found


@dataclass(slots=True)
class Traffic:
    """Every message of a clinic, in the order of its coming."""

    heard: list[Heard] = field(default_factory=list)

    def facts(self) -> list[dict[str, Any]]:
        """The envelopes of facts, each delivery of them."""
        return [envelope for one in self.heard if "seq" in (envelope := one.envelope)]

    def alerts(self) -> list[dict[str, Any]]:
        """The bodies of alerts."""
        return [one.envelope["data"] for one in self.heard if one.topic.endswith("/evt/alert")]

    def replies(self, operation_id: str) -> list[dict[str, Any]]:
        """The bodies of the replies to one command."""
        bodies = (one.envelope["data"] for one in self.heard if "/rsp/" in one.topic)
        return [body for body in bodies if body.get("operation_id") == operation_id]

    def progress(self, operation_id: str) -> list[dict[str, Any]]:
        """The bodies of the progress of one operation."""
        bodies = (one.envelope["data"] for one in self.heard if one.topic.endswith("/evt/progress"))
        return [body for body in bodies if body.get("operation_id") == operation_id]


def tls_of(credentials: Credentials) -> ssl.SSLContext:
    """A client's TLS context."""
    context = ssl.create_default_context(cafile=str(credentials.ca))
    context.load_cert_chain(credentials.certificate, credentials.key)
    return context


def raw_client(broker: Broker, credentials: Credentials, identifier: str) -> aiomqtt.Client:
    """An MQTT 5 client that may say what it likes; whether that gets anywhere is the broker's matter."""
    return MqttClient(
        broker.host,
        broker.port,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls_of(credentials),
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )


@asynccontextmanager
async def recorded(broker: Broker, credentials: Credentials, clinic: str) -> AsyncIterator[Traffic]:
    """Record what a backend may read of a clinic; a broker that goes away is found again."""
    traffic, subscribed = Traffic(), asyncio.Event()

    async def listen() -> None:
        while True:
            try:
                async with raw_client(broker, credentials, f"recorder-{clinic}") as client:
                    await client.subscribe(f"clinics/v1/{clinic}/#", qos=1)
                    subscribed.set()
                    async for message in client.messages:
                        traffic.heard.append(
                            Heard(str(message.topic), bytes(message.payload), message.retain)
                        )
            except aiomqtt.MqttError:
                await asyncio.sleep(0.05)

    task = asyncio.create_task(listen())
    try:
        await subscribed.wait()
        yield traffic
    finally:
        task.cancel()
        await asyncio.wait([task])
