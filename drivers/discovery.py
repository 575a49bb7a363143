"""Which serial port is the configured one, now. Pure: the list of ports comes in, one port comes out.

An adapter is known by VID, PID and serial number, so that it is found again on whichever port it is plugged
into. Adapters without a serial number look all the same: two of them need a path that names the USB socket.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.transport import EndpointUnavailable


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """VID and PID as USB numbers (0 to 65535); the serial number where the adapter has one."""

    vid: int
    pid: int
    serial_number: str | None = None

    def __str__(self) -> str:
        """As lsusb writes it: 0403:6001, with the serial number."""
        number = f" serial number {self.serial_number}" if self.serial_number else ""
        return f"{self.vid:04x}:{self.pid:04x}{number}"


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port of this machine. `vid` and what follows are None where it is not a USB adapter."""

    path: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    product: str | None = None
    location: str | None = None

    def __str__(self) -> str:
        """For the list in an error text."""
        if self.vid is None or self.pid is None:
            return self.path
        return f"{self.path} ({UsbIdentity(self.vid, self.pid, self.serial_number)})"

    def is_adapter(self, wanted: UsbIdentity) -> bool:
        """Whether it fits; a wanted identity without a serial number fits any."""
        same_kind = (self.vid, self.pid) == (wanted.vid, wanted.pid)
        return same_kind and wanted.serial_number in (None, self.serial_number)


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
    fitting = [port for port in ports if port.is_adapter(identity)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise EndpointUnavailable("port_ambiguous", _ambiguous(identity, fitting))
    raise EndpointUnavailable(
        "port_missing",
        f"no adapter {identity} is plugged in; found: {_listed(ports)}. Plug it in, or correct the identity",
    )


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


def _ambiguous(identity: UsbIdentity, fitting: Sequence[PortInfo]) -> str:
    numbers = {port.serial_number for port in fitting}
    cure = (
        "name one by its serial number"
        if None not in numbers and len(numbers) == len(fitting)
        else "they look the same: configure a path, which names the USB socket, e.g. /dev/serial/by-path/…"
    )
    return f"{len(fitting)} adapters are {identity}: {_listed(fitting)}; {cure}"


def _listed(ports: Sequence[PortInfo]) -> str:
    return ", ".join(str(port) for port in ports) or "no serial port at all"
