"""A reader and a vault in the loop's time: simulated devices at the ends of the links that a pump opens. No
socket, no USB, no thread.
"""

from __future__ import annotations

import asyncio
from typing import Any

from drivers.memory_port import MemoryPort, NullModem
from drivers.transport import Endpoint, EndpointClosed, EndpointUnavailable
from protocols.core.card import Sealed
from protocols.core.session import Data, Peer, Report
from simulator.reader.device import VirtualReader
from simulator.reader.hid import Stalled
from simulator.vault.desk import VaultDesk
from simulator.vault.http_side import HangUp, HttpSide, Wait, Write
from tests.support.virtual_terminal import LoopClock

_END_OF_REQUEST = b"</request>"


class VirtualUsb:
    """A reader at its plug."""

    def __init__(self, device: VirtualReader) -> None:
        self.device = device
        self.where: str | None = "usb:1-1"
        self._line: _UsbLine | None = None
        device.listen(self._heard)

    def endpoint(self) -> Endpoint:
        """One opening."""
        return _UsbLine(self)

    def unplug(self) -> None:
        """Pull it out."""
        self.where = None
        self.device.lose_power()
        if self._line is not None:
            self._line.end(EndpointClosed("unplugged", "the reader was unplugged"))
            self._line = None

    def plug(self, where: str = "usb:1-2") -> None:
        """Plug it in, elsewhere unless said otherwise."""
        self.where = where

    def opened(self, line: _UsbLine) -> str:
        """It is opened by one at a time. Raises EndpointUnavailable."""
        if self.where is None:
            raise EndpointUnavailable("port_missing", "no such reader is plugged in")
        if self._line is not None:
            raise EndpointUnavailable("port_busy", "the reader is open already", "this program")
        self._line = line
        return self.where

    def left(self, line: _UsbLine) -> None:
        """It is closed."""
        if self._line is line:
            self._line = None

    def _heard(self) -> None:
        """Reports wait at the device for nobody: what is not read is lost, as in the kernel."""
        for report in iter(self.device.take_input, None):
            if self._line is not None:
                self._line.put(Report("input", 0, Sealed(report)))


class _UsbLine:
    """The agent's end of the reader."""

    def __init__(self, usb: VirtualUsb) -> None:
        self._usb = usb
        self._heard: asyncio.Queue[Report | EndpointClosed] = asyncio.Queue()
        self._ended: EndpointClosed | None = None
        self.sent_any = False

    async def open(self, timeout_s: float) -> Peer:
        return Peer(self._usb.opened(self), serial=self._usb.device.serial)

    async def read(self) -> Data:
        heard = self._ended or await self._heard.get()
        if isinstance(heard, EndpointClosed):
            raise heard
        return heard

    async def write(self, data: Data) -> None:
        if self._ended is not None:
            raise self._ended
        assert isinstance(data, Report)
        self.sent_any = True
        held = data.data if isinstance(data.data, bytes) else bytes(data.data.view())
        try:
            if data.kind == "feature":
                self._usb.device.feature_set(data.id, held)
            else:
                self.put(Report("feature", data.id, self._usb.device.feature_get(data.id)))
        except Stalled:
            self.put(Report("stalled", data.id, b""))

    async def aclose(self) -> None:
        self.end(EndpointClosed("closed", "closed on our side"))
        self._usb.left(self)

    def put(self, report: Report) -> None:
        """Something to read."""
        self._heard.put_nowait(report)

    def end(self, why: EndpointClosed) -> None:
        """It is over; what was not read is wiped."""
        self._ended = self._ended or why
        while not self._heard.empty():
            left = self._heard.get_nowait()
            if isinstance(left, Report) and isinstance(left.data, Sealed):
                left.data.wipe()
        self._heard.put_nowait(self._ended)


class VirtualVault:
    """A vault at its address. `late_s`: the next request arrives so long after its connection was lost."""

    def __init__(self, desk: VaultDesk) -> None:
        self.desk = desk
        self.late_s: float | None = None
        self.away = False
        self.requests = 0
        self._modems: set[NullModem] = set()
        self.tasks: set[asyncio.Task[Any]] = set()  # they serve on, whatever becomes of who connected

    def endpoint(self) -> Endpoint:
        """One connection."""
        return _VaultLine(self)

    def cut(self) -> None:
        """Every connection ends; new ones can be made at once."""
        for modem in tuple(self._modems):
            modem.cut()
        self._modems.clear()

    async def connected(self) -> MemoryPort:
        """The agent's end of a new connection. Raises EndpointUnavailable."""
        if self.away:
            raise EndpointUnavailable("refused", "nobody listens at the vault's address")
        modem = NullModem()
        self._modems.add(modem)
        ours = modem.end("b")
        await ours.open(0)
        task = asyncio.create_task(self._serve(ours))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return modem.end("a")

    async def _serve(self, port: MemoryPort) -> None:
        side, held, late_s = HttpSide(self.desk), b"", self.late_s
        try:
            while True:
                data = await port.read()
                held += data
                if late_s is None:
                    self.requests += _END_OF_REQUEST in data
                    await self._answer(side, data, port)
                elif _END_OF_REQUEST in held:
                    self.late_s = None
                    asyncio.get_running_loop().call_later(late_s, side.receive, held, LoopClock().wall())
                    await port.aclose()
        except EndpointClosed:
            return  # its end is the agent's doing, or a cut

    async def _answer(self, side: HttpSide, data: bytes, port: MemoryPort) -> None:
        for act in side.receive(data, LoopClock().wall()):
            match act:
                case Wait(seconds=seconds):
                    await asyncio.sleep(seconds)
                case Write(data=reply):
                    await port.write(reply)
                case HangUp():
                    await port.aclose()


class _VaultLine:
    """The agent's end: opening it is what the vault answers."""

    def __init__(self, vault: VirtualVault) -> None:
        self._vault = vault
        self._port: MemoryPort | None = None

    @property
    def sent_any(self) -> bool:
        return self._port is not None and self._port.sent_any

    async def open(self, timeout_s: float) -> Peer:
        self._port = await self._vault.connected()
        await self._port.open(timeout_s)
        return Peer("virtual vault")

    async def read(self) -> bytes:
        return await self._opened().read()

    async def write(self, data: Data) -> None:
        await self._opened().write(data)

    async def aclose(self) -> None:
        if self._port is not None:
            await self._port.aclose()

    def _opened(self) -> MemoryPort:
        assert self._port is not None
        return self._port
