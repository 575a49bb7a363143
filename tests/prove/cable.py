"""The cable between the agent and the simulated terminal: what becomes of each piece of bytes on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

from drivers.inlet import Inlet
from drivers.transport import EndpointClosed, EndpointUnavailable, octets
from protocols.core.session import Data, Peer
from protocols.zvt.framing import serial_frame
from simulator.zvt.device import Bytes, Device, Output
from simulator.zvt.effects import Cable as CableEffect
from simulator.zvt.effects import Hangup, Note

Way = Literal["to_terminal", "to_agent"]
# What a harm does not do on TCP: there the system repairs it, or the connection ends.
_RESETS_TCP = frozenset({"drop", "corrupt", "duplicate", "noise", "foreign_frame"})
_MERGE_S = 0.05
_SAME_S = 1e-6
_FOREIGN = bytes.fromhex("04FF010A")  # an intermediate status of another dialogue (PA00P015 ch. 3.7)


class Station:
    """One terminal on the virtual loop."""

    def __init__(self, device: Device, note: Callable[[str], None]) -> None:
        self.device = device
        self.on_bytes: Callable[[bytes], None] | None = None
        self.on_hangup: Callable[[str], None] | None = None
        self._note = note
        self._armed_at = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    def do(self, outputs: tuple[Output, ...]) -> None:
        """Carry out what the device wants."""
        for output in outputs:
            match output:
                case Bytes(data):
                    if self.on_bytes is not None:
                        self.on_bytes(data)
                case Hangup(why):
                    if self.on_hangup is not None:
                        self.on_hangup(why)
                case Note(text):
                    self._note(text)
                case CableEffect():
                    raise ValueError("cables are cut by the history, not by the scenario")
        self.arm()

    def arm(self) -> None:
        """Be woken when the device wants it."""
        due = self.device.next_deadline()
        if due is None or due >= self._armed_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_at = due
        self._timer = asyncio.get_running_loop().call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer, self._armed_at = None, float("inf")
        now = asyncio.get_running_loop().time()
        due = self.device.next_deadline()
        if due is not None and due <= now + _SAME_S:
            self.do(self.device.wake(max(now, due)))
        else:
            self.arm()


class Port:
    """One opening of the agent's side: a `drivers.transport.Endpoint`."""

    def __init__(self, cable: Cable, dead: Callable[[], bool], effect: Callable[[str], None]) -> None:
        self._cable = cable
        self._effect = effect
        self._dead = dead
        self.inlet = Inlet()
        self.sent_any = False
        self.ended: EndpointClosed | None = None
        self.opened = False

    async def open(self, timeout_s: float) -> Peer:
        """Open the port."""
        if self._dead():
            await _never()
        self._effect("before an opening")
        if self._dead():
            await _never()
        await self._cable.attach(self)
        self.opened = True
        return Peer(self._cable.path)

    async def read(self) -> Data:
        """What arrived."""
        return await self.inlet.read()

    async def write(self, data: Data) -> None:
        """Hand it to the system, which has room."""
        self._effect("before bytes to the terminal")
        if self._dead():
            await _never()
        if self.ended is not None:
            raise self.ended
        self.sent_any = True
        self._cable.carry("to_terminal", bytes(octets(data)))
        self._effect("after bytes to the terminal")
        if self._dead():
            await _never()

    async def aclose(self) -> None:
        """Close it."""
        self.lost(EndpointClosed("closed", "closed on our side"))
        self.inlet.discard()

    def lost(self, why: EndpointClosed) -> None:
        """This opening is over."""
        if self.ended is None:
            self.ended = why
            self.inlet.end(why)
            self._cable.detach(self)


