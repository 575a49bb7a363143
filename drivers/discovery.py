"""Which serial port or HID reader is the configured one, now. Pure: the list comes in, one of it comes out.

An adapter or reader is known by VID, PID and serial number, so that it is found again wherever it is plugged
in. Adapters without a serial number look all the same: two of them need a path that names the USB socket.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from drivers.transport import EndpointUnavailable

READER_VENDORS = {0x0ACD: "ID TECH"}
"""Makers of card readers, by the vendor id of their HID devices (ID TECH 80000502-001)."""


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """VID and PID as USB numbers (0 to 65535), any PID where it is None; the serial number where there is
    one."""

    vid: int
    pid: int | None
    serial_number: str | None = None

    def __str__(self) -> str:
        """As lsusb writes it: 0403:6001, with the serial number."""
        number = f" serial number {self.serial_number}" if self.serial_number else ""
        return f"{self.vid:04x}:{'*' if self.pid is None else f'{self.pid:04x}'}{number}"


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port or HID reader of this machine. `vid` and what follows are None where it is not on USB.
    `path` of a reader is the name of its node, which changes each time it is plugged in."""

    path: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    product: str | None = None
    location: str | None = None
    kind: Literal["serial", "reader"] = "serial"

    def __str__(self) -> str:
        """For the list in an error text."""
        if self.vid is None or self.pid is None:
            return self.path
        return f"{self.path} ({UsbIdentity(self.vid, self.pid, self.serial_number)})"

    def is_adapter(self, wanted: UsbIdentity) -> bool:
        """Whether it fits; a wanted identity without a serial number fits any."""
        same_kind = self.vid == wanted.vid and wanted.pid in (None, self.pid)
        return same_kind and wanted.serial_number in (None, self.serial_number)


@dataclass(frozen=True, slots=True)
class _Words:
    """What the things are called, and what to do when several look the same."""

    one: str
    none: str
    cure: str


_ADAPTERS = _Words(
    "adapter",
    "no serial port at all",
    "they look the same: configure a path, which names the USB socket, e.g. /dev/serial/by-path/…",
)
_READERS = _Words("reader", "no reader at all", "they look the same: leave only one plugged in")


def resolve(path: str | None, identity: UsbIdentity | None, ports: Sequence[PortInfo]) -> PortInfo:
    """The port to open. A path says where, an identity what, both together what must be where.

    Raises EndpointUnavailable port_missing, port_ambiguous, wrong_adapter.
    """
    if path is not None:
        return _at_path(path, identity, ports)
    if identity is None:
        raise EndpointUnavailable(
            "port_missing", "neither a path nor a USB identity of the port is configured"
        )
    return _the_one(identity, ports, _ADAPTERS)


def resolve_reader(identity: UsbIdentity, readers: Sequence[PortInfo]) -> PortInfo:
    """The reader to open. Raises EndpointUnavailable port_missing, port_ambiguous."""
    return _the_one(identity, readers, _READERS)


def _at_path(path: str, identity: UsbIdentity | None, ports: Sequence[PortInfo]) -> PortInfo:
    """What is known of a path; a port that nobody lists (a pty) is known by its path alone."""
    device = os.path.realpath(path)
    found = next((port for port in ports if port.path in (path, device)), PortInfo(path))
    if identity is not None and not found.is_adapter(identity):
        raise EndpointUnavailable(
            "wrong_adapter",
            f"at {path} there is {found}, not {identity}; plug in the right one or correct the settings",
        )
    return PortInfo(path, found.vid, found.pid, found.serial_number, found.product, found.location)


def _the_one(identity: UsbIdentity, ports: Sequence[PortInfo], words: _Words) -> PortInfo:
    fitting = [port for port in ports if port.is_adapter(identity)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise EndpointUnavailable("port_ambiguous", _ambiguous(identity, fitting, words))
    raise EndpointUnavailable(
        "port_missing",
        f"no {words.one} {identity} is plugged in; found: {_listed(ports, words)}. "
        "Plug it in, or correct vid, pid and serial_number in the settings",
    )


def _ambiguous(identity: UsbIdentity, fitting: Sequence[PortInfo], words: _Words) -> str:
    numbers = {port.serial_number for port in fitting}
    told_apart = None not in numbers and len(numbers) == len(fitting)
    cure = "name one by its serial number" if told_apart else words.cure
    return f"{len(fitting)} {words.one}s are {identity}: {_listed(fitting, words)}; {cure}"


def _listed(ports: Sequence[PortInfo], words: _Words) -> str:
    return ", ".join(str(port) for port in ports) or words.none
