"""A USB HID device as a cable. The contract speaks of bytes: a report carries a length and some of them."""

from __future__ import annotations

from drivers.config import UsbConfig
from drivers.transport import Endpoint
from drivers.usb_port import UsbPort
from protocols.core.card import Sealed
from protocols.core.session import Data, Peer, Report
from simulator.wire.usb_backend import VirtualUsb
from tests.support.hid_echo import VID, HidEcho
from tests.support.waiting import eventually

REPORT = 4096
_ROOM = REPORT - 2
_FULL_AT = 131_072  # a device that nobody reads takes no more: it answers NAK


def _packed(data: bytes) -> list[bytes]:
    pieces = [data[at : at + _ROOM] for at in range(0, len(data), _ROOM)]
    return [len(piece).to_bytes(2, "big") + piece.ljust(_ROOM, b"\0") for piece in pieces]


def _unpacked(report: bytes) -> bytes:
    return report[2 : 2 + int.from_bytes(report[:2], "big")]


class BytesOverReports:
    """The port under test, told and telling in bytes."""

    def __init__(self, port: UsbPort) -> None:
        self._port = port

    @property
    def sent_any(self) -> bool:
        return self._port.sent_any

    async def open(self, timeout_s: float) -> Peer:
        return await self._port.open(timeout_s)

    async def read(self) -> Data:
        report = await self._port.read()
        assert isinstance(report.data, Sealed)
        return _unpacked(bytes(report.data.view()))

    async def write(self, data: Data) -> None:
        assert not isinstance(data, Report)
        for report in _packed(bytes(data.view() if isinstance(data, Sealed) else data)):
            await self._port.write(Report("output", 0, report))

    async def aclose(self) -> None:
        await self._port.aclose()


class _Far(HidEcho):
    """Its unread bytes."""

    def __init__(self, bus: VirtualUsb) -> None:
        super().__init__(input_bytes=REPORT, packet_bytes=512, has_output=True)
        self._bus = bus
        self.got = bytearray()

    def output_report(self, report_id: int, data: bytes) -> None:
        self.got += _unpacked(data)
        self._bus.plugged(self).mute = len(self.got) > _FULL_AT


class UsbCable:
    """A virtual bus with one device in it."""

    def __init__(self) -> None:
        self._bus = VirtualUsb()
        self._far = _Far(self._bus)

    async def prepare(self) -> None:
        self._bus.plug(self._far)

    def near(self) -> Endpoint:
        return BytesOverReports(UsbPort(UsbConfig(VID), lambda: self._bus))

    def near_to_nobody(self) -> Endpoint:
        self._bus.unplug(self._far)
        return self.near()

    async def write(self, data: bytes) -> None:
        for report in _packed(data):
            self._far.say(report)

    async def read(self, size: int) -> bytes:
        await eventually(lambda: len(self._far.got) >= size, f"{size} bytes at the far side")
        data = bytes(self._far.got[:size])
        del self._far.got[:size]
        return data

    async def hang_up(self) -> None:
        self._bus.unplug(self._far)

    async def discard(self) -> None:
        self._bus.unplug(self._far)
