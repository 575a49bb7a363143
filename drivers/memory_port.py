"""A null modem in memory: two ends, each an Endpoint, with a fault hook. For tests and for proofs in virtual
time: it looks at nothing but the loop's own clock.

As on a real cable, each side opens on its own, and bytes for a side that is not open are lost. Unlike on a
real cable, a side that closes hangs up (as a pty and TCP do), unless `hangs_up` is False.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from drivers.inlet import Inlet
from drivers.transport import WRITE_LIMIT_S, EndpointClosed, EndpointUnavailable, octets
from protocols.core.session import Data, Peer

DEVICE_CLASSES = ()  # opens no device

Side = Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Carry:
    """These bytes arrive, `delay_s` of loop time after they were written; never before earlier ones."""

    data: bytes
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Cut:
    """The cable is cut here: what arrived can still be read, the rest is lost, both sides see it end."""

    why: str = "the cable was cut"


Step = Carry | Cut
Fault = Callable[[Side, bytes], Iterable[Step]]
"""What becomes of one write by a side. `drivers.memory_faults` has the usual ones."""


def unharmed(_side: Side, data: bytes) -> Iterable[Step]:
    """No fault: each write arrives whole and at once."""
    return (Carry(data),)


class NullModem:
    """The cable. `end("a")` makes a fresh endpoint for one opening of that side."""

    def __init__(self, fault: Fault = unharmed, *, hangs_up: bool = True) -> None:
        self.fault = fault
        self.hangs_up = hangs_up
        self._plugged = True
        self._open: dict[Side, MemoryPort] = {}

    def end(self, side: Side) -> MemoryPort:
        """An endpoint of this side, not yet open."""
        return MemoryPort(self, side)

    def cut(self, why: str = "the cable was cut") -> None:
        """End what is open on both sides. Opening again works at once."""
        ports, self._open = tuple(self._open.values()), {}
        for port in ports:
            port.lost(EndpointClosed("unplugged", why))

    def unplug(self) -> None:
        """End what is open; nothing can be opened until `plug`."""
        self._plugged = False
        self.cut("the cable was unplugged")

    def plug(self) -> None:
        """Let it be opened again."""
        self._plugged = True

    def admit(self, port: MemoryPort) -> None:
        """Register an opening. Raises EndpointUnavailable port_missing or port_busy."""
        if not self._plugged:
            raise EndpointUnavailable("port_missing", "the null modem is unplugged; plug it in")
        if port.side in self._open:
            raise EndpointUnavailable(
                "port_busy",
                f"side {port.side} of the null modem is open already; close it first",
                "this program",
            )
        self._open[port.side] = port

    def leave(self, port: MemoryPort) -> None:
        """Forget an opening; hang up on the other side if this cable does that."""
        if self._open.get(port.side) is port:
            del self._open[port.side]
            if self.hangs_up and (other := self.opposite(port)) is not None:
                other.lost(EndpointClosed("peer_closed", "the other side of the null modem hung up"))

    def opposite(self, port: MemoryPort) -> MemoryPort | None:
        """Who is open on the other side."""
        return self._open.get("b" if port.side == "a" else "a")


class MemoryPort:
    """One opening of one side."""

    def __init__(self, modem: NullModem, side: Side) -> None:
        self.side: Side = side
        self.sent_any = False
        self._modem = modem
        self._opened = False
        self._room = asyncio.Event()
        self._inlet = Inlet(pause=self._room.clear, resume=self._room.set)
        self._room.set()
        self._late: deque[tuple[MemoryPort, bytes]] = deque()  # written, not yet arrived
        self._due_s = 0.0  # loop time at which the last byte written so far arrives
        self._ended: EndpointClosed | None = None

    async def open(self, timeout_s: float) -> Peer:  # noqa: ARG002  # the Endpoint's signature
        """At once: a cable has nobody to wait for."""
        self._modem.admit(self)
        self._opened = True
        return Peer(where=f"memory:{self.side}")

    async def read(self) -> bytes:
        """See Endpoint."""
        return await self._inlet.read()

    async def write(self, data: Data) -> None:
        """See Endpoint; each write goes through the fault hook, and ends where it says Cut."""
        payload = bytes(octets(data))
        if self._ended is not None or not self._opened:
            raise self._ended or EndpointClosed("closed", f"side {self.side} is not open")
        if (other := self._modem.opposite(self)) is not None:
            await other.has_room()
        for step in self._modem.fault(self.side, payload):
            if isinstance(step, Cut):
                self._modem.cut(step.why)
                raise EndpointClosed("unplugged", step.why)
            self.sent_any = True
            self._carry(step)
        self.sent_any = self.sent_any or self._ended is None

    async def aclose(self) -> None:
        """See Endpoint."""
        self.lost(EndpointClosed("closed", f"side {self.side} was closed on our side"))
        self._inlet.discard()

    def lost(self, why: EndpointClosed) -> None:
        """This opening is over; what had arrived can still be read."""
        if self._ended is None:
            self._ended = why
            self._inlet.end(why)
            self._room.set()
            self._modem.leave(self)

    async def has_room(self) -> None:
        """Wait until this side reads on. Raises EndpointClosed write_stalled after WRITE_LIMIT_S."""
        if self._room.is_set():
            return
        try:
            async with asyncio.timeout(WRITE_LIMIT_S):
                await self._room.wait()
        except TimeoutError:
            raise EndpointClosed(
                "write_stalled", f"side {self.side} has read nothing for {WRITE_LIMIT_S} s"
            ) from None

    def _carry(self, step: Carry) -> None:
        other = self._modem.opposite(self)
        if other is None:
            return
        loop = asyncio.get_running_loop()
        at_s = max(self._due_s, loop.time() + step.delay_s)
        if at_s <= loop.time() and not self._late:
            other._inlet.feed(step.data)
        else:
            # A loop calls two timers of the same moment in any order: each lets the oldest bytes arrive.
            self._due_s = at_s
            self._late.append((other, step.data))
            loop.call_at(at_s, self._arrive)

    def _arrive(self) -> None:
        other, data = self._late.popleft()
        other._inlet.feed(data)
