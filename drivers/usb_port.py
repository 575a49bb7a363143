"""The only door to pyusb: USB HID devices as endpoints, and the list of card readers.

The reports themselves are carried by `usb_carrier`. Interface and endpoints are found by descriptor, never by
number: a controller may renumber them (USB 2.0 ch. 9.6.5 and 9.6.6).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes.util
import errno
import functools
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import usb.core
import usb.util
from usb.backend import libusb1

from drivers.config import UsbConfig
from drivers.discovery import READER_VENDORS, PortInfo, UsbIdentity, resolve_reader
from drivers.hid_descriptor import ReportSizes, report_sizes
from drivers.opening import open_in_thread
from drivers.port_holder import Holder, holders
from drivers.transport import WRITE_LIMIT_S, EndpointClosed, EndpointUnavailable
from drivers.usb_carrier import ReportCarrier
from drivers.usb_refusal import NO_LIBUSB, no_interface, refused, several_interfaces
from protocols.core.errors import LocalError
from protocols.core.session import Data, Peer, Report

DEVICE_CLASSES = ("char-usb_device",)  # systemd.resource-control(5), DeviceAllow=: /dev/bus/usb

Device = Any  # usb.core.Device; pyusb has no types
Backend = Any  # usb.backend.IBackend

_HID, _BOOT = 3, 1  # bInterfaceClass, bInterfaceSubClass (HID 1.11 ch. 4.1, 4.2)
_IN, _OUT = usb.util.ENDPOINT_IN, usb.util.ENDPOINT_OUT
_INTERRUPT = 3  # bmAttributes, transfer type (USB 2.0 ch. 9.6.6)
_REPORT_TYPES = {"output": 2, "feature": 3}  # wValue, high byte (HID 1.11 ch. 7.2.1)
_GET_REPORT, _SET_REPORT = 0x01, 0x09
_REPORT_DESCRIPTOR, _LONGEST_DESCRIPTOR = 0x2200, 4096
_FROM_INTERFACE, _FROM_CLASS, _TO_CLASS = 0x81, 0xA1, 0x21  # bmRequestType (USB 2.0 ch. 9.3)


@functools.cache
def libusb() -> Backend:
    """pyusb on the system's libusb, which tells of a device when udev is done with it; where there is none,
    on the one that the wheel brings. None without either. Loaded at the first use, not at import."""
    import libusb_package  # noqa: PLC0415  # 20 ms that an agent without a USB reader need not pay

    return libusb1.get_backend(
        find_library=lambda name: ctypes.util.find_library(name) or libusb_package.find_library(name)
    )


def list_readers(
    vendors: Iterable[int] = READER_VENDORS, backend: Callable[[], Backend] = libusb
) -> tuple[PortInfo, ...]:
    """The card readers of this machine, by node. Asks each for its strings: some milliseconds. Those that we
    may not open are listed without them."""
    library = backend()
    if library is None:
        return ()
    with _seen(library, vendors) as readers:
        return tuple(sorted((reader.info for reader in readers), key=lambda info: info.path))


class UsbPort:
    """One opening of a HID device. It is looked up each time, so that a replugged one is found."""

    def __init__(
        self,
        config: UsbConfig,
        backend: Callable[[], Backend] = libusb,
        held_by: Callable[[str], Sequence[Holder]] = holders,
    ) -> None:
        self._config = config
        self._backend = backend
        self._held_by = held_by
        self._carrier: ReportCarrier | None = None
        self._name = str(UsbIdentity(config.vid, config.pid, config.serial))

    @property
    def sent_any(self) -> bool:
        """See Endpoint."""
        return self._carrier is not None and self._carrier.sent_any

    async def open(self, timeout_s: float) -> Peer:
        """Finds, opens and claims in a thread."""
        info, hid = await open_in_thread(
            self._find_and_claim, lambda late: late[1].close(), self._name, timeout_s
        )
        self._name = str(info)
        self._carrier = ReportCarrier(hid, self._name, asyncio.get_running_loop())
        return Peer(where=info.path, serial=info.serial_number)

    async def read(self) -> Report:
        """See Endpoint. An input report's data is sealed: it may be a card."""
        return await self._opened().inlet.read()

    async def write(self, data: Data) -> None:
        """See Endpoint; takes Reports of kind output, feature and get_feature."""
        if not isinstance(data, Report):
            raise LocalError("wrong_endpoint", "bytes were sent to a HID device; it takes reports")
        await self._opened().write(data)

    async def aclose(self) -> None:
        """See Endpoint. What was not read is wiped; the kernel's driver gets the device back."""
        if self._carrier is None:
            return
        self._carrier.inlet.end(EndpointClosed("closed", f"{self._name} was closed on our side"))
        self._carrier.inlet.discard()
        await self._carrier.stop()

    def _opened(self) -> ReportCarrier:
        if self._carrier is None:
            raise EndpointClosed("closed", f"{self._name} is not open")
        return self._carrier

    def _find_and_claim(self) -> tuple[PortInfo, HidInterface]:
        library = self._backend()
        if library is None:
            raise EndpointUnavailable("port_failed", NO_LIBUSB)
        wanted = UsbIdentity(self._config.vid, self._config.pid, self._config.serial)
        with _seen(library, (wanted.vid,)) as readers:
            chosen = self._choose(wanted, readers)
            if chosen.refusal is not None:
                raise refused(chosen.info, chosen.refusal, self._held_by)
            try:
                hid = _claim(chosen.device, chosen.info)
            except usb.core.USBError as error:
                raise refused(chosen.info, error, self._held_by) from None
            readers.remove(chosen)
        return chosen.info, hid

    def _choose(self, wanted: UsbIdentity, readers: Sequence[_Seen]) -> _Seen:
        """One whose serial number we may not read could be the wanted one: then that is what is wrong."""
        try:
            info = resolve_reader(wanted, [reader.info for reader in readers])
        except EndpointUnavailable as missing:
            kind = UsbIdentity(wanted.vid, wanted.pid)
            shut = [one for one in readers if one.refusal is not None and one.info.is_adapter(kind)]
            if missing.code == "port_missing" and shut:
                return shut[0]
            raise
        return next(reader for reader in readers if reader.info == info)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A device with what it says of itself, or why we may not open it."""

    device: Device
    info: PortInfo
    refusal: OSError | None


@contextlib.contextmanager
def _seen(library: Backend, vendors: Iterable[int]) -> Iterator[list[_Seen]]:
    """What is plugged in of these makers. Those that are still in the list at the end are let go."""
    wanted = frozenset(vendors)
    found = usb.core.find(find_all=True, backend=library, custom_match=lambda one: one.idVendor in wanted)
    readers = [reader for reader in map(_look, found) if not _is_gone(reader)]
    try:
        yield readers
    finally:
        for reader in readers:
            usb.util.dispose_resources(reader.device)


def _look(device: Device) -> _Seen:
    refusal: OSError | None = None
    serial = product = None
    try:
        device.get_active_configuration()  # opens it: the strings below would hide a refusal
        serial, product = _string(device, device.iSerialNumber), _string(device, device.iProduct)
    except usb.core.USBError as error:
        refusal = error
    except NotImplementedError:  # Windows: another driver than WinUSB is bound to it
        refusal = OSError(errno.ENOSYS, "its driver does not work with libusb")
    ports = ".".join(map(str, device.port_numbers or ()))
    info = PortInfo(
        _node(device), device.idVendor, device.idProduct, serial, product, f"{device.bus}-{ports}", "reader"
    )
    return _Seen(device, info, refusal)


def _is_gone(reader: _Seen) -> bool:
    """Pulled out, and libusb has not heard of it yet."""
    return reader.refusal is not None and reader.refusal.errno in {errno.ENODEV, errno.ENOENT, errno.ENXIO}


def _string(device: Device, index: int) -> str | None:
    """A string descriptor; None where there is none or it cannot be read (ValueError: nor its languages)."""
    try:
        return usb.util.get_string(device, index) or None
    except (usb.core.USBError, ValueError):
        return None


def _node(device: Device) -> str:
    """Linux's file for the device; elsewhere a name of the same form."""
    folder = "/dev/bus/usb" if os.name == "posix" else "usb"
    return f"{folder}/{device.bus:03}/{device.address:03}"


