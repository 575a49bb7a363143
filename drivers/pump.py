"""The pump: endpoints × session × the loop's time. The only place where the three meet.

It carries out what the session wishes, in order, and never retries or interprets anything. A booking that
fails ends the pump: `Persisted` never comes, no byte that depends on it leaves, the supervisor hears of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from drivers.transport import OPEN_LIMIT_S, Endpoint, EndpointClosed, EndpointUnavailable
from protocols.core.errors import LocalError
from protocols.core.facts import Fact
from protocols.core.session import (
    Cause,
    Close,
    Closed,
    Data,
    Effect,
    Link,
    Mono,
    Notice,
    Open,
    Opened,
    Persist,
    Persisted,
    Received,
    Send,
    Session,
    Tell,
    Wake,
)

QUEUE_LIMIT = (
    64  # causes; beyond it links are not read, so that a flood waits in the OS and not in our memory
)


@dataclass(slots=True)
class _Line:
    """A link from Open until its Close, or until its Closed was told. `ended`: that Closed is queued."""

    endpoint: Endpoint
    task: asyncio.Task[None]
    ended: bool = False


class Pump:
    """Drives one session. `post` and `run` belong to one event loop.

    `endpoints` makes a fresh endpoint for each opening of a named link; `book` returns when the fact is
    durable; `notices` hears the lossy ones and must not block.
    """

    def __init__(
        self,
        session: Session,
        endpoints: Mapping[str, Callable[[], Endpoint]],
        book: Callable[[Fact], Awaitable[None]],
        notices: Callable[[Notice], None],
    ) -> None:
        self._session = session
        self._endpoints = endpoints
        self._book = book
        self._notices = notices
        self._head: deque[Persisted] = deque()
        self._queue: deque[Cause] = deque()
        self._lines: dict[Link, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._bell: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._wake_passed_over = False
        self._crash: BaseException | None = None

    def post(self, cause: Cause) -> None:
        """Queue a cause (Begin, Abort, Greet) behind those already waiting."""
        self._queue.append(cause)
        self._ring()

    async def run(self) -> None:
        """Until cancelled. Raises when booking fails, the session raises or a link's task crashes."""
        now = asyncio.get_running_loop().time
        try:
            while True:
                cause = await self._next_cause()
                if (current := await self._of_a_live_link(cause)) is not None:
                    await self._carry_out(self._session.handle(current, now()))
        finally:
            await self._close_all()

    async def _carry_out(self, effects: tuple[Effect, ...]) -> None:
        booked: list[Persisted] = []
        for effect in effects:
            match effect:
                case Send(link, data):
                    await self._send(link, data)
                case Persist(ref, fact):
                    await self._book(fact)
                    booked.append(Persisted(ref))
                case Tell(notice):
                    self._notices(notice)
                case Open(link):
                    self._open(link)
                case Close(link):
                    await self._close(link)
        self._head.extendleft(reversed(booked))

    # --- causes -------------------------------------------------------------------------------------

    async def _next_cause(self) -> Cause:
        """Persisted first, then what is queued, then Wake. One queued cause goes before a Wake that is due
        (often the very bytes that were awaited), a second one does not: a flood cannot starve a deadline."""
        loop = asyncio.get_running_loop()
        while self._crash is None:
            if self._head:
                return self._head.popleft()
            deadline = self._session.next_deadline()
            due = deadline is not None and deadline <= loop.time()
            if self._queue and not (due and self._wake_passed_over):
                self._wake_passed_over = due
                self._room.set()
                return self._queue.popleft()
            if due:
                self._wake_passed_over = False
                await asyncio.sleep(0)  # a deadline that never moves on must not hold up the whole loop
                return Wake()
            await self._wait(loop, deadline)
        raise self._crash

    async def _wait(self, loop: asyncio.AbstractEventLoop, deadline: Mono | None) -> None:
        self._bell = loop.create_future()
        timer = None if deadline is None else loop.call_at(deadline, self._ring)
        try:
            await self._bell
        finally:
            self._bell = None
            if timer is not None:
                timer.cancel()

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def _of_a_live_link(self, cause: Cause) -> Cause | None:
        """The cause as it is to be told now, or None for something late from a link that was closed."""
        if not isinstance(cause, Opened | Received | Closed):
            return cause
        line = self._lines.get(cause.link)
        if line is None:
            return None
        if isinstance(cause, Closed):
            await self._close(cause.link)  # before it is told: the session may want the same port at once
            return replace(cause, sent=line.endpoint.sent_any)
        return cause

    # --- links --------------------------------------------------------------------------------------

    def _open(self, link: Link) -> None:
        if link in self._lines:
            raise LocalError("link_reused", f"{link} was opened twice; each opening takes a new number")
        if link.to not in self._endpoints:
            raise LocalError("no_endpoint", f"{link} has no endpoint; known: {sorted(self._endpoints)}")
        endpoint = self._endpoints[link.to]()
        task = asyncio.create_task(self._attend(link, endpoint), name=f"link {link.to} {link.n}")
        self._lines[link] = _Line(endpoint, task)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    async def _attend(self, link: Link, endpoint: Endpoint) -> None:
        """One link's life: Opened, Received…, Closed; or Closed alone."""
        try:
            self.post(Opened(link, await endpoint.open(OPEN_LIMIT_S)))
            while True:
                self.post(Received(link, await endpoint.read()))
                while len(self._queue) >= QUEUE_LIMIT:
                    self._room.clear()
                    await self._room.wait()
        except (EndpointUnavailable, EndpointClosed) as lost:
            self._lost(link, lost)

    def _lost(self, link: Link, lost: EndpointUnavailable | EndpointClosed) -> None:
        """By its reader or by a writer; should both find out, the second Closed is dropped as late."""
        if (line := self._lines.get(link)) is not None:
            line.ended = True
            self.post(Closed(link, lost.why, line.endpoint.sent_any))

    async def _send(self, link: Link, data: Data) -> None:
        line = self._lines.get(link)
        if line is None:
            raise LocalError("not_open", f"a Send for {link}, which is not open")
        if line.ended:
            return  # its Closed is queued and tells the session truly that this was not sent
        try:
            await line.endpoint.write(data)
        except EndpointClosed as lost:
            self._lost(link, lost)

    async def _close(self, link: Link) -> None:
        line = self._lines.pop(link, None)
        if line is not None:
            line.task.cancel()
            await line.endpoint.aclose()

    async def _close_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in tuple(self._lines):
            await self._close(link)

    def _reap(self, task: asyncio.Task[None]) -> None:
        """A link's task that ended by anything but its own two errors is a bug: the pump ends with it."""
        self._tasks.discard(task)
        if not task.cancelled() and (crash := task.exception()) is not None:
            self._crash = crash
            self._ring()
