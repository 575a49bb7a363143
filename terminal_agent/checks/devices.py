"""The serial ports and card readers of this machine, who holds them, and the settings that name them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers.discovery import PortInfo, UsbIdentity, resolve
from drivers.port_holder import Holder, holders
from drivers.serial_port import list_ports
from drivers.transport import EndpointUnavailable
from drivers.usb_port import list_readers

BY_PATH = Path("/dev/serial/by-path")


@dataclass(frozen=True, slots=True)
class Device:
    """One port or reader: what it is, who has it open, what to paste into the settings."""

    port: PortInfo
    holder: str | None
    settings: str

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        port = self.port
        return {
            "kind": port.kind,
            "path": port.path,
            "vid": None if port.vid is None else f"{port.vid:04x}",
            "pid": None if port.pid is None else f"{port.pid:04x}",
            "serial_number": port.serial_number,
            "product": port.product,
            "location": port.location,
            "holder": self.holder,
            "settings": self.settings,
        }


def list_all() -> tuple[PortInfo, ...]:
    """Serial ports, then readers."""
    return (*list_ports(), *list_readers())


def devices(
    ports: Callable[[], Sequence[PortInfo]] = list_all,
    held_by: Callable[[str], Sequence[Holder]] = holders,
) -> tuple[Device, ...]:
    """Every port and reader, by path."""
    found = ports()
    return tuple(
        Device(
            port,
            ", ".join(map(str, held_by(port.path))) or None,
            settings_lines(port, [one for one in found if one.kind == port.kind]),
        )
        for port in found
    )


def settings_lines(port: PortInfo, ports: Sequence[PortInfo], by_path: Path = BY_PATH) -> str:
    """The `[terminals.serial]` or `[terminals.usb]` table that finds it again: by identity if that names it
    alone. Of readers that look all the same only one may be plugged in."""
    identity = _identity_of(port, ports)
    if port.kind == "reader":
        return "\n".join(["[terminals.usb]", *_naming(identity or UsbIdentity(port.vid or 0, port.pid))])
    named = _naming(identity) if identity else [f'path = "{_lasting_path(port.path, by_path)}"']
    return "\n".join(["[terminals.serial]", *named])


def _naming(identity: UsbIdentity) -> list[str]:
    lines = [f'vid = "{identity.vid:04x}"', f'pid = "{identity.pid or 0:04x}"']
    return lines + [f'serial_number = "{identity.serial_number}"'] * (identity.serial_number is not None)


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
