"""The broker between agent and backend, and the agent's link to it, in place of `terminal_agent.cloud.link`.

QoS 1: what was handed over may be lost with the broker, come twice, or come in another order after a
reconnect; what was acknowledged early may never have been handled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import TypeAlias

from protocols.contract.messages import Message
from protocols.contract.topics import AgentTopics
from terminal_agent.cloud.traffic import Inbound, LinkDownError, address_of
from terminal_agent.supervision.backoff import Backoff

_LATENCY_S = 0.004
_BACK_S = 0.5
_WILL_DELAY_S = 2.0
_AWAY = Backoff(first_s=60.0, longest_s=3600.0)  # as the real link's, of LinkConfig


# Whose state stands retained, and which of all messages it was.
Announced: TypeAlias = "tuple[Link | None, int]"


class Broker:
    """Between the two. `up` is whether the agent's connection can be made."""

    def __init__(self, chance: Random, topics: AgentTopics, to_backend: Callable[[Message], None]) -> None:
        self.on_early_ack: Callable[[], None] = lambda: None
        self.on_handed: Callable[[bytes], None] = lambda _payload: None
        self.chance = chance
        self.topics = topics
        self.up = True
        self.back_s = 0.0
        self.early_acks = 0  # messages that the library acknowledges just before the process dies
        self.loses = 0  # messages that are lost on either way
        self.doubles = 0
        self.double_after_s = 0.0
        self.swaps = 0
        self.published: list[Message] = []
        self._to_backend = to_backend
        self._waiting: list[tuple[str, bytes]] = []  # for the agent, while it is away
        self._link: Link | None = None
        self._own_state = topics.of_agent("state")
        self._announced: Announced | None = None
        self._reconnect = asyncio.Event()
        self._reconnect.set()
        self._swapped: Message | None = None

    # --- the agent's side ---------------------------------------------------------------------------

    async def connected(self, link: Link) -> bool:
        """Wait until the connection stands. The session is one: whoever has it loses it. True where the state
        that stands retained tells of another that lives: this one gives way."""
        while not self.up:
            self._reconnect.clear()
            await self._reconnect.wait()
        await asyncio.sleep(_LATENCY_S)
        other, self._link = self._link, link
        if other is not None and other is not link:
            other.taken_over()
        if link.gives_way_to(self._announced):
            self._link = None
            return True
        waiting, self._waiting = self._waiting, []
        if self.swaps and len(waiting) > 1:
            self.swaps -= 1
            waiting.reverse()
        for topic, payload in waiting:
            self._hand(topic, payload)
        return False

    def gone(self, link: Link) -> None:
        """The agent's connection is over."""
        if self._link is link:
            self._link = None

    def gone_with(self, link: Link | None) -> None:
        """Its process is gone: the broker notices, and says its will unless it is back soon."""
        if link is not None and self._link is link:
            self._link = None
            asyncio.get_running_loop().call_later(_WILL_DELAY_S, self._last_words, link.will())

    def _last_words(self, will: Message) -> None:
        if self._link is None:
            self._announced = None
            self._to_backend(will)

    def publish(self, message: Message, link: Link | None = None) -> bool:
        """Take a message of the agent's; whether its sender hears that it was taken."""
        self.published.append(message)
        if message.topic == self._own_state:
            self._announced = (link, len(self.published))
        if self.loses:
            self.loses -= 1
            return True
        if self.swaps and self._swapped is None and "/evt/" in message.topic:
            self._swapped = message
            asyncio.get_running_loop().call_later(1.0, self._release)
            return True
        self._later(message)
        if self.doubles:
            self.doubles -= 1
            self._later(message, self.double_after_s)
        if self._swapped is not None:
            self.swaps = max(self.swaps - 1, 0)
            self._release()
        return True

    def _release(self) -> None:
        held, self._swapped = self._swapped, None
        if held is not None:
            self._later(held)

    def _later(self, message: Message, after_s: float = 0.0) -> None:
        asyncio.get_running_loop().call_later(_LATENCY_S + after_s, self._to_backend, message)

    # --- the backend's side -------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """A command or an acknowledgement for the agent."""
        if self.loses:
            self.loses -= 1
            return
        asyncio.get_running_loop().call_later(_LATENCY_S, self._hand, message.topic, message.payload)
        if self.doubles:
            self.doubles -= 1
            again_s = 2 * _LATENCY_S + self.double_after_s
            asyncio.get_running_loop().call_later(again_s, self._hand, message.topic, message.payload)

    def _hand(self, topic: str, payload: bytes) -> None:
        if self._link is None:
            self._waiting.append((topic, payload))
        elif self.early_acks:
            self.early_acks -= 1
            self.on_early_ack()
        else:
            self.on_handed(payload)
            self._link.hand(topic, payload)

    # --- faults -------------------------------------------------------------------------------------

    def cut(self, seconds: float, *, forget: bool = False) -> None:
        """The connection ends and cannot be made for a while; `forget`: and what waited is lost."""
        self.up = False
        self.loses = 0
        self.back_s = asyncio.get_running_loop().time() + seconds
        if self._link is not None:
            self._link.broken()
            self._link = None
        if forget:
            self._waiting.clear()
        asyncio.get_running_loop().call_later(seconds, self.mend, forget)

    def mend(self, forget: bool = False) -> None:
        """It can be made again."""
        if forget:
            self._waiting.clear()
        self.up = True
        self._reconnect.set()


