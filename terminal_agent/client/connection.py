"""The client's MQTT door: one connection to the broker that comes back by itself."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols.contract.messages import Message
from terminal_agent.client.errors import BrokerAwayError
from terminal_agent.mqtt import MqttClient

# Nagle's algorithm would hold a command back for the broker's delayed acknowledgement: 40 ms a round trip.
_NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
_ANSWER_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM form: who may sign the broker's certificate, our certificate, our key."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, the broker's name verified. Raises OSError, ssl.SSLError."""
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


class Connection:
    """Connects, subscribes, and does so again whenever it breaks. `on_message` gets topic and payload;
    `on_down` runs whenever there is no connection any more, before the next is tried."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        identifier: str,
        subscriptions: Sequence[str],
        tls: ssl.SSLContext | None,
        protocol: Literal["5", "3.1.1"],
        on_message: Callable[[str, bytes], None],
        on_down: Callable[[], None],
        longest_wait_s: float = 10.0,
    ) -> None:
        self._host = host
        self._port = port
        self._identifier = identifier
        self._subscriptions = subscriptions
        self._tls = tls
        self._five = protocol == "5"
        self._on_message = on_message
        self._on_down = on_down
        self._longest_wait_s = longest_wait_s
        self._client: aiomqtt.Client | None = None
        self._waiting: set[asyncio.Timeout] = set()
        self.up = asyncio.Event()
        self.last_error = "it was not tried yet"

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Keep it up until cancelled."""
        failures = 0
        while True:
            try:
                async with self._made() as client:
                    await client.subscribe([(topic, 1) for topic in self._subscriptions])
                    self._client, failures = client, 0
                    self.up.set()
                    async for message in client.messages:
                        self._on_message(str(message.topic), bytes(message.payload))
            except aiomqtt.MqttError as error:
                self.last_error = str(error)
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # Saying goodbye failed: that must not turn our own end into a lost connection.
                    raise asyncio.CancelledError from None
            finally:
                self._went_down()
            failures = min(failures + 1, 10)
            await sleep(random.uniform(0.5, 1.0) * min(0.1 * 2**failures, self._longest_wait_s))

    async def publish(self, message: Message, expires_in_s: int | None = None) -> None:
        """Publish with QoS 1. Raises BrokerAwayError; then nobody knows whether it arrived."""
        if self._client is None:
            raise BrokerAwayError(f"no connection to {self._host}:{self._port}: {self.last_error}")
        properties = None
        if self._five and expires_in_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's is untyped
            properties.MessageExpiryInterval = expires_in_s
        try:
            async with asyncio.timeout(_ANSWER_LIMIT_S) as limit:
                self._waiting.add(limit)
                await self._client.publish(
                    message.topic, message.payload, qos=1, retain=message.retain, properties=properties
                )
        except (TimeoutError, aiomqtt.MqttError):
            raise BrokerAwayError(f"{self._host}:{self._port} did not answer") from None
        finally:
            self._waiting.discard(limit)

    def _went_down(self) -> None:
        """Whoever waits for the broker's word waits no longer: the library would let them wait in vain."""
        self._client = None
        self.up.clear()
        self._on_down()
        for limit in tuple(self._waiting):
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    def _made(self) -> aiomqtt.Client:
        client = MqttClient(
            self._host,
            self._port,
            identifier=self._identifier,
            protocol=aiomqtt.ProtocolVersion.V5 if self._five else aiomqtt.ProtocolVersion.V311,
            tls_context=self._tls,
            keepalive=20,
            timeout=_ANSWER_LIMIT_S,
            socket_options=_NO_DELAY,
        )
        client.pending_calls_threshold = 1000
        return client
