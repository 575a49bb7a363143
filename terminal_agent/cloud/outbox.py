"""The outbox: a cursor over the journal. Facts go out in order until the backend, not the broker, has them.

Nothing is queued here: what was not acknowledged is read again from the journal. So many facts at most are
out without the backend's word; on every connect, and when its word is overdue, they go out again from the
first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence

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
HELD_S = 60.0  # so long after a connect the facts of this boot wait for the backend's `sync`, at most
REPEAT_S = 30.0  # design §6: seconds without the backend's word after which they go out again


class Outbox:
    """Publishes facts. `run` is its unit; the other methods only wake it. `renewed` is called when it had to
    let the journal go on under a new epoch."""

    def __init__(
        self,
        journal: Journal,
        publisher: Publisher,
        topics: AgentTopics,
        *,
        in_flight: int = IN_FLIGHT,
        repeat_s: float = REPEAT_S,
        renewed: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._publisher = publisher
        self._topics = topics
        self._in_flight = in_flight
        self._repeat_s = repeat_s
        self._renewed = renewed
        # Facts after `head.known_seq` wait for the backend's `sync`: a journal that was restored from a copy
        # must not use their numbers a second time. A backend that never comes is not waited for for ever.
        self._waited = False
        self._patience: asyncio.TimerHandle | None = None
        self._bell = asyncio.Event()
        self._up = False
        self._connection = 0
        self._handed_over: dict[asyncio.Task[None], int] = {}
        self._crash: BaseException | None = None
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

    def applied(self, applied: Applied) -> None:
        """Something was written (a listener of the lifecycle): its facts need not be read from disk again."""
        for event in applied.written.events:
            if len(self._fresh) < self._in_flight:
                self._fresh[event.seq] = event
        self._bell.set()

    def connected(self) -> None:
        """The link is up: everything without the backend's word goes out again."""
        self._up = True
        self._connection += 1
        if self._patience is not None:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(HELD_S, self._waited_enough)
        self._sent = self._journal.head.acked_seq
        self._bell.set()

    def wake(self) -> None:
        """The backend acknowledged something, or the journal was renewed."""
        self._bell.set()

    def met(self) -> None:
        """The backend has come and told what it knows: the journal's epoch is right, nothing is held back.
        What went out before it listened, after an outage of the broker for instance, it may have missed."""
        self._sent = self._journal.head.acked_seq
        self._bell.set()

    def _waited_enough(self) -> None:
        self._waited = True
        self._bell.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        self._sent = self._acked
        try:
            while self._crash is None:
                self._bell.clear()
                if self._waited:
                    await self._go_on_unmet()
                self._catch_up()
                if not (self._up and await self._publish_some()):
                    await self._wait()
            raise self._crash
        finally:
            self._crash = None
            for task in tuple(self._handed_over):
                task.cancel()

    async def _go_on_unmet(self) -> None:
        """The backend does not come, and must hear what happened. Where this journal was restored from a copy
        the next numbers of its epoch are taken, so what waits goes out under a new one."""
        head = self._journal.head
        if head.unmet and await self._journal.go_on_unmet():
            log.warning("backend_not_met", was=head.epoch, epoch=self._journal.head.epoch)
            self._renewed()

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
        elif now >= self._moved_at + self._repeat_s:  # the very sum that the timer is set to
            log.info("facts_repeated", from_seq=self._acked + 1, up_to_seq=self._sent)
            self._sent, self._moved_at = self._acked, now

    async def _publish_some(self) -> bool:
        """Hand over what may go out now, without waiting for the broker's word on what went before. False
        when there is nothing."""
        room = self._in_flight - (self._sent - self._acked)
        known = self._journal.head.known_seq
        if known is not None:
            room = min(room, known - self._sent)
        before = self._connection, self._sent
        events = await self._next(room) if room > 0 else ()
        if before != (self._connection, self._sent) or self._epoch != self._journal.head.epoch:
            return True  # while the journal was read, everything began anew
        for event in events:
            # Started in order, so they leave in order; made there, so that the work itself goes on first.
            task = asyncio.create_task(self._hand_over(event))
            self._handed_over[task] = self._connection
            task.add_done_callback(self._answered)
            self._sent = event.seq
        return bool(events)

    async def _hand_over(self, event: Event) -> None:
        await self._publisher.publish(self._message(event))

    def _answered(self, task: asyncio.Task[None]) -> None:
        """The broker has it, or the link went down: then nothing more goes out until the next connect."""
        connection = self._handed_over.pop(task)
        if task.cancelled() or (failure := task.exception()) is None:
            return
        if not isinstance(failure, LinkDownError):
            self._crash = failure
            self._bell.set()
        elif connection == self._connection:
            self._up = False

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