def _claim(device: Device, info: PortInfo) -> HidInterface:
    """Raises USBError, and EndpointUnavailable wrong_adapter or port_ambiguous."""
    interface = _hid_interface(device.get_active_configuration(), info)
    number = int(interface.bInterfaceNumber)
    detached = False
    with contextlib.suppress(NotImplementedError):  # only Linux has a driver to take off
        if device.is_kernel_driver_active(number):
            device.detach_kernel_driver(number)
            detached = True
    try:
        usb.util.claim_interface(device, number)
        request = (_FROM_INTERFACE, 0x06, _REPORT_DESCRIPTOR, number, _LONGEST_DESCRIPTOR)
        sizes = report_sizes(device.ctrl_transfer(*request).tobytes())
    except usb.core.USBError:
        HidInterface(device, interface, ReportSizes(), detached).close()
        raise
    return HidInterface(device, interface, sizes, detached)


def _hid_interface(configuration: Any, info: PortInfo) -> Any:
    """The HID interface that is not for typing or pointing; a reader has one."""
    hid = [
        one for one in configuration if one.bInterfaceClass == _HID and _endpoint(one, usb.util.ENDPOINT_IN)
    ]
    fitting = [one for one in hid if one.bInterfaceSubClass != _BOOT]
    if len(fitting) == 1:
        return fitting[0]
    numbers = [int(one.bInterfaceNumber) for one in fitting or hid]
    raise several_interfaces(info, numbers) if fitting else no_interface(info, numbers)


