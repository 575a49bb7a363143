"""Virtual USB below pyusb: a backend (usb.backend.IBackend) that serves HidDevices of this process.

pyusb calls it from several threads and it may block, as libusb does. Errors are those of libusb: ENODEV for a
device that was pulled out, EBUSY for an interface that somebody has, EPIPE for a stall, ETIMEDOUT.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from array import array
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import usb.backend
import usb.core
from usb.backend import libusb1

from simulator.reader.hid import HidDevice, Stalled
from simulator.wire.usb_function import Setup, UsbFunction, split_descriptors

_CODES = {errno.EACCES: -3, errno.ENODEV: -4, errno.EBUSY: -6, errno.ETIMEDOUT: -7, errno.EPIPE: -9}
_NAMES = {
    1: "bLength bDescriptorType bcdUSB bDeviceClass bDeviceSubClass bDeviceProtocol bMaxPacketSize0 idVendor "
    "idProduct bcdDevice iManufacturer iProduct iSerialNumber bNumConfigurations",
    2: "bLength bDescriptorType wTotalLength bNumInterfaces bConfigurationValue iConfiguration bmAttributes "
    "bMaxPower",
    4: "bLength bDescriptorType bInterfaceNumber bAlternateSetting bNumEndpoints bInterfaceClass "
    "bInterfaceSubClass bInterfaceProtocol iInterface",
    5: "bLength bDescriptorType bEndpointAddress bmAttributes wMaxPacketSize bInterval",
}
_WIDE = ("bcd", "id", "w")  # the fields of two bytes, by their first letters (USB 2.0 ch. 9.6)


@dataclass(eq=False, slots=True)
class Plugged:
    """A device in a socket, and who has it."""

    function: UsbFunction
    address: int
    socket: int
    refusal: int | None = None
    mute: bool = False
    kernel_driver: bool = True
    claimed_by: _Handle | None = None
    gone: bool = False


@dataclass(eq=False, slots=True)
class _Handle:
    plugged: Plugged
    open: bool = field(default=True)


class VirtualUsb(usb.backend.IBackend):  # type: ignore[misc]  # pyusb has no types
    """A bus with sockets. Give it to pyusb as its backend; plug and unplug at any time, from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._plugged: list[Plugged] = []
        self._addresses = 1

    # --- by hand ------------------------------------------------------------------------------------

    def plug(self, device: HidDevice, socket: int = 1) -> Plugged:
        """Plug it in; as on a real bus its address is a new one each time."""
        with self._changed:
            self._addresses += 1
            plugged = Plugged(UsbFunction(device), self._addresses, socket)
            self._plugged.append(plugged)
        device.listen(self._heard)
        return plugged

    def unplug(self, device: HidDevice) -> None:
        """Pull it out: whatever is under way fails."""
        with self._changed:
            for plugged in [one for one in self._plugged if one.function.device is device]:
                plugged.gone = True
                self._plugged.remove(plugged)
                device.lose_power()
            self._changed.notify_all()

    def plugged(self, device: HidDevice) -> Plugged:
        """Where it is. `refusal` = EACCES: nobody may open it. `mute`: it takes no transfer any more."""
        return next(one for one in self._plugged if one.function.device is device)

    def hold(self, device: HidDevice) -> None:
        """Another program claims it."""
        plugged = self.plugged(device)
        plugged.claimed_by = _Handle(plugged)

    def _heard(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- descriptors --------------------------------------------------------------------------------

    def enumerate_devices(self) -> list[Plugged]:
        """What is plugged in."""
        return list(self._plugged)

    def get_parent(self, dev: Plugged) -> None:
        """No hubs."""

    def get_device_descriptor(self, dev: Plugged) -> SimpleNamespace:
        """With the place on the bus, as libusb gives it."""
        descriptor = _named(dev.function.device.descriptors.device)
        place = {"bus": 1, "address": dev.address, "port_number": dev.socket, "port_numbers": (dev.socket,)}
        descriptor.__dict__.update(place, speed=2)
        return descriptor

    def get_configuration_descriptor(self, dev: Plugged, config: int) -> SimpleNamespace:
        """The only one."""
        return _having(_configuration(dev), 2)[config]

    def get_interface_descriptor(self, dev: Plugged, intf: int, alt: int, config: int) -> SimpleNamespace:
        """By index; no alternate settings. IndexError where there is none."""
        if alt:
            raise IndexError(alt)
        return _having(_configuration(dev), 4)[intf]

    def get_endpoint_descriptor(
        self, dev: Plugged, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        """By index within its interface."""
        interfaces = [at for at, one in enumerate(_configuration(dev)) if one[1] == 4]
        below = _configuration(dev)[interfaces[intf] + 1 :]
        descriptor = _having(below, 5)[ep]
        descriptor.__dict__.update(bRefresh=0, bSynchAddress=0)
        return descriptor

    # --- opening and claiming -----------------------------------------------------------------------

    def open_device(self, dev: Plugged) -> _Handle:
        """Raises EACCES where that was set, ENODEV."""
        if dev.refusal is not None:
            raise _error(dev.refusal)
        handle = _Handle(dev)
        self._alive(handle)
        return handle

    def close_device(self, dev_handle: _Handle) -> None:
        """What it had claimed is free again."""
        with self._changed:
            dev_handle.open = False
            if dev_handle.plugged.claimed_by is dev_handle:
                dev_handle.plugged.claimed_by = None

    def get_configuration(self, dev_handle: _Handle) -> int:
        """Always configured, as Linux does it when a device is plugged in."""
        return int(_named(_configuration(self._alive(dev_handle))[0]).bConfigurationValue)

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        """EBUSY while the kernel's driver or another program has it."""
        with self._changed:
            plugged = self._alive(dev_handle)
            if plugged.kernel_driver or plugged.claimed_by not in (None, dev_handle):
                raise _error(errno.EBUSY)
            plugged.claimed_by = dev_handle

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Give it up."""
        self._alive(dev_handle).claimed_by = None

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        """Whether usbhid has it."""
        return self._alive(dev_handle).kernel_driver

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """Take it from usbhid."""
        self._alive(dev_handle).kernel_driver = False

    def attach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """Give it back to usbhid; EBUSY while it is claimed."""
        plugged = self._alive(dev_handle)
        if plugged.claimed_by is not None:
            raise _error(errno.EBUSY)
        plugged.kernel_driver = True

    # --- transfers ----------------------------------------------------------------------------------

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        bmRequestType: int,
        bRequest: int,
        wValue: int,
        wIndex: int,
        data: array[int],
        timeout: int,
    ) -> int:
        """Fills `data` for a request that asks; takes it for one that tells."""
        setup = Setup(bmRequestType, bRequest, wValue, wIndex, len(data))
        asks = bmRequestType & 0x80 != 0
        with self._changed:
            plugged = self._taking(dev_handle, timeout)
            try:
                answer = plugged.function.control(setup, b"" if asks else data.tobytes())
            except Stalled:
                raise _error(errno.EPIPE) from None
        if not asks:
            return len(data)
        memoryview(data)[: len(answer)] = answer
        return len(answer)

    def intr_write(self, dev_handle: _Handle, ep: int, intf: int, data: array[int], timeout: int) -> int:
        """An output report."""
        with self._changed:
            plugged = self._taking(dev_handle, timeout)
            try:
                plugged.function.interrupt_out(data.tobytes())
            except Stalled:
                raise _error(errno.EPIPE) from None
        return len(data)

    def intr_read(self, dev_handle: _Handle, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        """Packets until the buffer is full or one is short. What came before a time-out is given."""
        until, filled = time.monotonic() + timeout / 1000, 0
        with self._changed, memoryview(buff) as view:
            while filled < len(buff):
                function = self._alive(dev_handle).function
                packet = function.next_packet()
                if packet is None:
                    if self._changed.wait(until - time.monotonic()):
                        continue
                    break
                view[filled : filled + len(packet)] = packet
                filled += len(packet)
                if len(packet) < function.packet_bytes:
                    return filled
        if not filled:
            raise _error(errno.ETIMEDOUT)
        return filled

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        """Nothing halts here for longer than one transfer."""
        self._alive(dev_handle)

    def _alive(self, handle: _Handle) -> Plugged:
        if handle.plugged.gone or not handle.open:
            raise _error(errno.ENODEV)
        return handle.plugged

    def _taking(self, handle: _Handle, timeout: int) -> Plugged:
        """The device, once it takes a transfer. Called with the lock, which is lent while we wait."""
        plugged = self._alive(handle)
        if plugged.mute:
            self._changed.wait_for(lambda: plugged.gone, timeout / 1000)
            self._alive(handle)
            raise _error(errno.ETIMEDOUT)
        return plugged


def put_in_libusbs_place(bus: VirtualUsb) -> None:
    """Whoever asks pyusb for libusb in this process gets this bus."""
    libusb1.get_backend = lambda find_library=None: bus  # noqa: ARG005  # pyusb's own signature


def _configuration(plugged: Plugged) -> list[bytes]:
    return split_descriptors(plugged.function.device.descriptors.configuration)


def _having(descriptors: list[bytes], kind: int) -> list[SimpleNamespace]:
    return [_named(one) for one in descriptors if one[1] == kind]


def _named(descriptor: bytes) -> SimpleNamespace:
    """Its fields by the names of USB 2.0 ch. 9.6."""
    at, fields = 0, dict[str, Any](extra_descriptors=b"")
    for name in _NAMES[descriptor[1]].split():
        size = 2 if name.startswith(_WIDE) else 1
        fields[name] = int.from_bytes(descriptor[at : at + size], "little")
        at += size
    return SimpleNamespace(**fields)


def _error(number: int) -> usb.core.USBError:
    kind = usb.core.USBTimeoutError if number == errno.ETIMEDOUT else usb.core.USBError
    return kind(os.strerror(number), _CODES[number], number)
