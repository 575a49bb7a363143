"""The outbox: a cursor over the journal. Facts go out in order until the backend, not the broker, has them.

Nothing is queued here: what was not acknowledged is read again from the journal. So many facts at most are
out without the backend's word; on every connect, and when its word is overdue, they go out again from the
first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from protocols.contract import messages
from protocols.contract.messages import Message, Place, Stamp
from protocols.contract.topics import AgentTopics
from terminal_agent.cloud.ports import Publisher
from terminal_agent.cloud.traffic import LinkDownError
from terminal_agent.commands.lifecycle import Applied
from terminal_agent.journal.facts import Event
from terminal_agent.journal.port import Journal
from terminal_agent.observability.logs import get_logger

log = get_logger(__name__)

IN_FLIGHT = 64  # facts out without the backend's word
REPEAT_S = 30.0  # design §6: seconds without the backend's word after which they go out again


class Outbox:
    """Publishes facts. `run` is its unit; the other methods only wake it."""

    def __init__(
        self,
        journal: Journal,
        publisher: Publisher,
        topics: AgentTopics,
        *,
        in_flight: int = IN_FLIGHT,
        repeat_s: float = REPEAT_S,
    ) -> None:
        self._journal = journal
        self._publisher = publisher
        self._topics = topics
        self._in_flight = in_flight
        self._repeat_s = repeat_s
        self._bell = asyncio.Event()
        self._up = False
        self._epoch = journal.head.epoch
        self._sent = journal.head.acked_seq
        self._acked = journal.head.acked_seq
        self._moved_at = 0.0
        self._fresh: dict[int, Event] = {}

    @property
    def depth(self) -> int:
        """Facts that the backend does not have yet."""
        head = self._journal.head
        return head.last_seq - head.acked_seq

    async def age_s(self, now_ms: int) -> float | None:
        """Age of the oldest of them, in seconds; None for none. `now_ms` since 1970."""
        oldest = await self._journal.events_after(self._journal.head.acked_seq, 1)
        return (now_ms - oldest[0].at.timestamp() * 1000) / 1000 if oldest else None

    def applied(self, applied: Applied) -> None:
        """Something was written (a listener of the lifecycle): its facts need not be read from disk again."""
        for event in applied.written.events:
            if len(self._fresh) < self._in_flight:
                self._fresh[event.seq] = event
        self._bell.set()

    def connected(self) -> None:
        """The link is up: everything without the backend's word goes out again."""
        self._up = True
        self._sent = self._journal.head.acked_seq
        self._bell.set()

    def wake(self) -> None:
        """The backend acknowledged something, or the journal was renewed."""
        self._bell.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            self._bell.clear()
            self._catch_up()
            if self._up and await self._publish_some():
                continue
            await self._wait()

    def _catch_up(self) -> None:
        """Follow the journal: its epoch, the backend's word; begin again where that is overdue."""
        head, now = self._journal.head, asyncio.get_running_loop().time()
        if head.epoch != self._epoch:
            self._epoch, self._sent, self._acked = head.epoch, 0, 0
            self._fresh.clear()
        if head.acked_seq > self._acked or self._sent == self._acked:
            self._acked, self._moved_at = head.acked_seq, now
            self._sent = max(self._sent, head.acked_seq)
            self._fresh = {seq: event for seq, event in self._fresh.items() if seq > head.acked_seq}
        elif now - self._moved_at >= self._repeat_s:
            log.info("facts_repeated", from_seq=self._acked + 1, up_to_seq=self._sent)
            self._sent, self._moved_at = self._acked, now

    async def _publish_some(self) -> bool:
        """Publish what may go out now. False when there is nothing, or the link went down."""
        room = self._in_flight - (self._sent - self._acked)
        events = await self._next(room) if room > 0 else ()
        if not events:
            return False
        epoch, self._sent = self._epoch, events[-1].seq
        # Started in order, so they leave in order; the broker's answers are awaited together.
        results = await asyncio.gather(
            *(self._publisher.publish(self._message(event)) for event in events), return_exceptions=True
        )
        failed = [result for result in results if isinstance(result, BaseException)]
        if not failed:
            return True
        if any(not isinstance(result, LinkDownError) for result in failed):
            raise failed[0]
        self._up = False
        if epoch == self._epoch:
            self._sent = self._acked
        return False

    async def _next(self, room: int) -> Sequence[Event]:
        """The events after the last one sent: from memory where they are just written, else from disk."""
        fresh: list[Event] = []
        while len(fresh) < room and (event := self._fresh.get(self._sent + 1 + len(fresh))) is not None:
            fresh.append(event)
        if fresh or self._sent >= self._journal.head.last_seq:
            return fresh
        return await self._journal.events_after(self._sent, room)

    def _message(self, event: Event) -> Message:
        return messages.event(
            self._topics,
            event.fact.type,
            json.loads(event.fact.data),
            Stamp("", event.at),
            terminal=event.fact.terminal,
            place=Place(event.epoch, event.seq, event.boot),
        )

    async def _wait(self) -> None:
        """Until something happens, or the backend's word is overdue."""
        loop = asyncio.get_running_loop()
        overdue = self._moved_at + self._repeat_s if self._up and self._sent > self._acked else None
        try:
            async with asyncio.timeout_at(None if overdue is None else max(overdue, loop.time())):
                await self._bell.wait()
        except TimeoutError:
            return