class Link:
    """The agent's end, with the manners of the real one: a task for each message, LinkDownError when down."""

    def __init__(
        self,
        broker: Broker,
        *,
        effect: Callable[[str], None],
        dead: Callable[[], bool],
        on_message: Callable[[Inbound], Coroutine[None, None, None]],
        on_connected: Callable[[], Coroutine[None, None, None]],
        on_alert: Callable[[str, Mapping[str, str]], None],
        will: Callable[[], Message],
    ) -> None:
        self.will = will
        self._broker = broker
        self._effect = effect
        self._dead = dead
        self._on_message = on_message
        self._on_connected = on_connected
        self._on_alert = on_alert
        self._up = False
        self.was_up = self.stays_away = False
        self._takeovers = 0
        self._gave_way_to: Announced | None = None
        self._taken = False
        self._broken = asyncio.Event()
        self._inbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    def gives_way_to(self, retained: Announced | None) -> bool:
        """As the product's `OwnStates`: to another that lives, and once to the same word of it."""
        if not self.was_up or retained is None or retained[0] is self or retained == self._gave_way_to:
            return False
        self._gave_way_to = retained
        return True

    @property
    def is_up(self) -> bool:
        """Whether it has the session."""
        return self._up

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        """Hand a message to the broker. Raises LinkDownError."""
        if not self._up:
            raise LinkDownError("there is no connection to the broker")
        self._effect("before a message")
        if self._dead():
            await asyncio.get_running_loop().create_future()
        if not self._up:
            raise LinkDownError("the connection broke before the message was out")
        self._broker.publish(message, self)
        self._effect("after a message")
        if self._dead():
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(_LATENCY_S)
        if not self._up:
            raise LinkDownError("the connection broke before the broker's word")

    async def run(self) -> None:
        """Keep a connection up until cancelled."""
        async with asyncio.TaskGroup() as handlers:
            while True:
                self._broken.clear()
                self._taken = await self._broker.connected(self)
                if not self._taken:
                    await self._while_up(handlers)
                await self._stay_away()

    async def _while_up(self, handlers: asyncio.TaskGroup) -> None:
        self._up = self.was_up = True
        listening = asyncio.create_task(self._listen(handlers))
        announcing = asyncio.create_task(self._on_connected())
        try:
            await self._broken.wait()
        finally:
            self._up = False
            listening.cancel()
            announcing.cancel()
            self._broker.gone(self)

    async def _stay_away(self) -> None:
        if self._taken:
            self._on_alert("session_taken_over", {})
            self._takeovers += 1
            self.stays_away = True
            await asyncio.sleep(_AWAY.delay_s(self._takeovers, self._broker.chance.random))
            self.stays_away = False
        else:
            await asyncio.sleep(_BACK_S)

    async def _listen(self, handlers: asyncio.TaskGroup) -> None:
        while True:
            topic, payload = await self._inbox.get()
            inbound = Inbound(address_of(topic, self._broker.topics), payload)
            handlers.create_task(self._on_message(inbound))

    def hand(self, topic: str, payload: bytes) -> None:
        """The broker delivers."""
        if not self._dead():
            self._inbox.put_nowait((topic, payload))

    def taken_over(self) -> None:
        """Another took the session."""
        self._taken = True
        self.broken()

    def broken(self) -> None:
        """The connection is lost."""
        self._up = False
        self._broken.set()
