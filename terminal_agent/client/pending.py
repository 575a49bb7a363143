"""A command on its way: its reply, what happens meanwhile, its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakSet

from protocols.contract.events import Alert, Discovered, Progress
from protocols.contract.messages import Message
from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from protocols.contract.words import is_final
from terminal_agent.client.errors import BrokerAwayError, NoReplyError, RejectedError

_KEPT_UPDATES = 1000


@dataclass(frozen=True, slots=True)
class Notice:
    """What happens at a terminal now: a lossy progress, or a fact about an operation."""

    agent: str
    terminal: str
    body: Progress | OperationView


@dataclass(frozen=True, slots=True)
class AgentNotice:
    """A lossy word of an agent, or about one of its terminals: an alert, or a device that it found."""

    agent: str
    terminal: str | None
    body: Alert | Discovered


class Pending:
    """Made by `BackendClient.send`. The same bytes are sent again until a reply is seen: that is safe."""

    def __init__(
        self,
        *,
        agent: str,
        terminal: str | None,
        op: str,
        data: dict[str, Any],
        not_after: datetime | None,
        publish: Callable[[Pending], Awaitable[None]],
        message: Message,
        repeat_every_s: float,
    ) -> None:
        self.agent = agent
        self.terminal = terminal
        self.op = op
        self.data = data
        self.not_after = not_after
        self.message = message
        self.sent = 0
        self.latest: OperationView | None = None
        self._publish = publish
        self._repeat_every_s = repeat_every_s
        self._replies: list[Reply] = []
        self._changed = asyncio.Event()
        self._queues: WeakSet[asyncio.Queue[Notice | None]] = WeakSet()

    @property
    def operation_id(self) -> str:
        """The id under which the agent knows it."""
        return str(self.data["operation_id"])

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Every reply so far: one for each delivery."""
        return tuple(self._replies)

    @property
    def settled(self) -> bool:
        """Whether there is nothing more to wait for: it ended, was answered, or was not taken."""
        if self.latest is not None and is_final(self.latest.state):
            return True
        return any(reply.verdict == "done" or _not_taken(reply) for reply in self._replies)

    async def publish(self) -> None:
        """Send it (again). A broker that is away is no error here: the next repeat finds it back."""
        try:
            await self._publish(self)
        except BrokerAwayError:
            return
        self.sent += 1

    async def reply(self, timeout_s: float = 30.0) -> Reply:
        """The first reply; the command is repeated until it comes. Raises NoReplyError after `timeout_s`."""
        return await self._reply(0, timeout_s)

    async def repeat(self, timeout_s: float = 30.0) -> Reply:
        """Send the same bytes once more and return the reply to that: `duplicate`, with where it stands."""
        seen = len(self._replies)
        await self.publish()
        return await self._reply(seen, timeout_s)

    async def outcome(self, timeout_s: float | None = None) -> OperationView:
        """The final state of an operation that was accepted. For a command that is answered at once (query,
        receipt …) what its reply tells.

        Raises RejectedError if it was not taken, NoReplyError if no reply comes in 30 s, TimeoutError after
        `timeout_s`: it is then still open (see `latest`); never assume that it failed.
        """
        async with asyncio.timeout(timeout_s):
            reply = await self.reply()
            if _not_taken(reply):
                raise RejectedError(reply)
            while self.latest is None or not is_final(self.latest.state):
                if reply.verdict == "done" and reply.state is not None:
                    return reply.state
                self._changed.clear()
                await self._changed.wait()
            return self.latest

    def updates(self) -> AsyncIterator[Notice]:
        """Progress and facts of this operation from now on, `in_doubt` and `needs_human` among them. Ends
        after the final one, or when the command was not taken."""
        queue: asyncio.Queue[Notice | None] = asyncio.Queue(_KEPT_UPDATES)
        if self.settled:
            queue.put_nowait(None)
        self._queues.add(queue)
        return _until_final(queue)

    def hear_reply(self, reply: Reply) -> None:
        """Called by the client. A duplicate's `state` is as good as a fact."""
        self._replies.append(reply)
        if _not_taken(reply):
            self._offer(None)
        elif reply.state is not None and reply.state.operation_id == self.operation_id:
            self.hear(Notice(self.agent, self.terminal or "", reply.state))
        self._changed.set()

    def hear(self, notice: Notice) -> None:
        """Called by the client for progress and facts of this operation."""
        if isinstance(notice.body, OperationView):
            self._learn(notice.body)
        self._offer(notice)
        self._changed.set()

    def _offer(self, item: Notice | None) -> None:
        for queue in tuple(self._queues):
            if not queue.full():
                queue.put_nowait(item)

    def _learn(self, view: OperationView) -> None:
        # Facts are published again and may arrive behind a reply: a final state is never overtaken.
        if self.latest is None or not is_final(self.latest.state):
            self.latest = view

    async def _reply(self, index: int, timeout_s: float) -> Reply:
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._replies) <= index:
                    if not await self._change_within(self._repeat_every_s):
                        await self.publish()
        except TimeoutError:
            raise NoReplyError(
                f"no reply to {self.op} {self.operation_id} from agent {self.agent} in {timeout_s} s, sent "
                f"{self.sent} times; it may have arrived all the same: repeat it or query it under this id"
            ) from None
        return self._replies[index]

    async def _change_within(self, seconds: float) -> bool:
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True


def _not_taken(reply: Reply) -> bool:
    """Rejected or in conflict; or the duplicate of a command whose rejection got lost."""
    rejected = reply.state is not None and reply.state.state == "rejected"
    return reply.verdict in ("rejected", "conflict") or (reply.verdict == "duplicate" and rejected)


async def _until_final(queue: asyncio.Queue[Notice | None]) -> AsyncIterator[Notice]:
    while (notice := await queue.get()) is not None:
        yield notice
        if isinstance(notice.body, OperationView) and is_final(notice.body.state):
            return