class Cable:
    """Between the one open port and the one terminal that is plugged in."""

    def __init__(self, effect: Callable[[str], None], *, tcp: bool) -> None:
        self.effect = effect
        self.tcp = tcp
        self.path = "/dev/ttyUSB0"
        self.station: Station | None = None
        self.muted: set[Way] = set()
        self.harms: dict[Way, list[tuple[str, float, int]]] = {"to_terminal": [], "to_agent": []}
        # When a terminal may take an answer of ours for one to its newest words: the agent answers what no
        # terminal had said, or an answer comes late.
        self.misled_s: list[float] = []
        self._port: Port | None = None
        self._due: dict[Way, float] = {"to_terminal": 0.0, "to_agent": 0.0}
        self._held: dict[Way, bytes] = {"to_terminal": b"", "to_agent": b""}
        self._under_way: dict[Way, deque[bytes]] = {"to_terminal": deque(), "to_agent": deque()}

    # --- plugs --------------------------------------------------------------------------------------

    def plug(self, station: Station) -> None:
        """This terminal is at the other end."""
        self.station = station
        station.on_bytes = lambda data: self._said(station, data)
        station.on_hangup = lambda why: self._hung_up(station, why)

    def unplug(self) -> None:
        """Nothing is at the other end; what is open ends, and what was on the way is lost."""
        station, self.station = self.station, None
        for way in self._under_way:
            self._under_way[way] = deque(b"" for _ in self._under_way[way])  # their timers still come
        if station is not None:
            station.on_bytes = station.on_hangup = None
        self.end("unplugged", "the cable was pulled")
        if station is not None and self.tcp:
            station.do(station.device.disconnected(_now()))

    def is_held_by(self, port: Port) -> bool:
        """Whether this is the opening that holds it."""
        return self._port is port

    def end(self, code: str, why: str) -> None:
        """End the opening, if there is one."""
        if self._port is not None:
            self._port.lost(EndpointClosed(code, why))

    async def attach(self, port: Port) -> None:
        """The agent opens."""
        station = self.station
        if station is None or (self.tcp and (self.muted or not station.device.terminal.powered)):
            raise EndpointUnavailable("port_missing", "nothing answers at the other end")
        if self._port is not None:
            raise EndpointUnavailable("port_busy", "the port is open already", "another program")
        self._port = port
        if self.tcp:
            station.do(station.device.connected(_now()))

    def detach(self, port: Port) -> None:
        """The agent closed, or the line ended."""
        if self._port is not port:
            return
        self._port = None
        if self.tcp and self.station is not None:
            self.station.do(self.station.device.disconnected(_now()))

    def _hung_up(self, station: Station, why: str) -> None:
        if self.tcp and self.station is station:
            self.end("peer_closed", why)

    def _said(self, station: Station, data: bytes) -> None:
        if self.station is station:
            self.effect("before bytes to the agent")
            self.carry("to_agent", data)

    # --- bytes --------------------------------------------------------------------------------------

    def carry(self, way: Way, data: bytes) -> None:
        """One write goes along the cable, and suffers what is planned for it."""
        if way in self.muted:
            return
        data, self._held[way] = self._held[way] + data, b""
        harms = self.harms[way]
        if not harms:
            self._arrive(way, data, 0.0)
            return
        kind, seconds, value = harms.pop(0)
        if self.tcp and kind in _RESETS_TCP:
            self.end("reset", "the connection was reset")
            return
        self._harmed(way, data, kind, seconds, value)

    def _harmed(self, way: Way, data: bytes, kind: str, seconds: float, value: int) -> None:
        match kind:
            case "split":
                for place in range(len(data)):
                    self._arrive(way, data[place : place + 1], 0.001 * place)
            case "merge":
                self._held[way] = data
                asyncio.get_running_loop().call_later(_MERGE_S, self._release, way)
            case "corrupt":
                place = value % len(data)
                self._arrive(way, data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :], 0.0)
            case "duplicate":
                self._arrive(way, data * 2, 0.0)
            case "delay":
                if way == "to_terminal":
                    self.misled_s.append(_now() + seconds)
                self._arrive(way, data, seconds)
            case "noise":
                self._arrive(way, bytes([value, 0xFF ^ value, value >> 1]) + data, 0.0)
            case "foreign_frame":
                if way == "to_agent":
                    self.misled_s.append(_now())
                self._arrive(way, serial_frame(_FOREIGN) + data, 0.0)
            case "drop":
                pass

    def _release(self, way: Way) -> None:
        data, self._held[way] = self._held[way], b""
        if data:
            self._arrive(way, data, 0.0)

    def _arrive(self, way: Way, data: bytes, delay_s: float) -> None:
        at = max(self._due[way], _now() + delay_s)
        if at > _now() or self._under_way[way]:
            self._due[way] = at
            self._under_way[way].append(data)
            asyncio.get_running_loop().call_at(at, self._deliver_next, way)
        else:
            self._deliver(way, data)

    def _deliver_next(self, way: Way) -> None:
        """What was sent first comes first, whichever of two timers of one moment the loop runs first."""
        self._deliver(way, self._under_way[way].popleft())

    def _deliver(self, way: Way, data: bytes) -> None:
        if not data:
            return
        if way == "to_agent":
            if self._port is not None:
                self._port.inlet.feed(data)
        elif self.station is not None:
            self.station.do(self.station.device.receive(data, _now()))


async def _never() -> None:
    """What a dead process waits for."""
    await asyncio.get_running_loop().create_future()


def _now() -> float:
    return asyncio.get_running_loop().time()
