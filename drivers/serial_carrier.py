"""How bytes get in and out of an open serial port.

`LoopCarrier` lets the event loop watch the descriptor: no thread, no hop between threads. `ThreadCarrier`
has one thread per open port, for event loops that cannot watch a descriptor (Windows). Measured on a pty
with 64-byte frames, echo round trip: see docs/decisions/serial_without_threads.md.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol

from drivers.inlet import READ_LIMIT_BYTES, Inlet
from drivers.transport import WRITE_LIMIT_S, EndpointClosed


class RawPort(Protocol):
    """The part of an open pyserial port that a carrier uses."""

    @property
    def in_waiting(self) -> int: ...

    def fileno(self) -> int: ...

    def read(self, size: int, /) -> bytes: ...

    def write(self, data: bytes, /) -> int | None: ...

    def cancel_read(self) -> None: ...


class Carrier(Protocol):
    """Fills an inlet from the moment it is made; `sent_any` as in Endpoint."""

    inlet: Inlet
    sent_any: bool

    async def write(self, data: bytes | memoryview) -> None:
        """As Endpoint.write."""
        ...

    async def stop(self) -> None:
        """Stop touching the port, so that it can be closed."""
        ...


class LoopCarrier:
    """For POSIX: a descriptor that does not block, watched by the event loop."""

    def __init__(self, port: RawPort, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.sent_any = False
        self.inlet = Inlet(pause=self._pause, resume=self._resume)
        self._fd = port.fileno()
        self._name = name
        self._loop = loop
        self._blocked: asyncio.Future[None] | None = None
        self._resume()

    async def write(self, data: bytes | memoryview) -> None:
        """See Endpoint; one system call when the OS has room, which it nearly always has."""
        rest = memoryview(data)
        while rest:
            if self.inlet.ended is not None:
                raise self.inlet.ended.with_traceback(None)
            try:
                taken = os.write(self._fd, rest)
            except (BlockingIOError, InterruptedError):
                taken = 0
            except OSError as error:
                self._gone(error)
                continue
            self.sent_any = self.sent_any or taken > 0
            rest = rest[taken:]
            if rest:
                await self._writable()

    async def stop(self) -> None:
        """See Carrier."""
        self._loop.remove_reader(self._fd)
        self._unblock()

    def _pause(self) -> None:
        self._loop.remove_reader(self._fd)

    def _resume(self) -> None:
        if self.inlet.ended is None:
            self._loop.add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_LIMIT_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._gone(error)
            return
        if data:
            self.inlet.feed(data)
        elif self._hung_up():
            self._gone(None)

    def _hung_up(self) -> bool:
        """A terminal line also reads as empty when there was nothing after all; only a hang-up is an end."""
        poll = select.poll()
        poll.register(self._fd, 0)
        return any(
            events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _fd, events in poll.poll(0)
        )

    def _gone(self, error: OSError | None) -> None:
        self._pause()
        self.inlet.end(unplugged(self._name, error))

    async def _writable(self) -> None:
        self._blocked = self._loop.create_future()
        self._loop.add_writer(self._fd, self._unblock)
        try:
            async with asyncio.timeout(WRITE_LIMIT_S):
                await self._blocked
        except TimeoutError:
            raise stalled(self._name) from None
        finally:
            self._unblock()

    def _unblock(self) -> None:
        """Once only: after `stop` the descriptor's number may be another file's."""
        blocked, self._blocked = self._blocked, None
        if blocked is not None:
            self._loop.remove_writer(self._fd)
            if not blocked.done():
                blocked.set_result(None)


class ThreadCarrier:
    """For the rest: a thread that blocks in `read`. The port's own write timeout is WRITE_LIMIT_S."""

    def __init__(self, port: RawPort, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.sent_any = False
        self._may_read = threading.Event()
        self._may_read.set()
        self.inlet = Inlet(pause=self._may_read.clear, resume=self._may_read.set)
        self._port = port
        self._name = name
        self._loop = loop
        self._stopping = False
        self._thread = threading.Thread(target=self._read_on, name=f"serial {name}", daemon=True)
        self._thread.start()

    async def write(self, data: bytes | memoryview) -> None:
        """See Endpoint; how much of a failing write left is not told here, so any counts as sent."""
        if self.inlet.ended is not None:
            raise self.inlet.ended.with_traceback(None)
        self.sent_any = True
        try:
            await self._loop.run_in_executor(None, self._port.write, bytes(data))
        except TimeoutError:
            raise stalled(self._name) from None
        except OSError as error:
            raise unplugged(self._name, error) from None

    async def stop(self) -> None:
        """See Carrier; returns when the thread has ended."""
        self._stopping = True
        self._may_read.set()
        self._port.cancel_read()
        await self._loop.run_in_executor(None, self._thread.join)

    def _read_on(self) -> None:
        lost: OSError | None = None
        while not self._stopping and lost is None:
            self._may_read.wait()
            try:
                if data := self._port.read(max(1, min(self._port.in_waiting, READ_LIMIT_BYTES))):
                    self._tell(partial(self.inlet.feed, data))
            except OSError as error:
                lost = error
        self._tell(partial(self.inlet.end, unplugged(self._name, lost)))

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self._stopping = True


def unplugged(name: str, error: OSError | None) -> EndpointClosed:
    """The port went away under us."""
    reason = f" ({error.strerror or type(error).__name__})" if error is not None else ""
    return EndpointClosed("unplugged", f"{name} is gone{reason}; plug the cable or adapter in again")


def stalled(name: str) -> EndpointClosed:
    """The port takes no bytes: flow control, or nobody at the other end of a pty."""
    return EndpointClosed(
        "write_stalled", f"{name} has taken no byte for {WRITE_LIMIT_S} s; check cable and terminal"
    )
