"""The agent's only MQTT door: one connection to the broker, kept up for as long as the agent runs.

It carries messages and knows none of them. Nothing is kept here for later: what must not be lost is in the
journal and goes out again after each `on_connected`; a reply that is lost is asked for again by the backend.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from protocols.contract.messages import Message
from terminal_agent.cloud.double import OwnStates
from terminal_agent.cloud.traffic import (
    Inbound,
    LinkConfig,
    LinkDownError,
    LinkLostError,
    address_of,
)
from terminal_agent.mqtt import MqttClient
from terminal_agent.observability.logs import get_logger
from terminal_agent.supervision.backoff import Backoff

log = get_logger(__name__)

_SESSION_TAKEN_OVER = 0x8E  # MQTT 5, 3.14.2.1
_TAKEN_OVER = "session_taken_over"
# Nagle's algorithm would hold a reply back for the broker's delayed acknowledgement: 40 ms a round trip.
_NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


class Link:
    """Connects, subscribes, delivers, publishes, and comes back.

    `will` makes the message that the broker publishes when we vanish. `on_message` is started for each
    message in their order and may run beside others. `on_connected` runs on every connect, beside the
    deliveries: it publishes the birth. `on_alert` gets a code of the contract's wording and details,
    `on_lost` the broker's or the network's words, `on_refused` the broker's reason for refusing a message,
    once for each connection; none may block.
    """

    def __init__(
        self,
        config: LinkConfig,
        *,
        will: Callable[[], Message],
        on_message: Callable[[Inbound], Awaitable[None]],
        on_connected: Callable[[], Awaitable[None]],
        on_alert: Callable[[str, Mapping[str, str]], None],
        on_lost: Callable[[str], None],
        on_refused: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._will = will
        self._on_message = on_message
        self._on_connected = on_connected
        self._on_alert = on_alert
        self._on_lost = on_lost
        self._on_refused = on_refused
        self._refusal_told = False
        self._sleep = sleep
        self._client: aiomqtt.Client | None = None
        self._waiting: set[asyncio.Timeout] = set()
        self._unanswered = asyncio.Event()
        self._slots = asyncio.Semaphore(config.handlers)
        self._takeovers = 0
        self._away = Backoff(first_s=config.takeover_pause_s, longest_s=config.longest_pause_s)
        self._own_state = config.topics.of_agent("state")
        self._own_states = OwnStates()
        self._retained_seen: set[str] = set()

    @property
    def connected(self) -> bool:
        """Whether messages can be published now, as far as we know."""
        return self._client is not None

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        """Publish with QoS 1 and wait for the broker's word. Raises LinkDownError.

        The broker's word proves that it arrived there, nothing more: what the backend has, its `ack` tells.
        Without it in time the connection is given up: who heard LinkDownError counts on a new one.
        """
        client = self._client
        if client is None:
            raise LinkDownError("there is no connection to the broker")
        properties = self._publish_properties(correlation)
        if message.topic == self._own_state:
            self._own_states.say(message.payload)
        try:
            async with self._answered():
                await client.publish(
                    message.topic, message.payload, qos=1, retain=message.retain, properties=properties
                )
        except (TimeoutError, aiomqtt.MqttError):
            if self._client is client:
                self._unanswered.set()
            raise LinkDownError("the broker did not answer") from None

    async def run(self) -> None:
        """Keep a connection up until cancelled. A handler's failure ends it; the network's never does."""
        async with asyncio.TaskGroup() as handlers:
            while True:
                async for attempt in AsyncRetrying(
                    retry=retry_if_exception_type(LinkLostError),
                    wait=wait_random_exponential(self._config.first_wait_s, self._config.longest_wait_s),
                    sleep=self._sleep,
                ):
                    with attempt:
                        await self._connection(handlers)
                await self._sleep(self._config.first_wait_s)

    async def _connection(self, handlers: asyncio.TaskGroup) -> None:
        """One connection, from dialling to its end. Returns if it was a stable one, else LinkLostError."""
        loop = asyncio.get_running_loop()
        born = loop.time()
        double = False
        why = _Why("another agent runs under this id", _SESSION_TAKEN_OVER)
        try:
            async with self._client_made() as client:
                early = await self._subscribed(client)
                self._unanswered.clear()
                self._refusal_told = False
                self._client = client
                born = loop.time()
                double = any(self._tells_of_double(message) for message in early)
                if double:
                    await self._give_way(client)
                else:
                    await self._while_up(client, early, handlers)
        except aiomqtt.MqttError as error:
            _raise_if_cancelled()
            why = why if double else _reason(error)
        finally:
            self._went_down()
        self._on_lost(why.words)
        if double:
            await self._stay_away()
        elif why.code == _SESSION_TAKEN_OVER:
            self._on_alert(_TAKEN_OVER, {})
            await self._stay_away()
        elif loop.time() - born < self._config.stable_after_s:
            raise LinkLostError("link_lost", why.words)
        else:
            self._takeovers = 0

    async def _subscribed(self, client: aiomqtt.Client) -> list[aiomqtt.Message]:
        """Subscribe, and return what had arrived by the answer to a further round trip: with it our own state
        as it stands retained."""
        wanted = (*self._config.topics.subscriptions(), self._own_state)
        await client.subscribe([(topic, 1) for topic in wanted])
        await self._round_trip(client)
        return [await anext(client.messages) for _ in range(len(client.messages))]

    def _tells_of_double(self, message: aiomqtt.Message) -> bool:
        return (
            message.retain
            and str(message.topic) == self._own_state
            and self._own_states.is_double(bytes(message.payload))
        )

    async def _give_way(self, client: aiomqtt.Client) -> None:
        """Leave the session to the double, after a moment in which the alert can go out. What arrives in it
        is not taken: the backend repeats it, and the double answers."""
        self._on_alert(_TAKEN_OVER, {})
        try:
            async with asyncio.timeout(self._config.alert_grace_s):
                async for _ in client.messages:
                    continue
        except TimeoutError:
            return

    async def _while_up(
        self, client: aiomqtt.Client, early: list[aiomqtt.Message], handlers: asyncio.TaskGroup
    ) -> None:
        """Listen, probe and announce ourselves until the connection breaks: always ends by an exception."""
        parts = (
            self._listen(client, early, handlers),
            self._probe(client),
            self._announce(),
            self._give_up_unanswered(),
        )
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            # Not a task group: in Python 3.11 one that fails leaves its task's cancellation count raised.
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()

    async def _listen(
        self, client: aiomqtt.Client, early: list[aiomqtt.Message], handlers: asyncio.TaskGroup
    ) -> None:
        for message in early:
            await self._deliver(message, handlers)
        async for message in client.messages:
            await self._deliver(message, handlers)

    async def _deliver(self, message: aiomqtt.Message, handlers: asyncio.TaskGroup) -> None:
        inbound = self._inbound(message)
        if inbound is not None:
            await self._slots.acquire()
            handlers.create_task(self._handled(inbound))

    async def _handled(self, inbound: Inbound) -> None:
        try:
            await self._on_message(inbound)
        finally:
            self._slots.release()

    async def _announce(self) -> None:
        try:
            await self._on_connected()
        except LinkDownError:
            # The connection broke meanwhile; the next one announces us again.
            log.info("birth_interrupted")

    async def _probe(self, client: aiomqtt.Client) -> None:
        """A round trip now and then: TCP alone takes minutes to notice a broker that is gone."""
        while True:
            await self._sleep(self._config.probe_every_s)
            await self._round_trip(client)

    async def _give_up_unanswered(self) -> None:
        """A broker that left a publish unanswered may be frozen, and thaw: what was not delivered goes out
        again on a new connection only, so this one must not live on."""
        await self._unanswered.wait()
        raise aiomqtt.MqttError("a publish was not answered")

    def _refused(self, why: str) -> None:
        if not self._refusal_told:
            self._refusal_told = True
            self._on_refused(why)

    async def _round_trip(self, client: aiomqtt.Client) -> None:
        """Subscribing again where we listen already is answered by every broker and changes nothing: nothing
        is ever retained there. (rumqttd leaves an UNSUBSCRIBE from an unknown topic unanswered.)"""
        topic = self._config.topics.of_agent("ack")
        await client.subscribe(topic, qos=1, timeout=self._config.answer_timeout_s)

    async def _stay_away(self) -> None:
        """Another client has our id: whoever it is, fighting for the session would harm both. It stays away
        as we do: were both back at one moment each time, one of them would never be heard."""
        self._takeovers += 1
        pause_s = self._away.delay_s(self._takeovers, random.random)
        log.error(_TAKEN_OVER, pause_s=pause_s)
        await self._sleep(pause_s)

    def _inbound(self, message: aiomqtt.Message) -> Inbound | None:
        """The message as the agent sees it; None for one that the broker had kept, which is never obeyed."""
        topic = str(message.topic)
        if topic == self._own_state:
            return None
        address = address_of(topic, self._config.topics)
        if message.retain:
            if topic not in self._retained_seen and len(self._retained_seen) < 100:
                self._retained_seen.add(topic)
                self._on_alert("retained_command", {"channel": address.channel, "op": address.leaf})
            return None
        properties = message.properties
        return Inbound(
            address,
            message.payload,
            getattr(properties, "ResponseTopic", None),
            getattr(properties, "CorrelationData", None),
        )

    @asynccontextmanager
    async def _client_made(self) -> AsyncIterator[aiomqtt.Client]:
        """A connected client. A new one each time: aiomqtt's do not survive a broken connection."""
        config, will = self._config, self._will()
        five = config.protocol == "5"
        client = MqttClient(
            config.host,
            config.port,
            identifier=config.topics.agent,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(will.topic, will.payload, 1, will.retain, self._will_properties()),
            clean_session=None if five else False,
            properties=_properties(PacketTypes.CONNECT, SessionExpiryInterval=config.session_expiry_s)
            if five
            else None,
            timeout=config.answer_timeout_s,
            keepalive=config.keepalive_s,
            max_queued_incoming_messages=config.receive_queue,
            max_queued_outgoing_messages=1000,
            tls_context=config.tls,
            socket_options=_NO_DELAY,
            clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,
        )
        client.on_refused = self._refused
        client.pending_calls_threshold = (
            1000  # facts in flight are bounded by the outbox, not worth a warning
        )
        async with client:
            yield client

    @asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        """Wait for the broker no longer than the limit, and not at all once the connection is gone."""
        async with asyncio.timeout(self._config.answer_timeout_s) as limit:
            self._waiting.add(limit)
            try:
                yield
            finally:
                self._waiting.discard(limit)

    def _went_down(self) -> None:
        self._client = None
        for limit in tuple(self._waiting):
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    def _will_properties(self) -> Properties | None:
        if self._config.protocol != "5":
            return None
        return _properties(PacketTypes.WILLMESSAGE, WillDelayInterval=self._config.will_delay_s)

    def _publish_properties(self, correlation: bytes | None) -> Properties | None:
        if self._config.protocol != "5" or correlation is None:
            return None
        return _properties(PacketTypes.PUBLISH, CorrelationData=correlation)


@dataclass(frozen=True, slots=True)
class _Why:
    words: str
    code: int | None


def _reason(error: aiomqtt.MqttError) -> _Why:
    """Why a connection ended: the library's words, and the broker's reason code where it gave one."""
    told = next((one for one in (error, error.__cause__) if isinstance(one, aiomqtt.MqttCodeError)), None)
    code: Any = getattr(told, "rc", None)
    return _Why(str(told or error), getattr(code, "value", code))


def _raise_if_cancelled() -> None:
    """Saying goodbye to a broker that does not answer must not turn our own end into a lost connection."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _properties(packet: int, **values: object) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho ships this class untyped
    for name, value in values.items():
        if value is not None:
            setattr(properties, name, value)
    return properties
