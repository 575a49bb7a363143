"""The simulated terminal on a null modem, in the loop's time: no socket, no pty, no thread.

A serial line tells the terminal nothing of an agent that comes or goes; a TCP connection does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta

from drivers.memory_port import MemoryPort, NullModem
from drivers.transport import Endpoint, EndpointClosed
from protocols.core.session import Data, Peer
from simulator.acquirer.ledger import MemoryLedger
from simulator.scenario import Scenario
from simulator.zvt.device import Bytes, Device, Output, build
from simulator.zvt.effects import Cable, Cause, Hangup, Note
from simulator.zvt.state import MemoryStore

START = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


class LoopClock:
    """Both clocks of the machine on the loop's time."""

    def wall(self) -> datetime:
        """UTC; the loop's time 0 is START."""
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """The loop's seconds."""
        return asyncio.get_running_loop().time()


class VirtualTerminal:
    """A terminal that is plugged in. `endpoint` is what an agent's pump opens."""

    def __init__(self, scenario: Scenario, ledger: MemoryLedger, store: MemoryStore, *, on_tcp: bool) -> None:
        self.ledger = ledger
        self.store = store
        self.notes: list[str] = []
        self._on_tcp = on_tcp
        self._clock = LoopClock()
        self.device: Device = build(
            scenario, ledger=ledger, store=store, wall=self._clock.wall, on_tcp=on_tcp
        )
        self.modem = NullModem(hangs_up=on_tcp)
        self._port: MemoryPort | None = None
        self._out: deque[bytes] = deque()
        self._bell = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def endpoint(self) -> Endpoint:
        """One opening of the agent's side."""
        return _Dialled(self, self.modem.end("a"))

    def cut(self) -> None:
        """The cable is cut: what is open ends, and can be opened again at once."""
        self.modem.cut()

    def do(self, cause: Cause) -> None:
        """Something by hand: the plug, a planned fault, an act of the cardholder."""
        self._take(self.device.do(cause, self._clock.monotonic()))

    async def answer(self) -> None:
        """Open the terminal's side, if it is not open; over TCP that is a new connection."""
        if self._port is not None:
            return
        self._port = port = self.modem.end("b")
        await port.open(0)
        if self._on_tcp:
            self._take(self.device.connected(self._clock.monotonic()))
        for work in (self._listen(port), self._speak(port)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _listen(self, port: MemoryPort) -> None:
        try:
            while True:
                data = await port.read()
                self._take(self.device.receive(data, self._clock.monotonic()))
        except EndpointClosed:
            if self._port is port:
                self._left()
                if not self._on_tcp:
                    await self.answer()

    async def _speak(self, port: MemoryPort) -> None:
        try:
            while self._port is port:
                self._bell.clear()
                while self._out and self._port is port:
                    await port.write(self._out.popleft())
                await self._bell.wait()
        except EndpointClosed:
            return  # whoever listens finds out too

    def _left(self) -> None:
        """This opening is over."""
        self._port = None
        self._out.clear()
        self._bell.set()
        if self._on_tcp:
            self._take(self.device.disconnected(self._clock.monotonic()))

    def _take(self, outputs: tuple[Output, ...]) -> None:
        for output in outputs:
            match output:
                case Bytes(data) if self._port is not None:
                    self._out.append(data)
                    self._bell.set()
                case Hangup() if self._on_tcp and self._port is not None:
                    hung_up, self._port = self._port, None
                    hung_up.lost(EndpointClosed("closed", "the terminal hung up"))
                    self._left()
                case Cable(what="cut"):
                    self.cut()
                case Note(text):
                    self.notes.append(text)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self.device.next_deadline()
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_at(max(due, loop.time()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._take(self.device.wake(self._clock.monotonic()))


class _Dialled:
    """The agent's end: opening it is what the terminal's side answers."""

    def __init__(self, terminal: VirtualTerminal, port: MemoryPort) -> None:
        self._terminal, self._port = terminal, port

    @property
    def sent_any(self) -> bool:
        return self._port.sent_any

    async def open(self, timeout_s: float) -> Peer:
        peer = await self._port.open(timeout_s)
        await self._terminal.answer()
        return peer

    async def read(self) -> bytes:
        return await self._port.read()

    async def write(self, data: Data) -> None:
        await self._port.write(data)

    async def aclose(self) -> None:
        await self._port.aclose()