def _endpoint(interface: Any, direction: int) -> Any:
    """Its first interrupt endpoint of a direction, or None."""
    return usb.util.find_descriptor(
        interface,
        custom_match=lambda one: (
            usb.util.endpoint_type(one.bmAttributes) == _INTERRUPT
            and usb.util.endpoint_direction(one.bEndpointAddress) == direction
        ),
    )


class HidInterface:
    """A claimed interface. See ClaimedInterface: every call blocks and raises OSError (pyusb's USBError)."""

    def __init__(self, device: Device, interface: Any, sizes: ReportSizes, detached: bool) -> None:
        self.sizes = sizes
        self._device = device
        self._number = int(interface.bInterfaceNumber)
        self._in = _endpoint(interface, _IN)
        self._out = _endpoint(interface, _OUT)
        self._detached = detached

    @property
    def packet_bytes(self) -> int:
        """The most that the input endpoint brings at once."""
        return int(self._in.wMaxPacketSize & 0x07FF)

    def read_into(self, buffer: array[int], timeout_s: float) -> int:
        """Packets into the buffer, until it is full or one is short; how many bytes."""
        return int(self._device.read(self._in, buffer, round(timeout_s * 1000)))

    def clear_stall(self) -> None:
        """Let the input endpoint go on."""
        self._device.clear_halt(self._in)

    def set_report(self, kind: Literal["output", "feature"], report_id: int, data: array[int]) -> None:
        """By the interrupt endpoint where there is one for output (HID 1.11 ch. 4.4), else by SET_REPORT."""
        limit_ms = round(WRITE_LIMIT_S * 1000)
        if kind == "output" and self._out is not None:
            self._device.write(self._out, data, limit_ms)
            return
        value = _REPORT_TYPES[kind] << 8 | report_id
        self._device.ctrl_transfer(_TO_CLASS, _SET_REPORT, value, self._number, data, limit_ms)

    def get_feature(self, report_id: int, size: int) -> bytes:
        """By GET_REPORT; without the id's own byte."""
        value, numbered = _REPORT_TYPES["feature"] << 8 | report_id, self.sizes.numbered
        limit_ms = round(WRITE_LIMIT_S * 1000)
        data = self._device.ctrl_transfer(
            _FROM_CLASS, _GET_REPORT, value, self._number, size + numbered, limit_ms
        )
        return bytes(data.tobytes()[int(numbered) :])

    def close(self) -> None:
        """Release, give back to the kernel's driver, close. One that was pulled out may refuse all of it."""
        with contextlib.suppress(usb.core.USBError):
            usb.util.release_interface(self._device, self._number)
        if self._detached:
            with contextlib.suppress(usb.core.USBError):
                self._device.attach_kernel_driver(self._number)
        usb.util.dispose_resources(self._device)
