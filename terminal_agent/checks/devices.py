"""The serial ports of this machine, who holds them, and the settings lines that name them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers.discovery import PortInfo, UsbIdentity, resolve
from drivers.port_holder import Holder, holders
from drivers.serial_port import list_ports
from drivers.transport import EndpointUnavailable

BY_PATH = Path("/dev/serial/by-path")


@dataclass(frozen=True, slots=True)
class Device:
    """One port: what it is, who has it open, what to paste into the settings."""

    port: PortInfo
    holder: str | None
    settings: str

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        port = self.port
        return {
            "path": port.path,
            "vid": None if port.vid is None else f"{port.vid:04x}",
            "pid": None if port.pid is None else f"{port.pid:04x}",
            "serial_number": port.serial_number,
            "product": port.product,
            "location": port.location,
            "holder": self.holder,
            "settings": self.settings,
        }


def devices(
    ports: Callable[[], Sequence[PortInfo]] = list_ports,
    held_by: Callable[[str], Sequence[Holder]] = holders,
) -> tuple[Device, ...]:
    """Every port, by path."""
    found = ports()
    return tuple(
        Device(port, ", ".join(map(str, held_by(port.path))) or None, settings_lines(port, found))
        for port in found
    )


def settings_lines(port: PortInfo, ports: Sequence[PortInfo], by_path: Path = BY_PATH) -> str:
    """The `[terminals.serial]` table that finds this port again: by identity if that names it alone."""
    lines = ["[terminals.serial]"]
    identity = _identity_of(port, ports)
    if identity is None:
        return "\n".join([*lines, f'path = "{_lasting_path(port.path, by_path)}"'])
    lines += [f'vid = "{identity.vid:04x}"', f'pid = "{identity.pid:04x}"']
    if identity.serial_number is not None:
        lines.append(f'serial_number = "{identity.serial_number}"')
    return "\n".join(lines)


def _lasting_path(path: str, by_path: Path) -> str:
    """udev's name of the socket that it is plugged into, which outlives a restart; else the path itself."""
    links = sorted(by_path.iterdir()) if by_path.is_dir() else []
    return next((str(link) for link in links if os.path.realpath(link) == os.path.realpath(path)), path)


def _identity_of(port: PortInfo, ports: Sequence[PortInfo]) -> UsbIdentity | None:
    if port.vid is None or port.pid is None:
        return None
    identity = UsbIdentity(port.vid, port.pid, port.serial_number)
    try:
        resolve(None, identity, ports)
    except EndpointUnavailable:
        return None
    return identity
