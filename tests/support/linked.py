"""A link with its ears open: what it was given, what it lost, what it alerted of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import aiomqtt

from protocols.contract.messages import Message, Stamp, state
from protocols.contract.projections import AgentState
from protocols.contract.topics import AgentTopics
from terminal_agent.cloud.link import Link
from terminal_agent.cloud.traffic import Inbound, LinkConfig

EPOCH = "01JD7A0000E5F6G7H8J9KMNPQR"
LIMIT_S = 20.0


def agent_state(topics: AgentTopics, word: str) -> Message:
    """A birth or a will."""
    now = datetime.now(UTC)
    body = AgentState(state=word, epoch=EPOCH, boot=1, since=now)
    return state(topics, "state", body, Stamp(str(uuid4()), now))


@dataclass
class Ears:
    """Everything that a link told."""

    config: LinkConfig
    messages: list[Inbound] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    births: int = 0
    slept_s: list[float] = field(default_factory=list)
    link: Link = field(init=False)

    def __post_init__(self) -> None:
        self.link = Link(
            self.config,
            will=lambda: agent_state(self.config.topics, "lost"),
            on_message=self._hear,
            on_connected=self._born,
            on_alert=self._alert,
            on_lost=self.losses.append,
            on_refused=self.refusals.append,
            sleep=self._sleep,
        )

    async def _hear(self, inbound: Inbound) -> None:
        self.messages.append(inbound)

    async def _born(self) -> None:
        await self.link.publish(agent_state(self.config.topics, "ready"))
        self.births += 1

    def _alert(self, code: str, details: Mapping[str, str]) -> None:
        self.alerts.append(code)

    async def _sleep(self, seconds: float) -> None:
        """Long pauses are noted and kept; short ones are the back-off's, which the tests wait for."""
        self.slept_s.append(seconds)
        await asyncio.sleep(seconds)


@asynccontextmanager
async def linked(config: LinkConfig) -> AsyncIterator[Ears]:
    """A running link, born once before it is handed over."""
    ears = Ears(config)
    task = asyncio.create_task(ears.link.run())
    try:
        await until(lambda: ears.births > 0, task)
        yield ears
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def until(holds: Callable[[], bool], running: asyncio.Task[None] | None = None) -> None:
    """Wait for something that real processes will make true; fail after LIMIT_S, or when `running` ends."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            if running is not None and running.done():
                running.result()
            await asyncio.sleep(0.01)


async def collected(client: aiomqtt.Client, into: list[aiomqtt.Message]) -> None:
    """Collect what a raw client receives until cancelled."""
    async for message in client.messages:
        into.append(message)
