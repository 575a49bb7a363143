"""The systemd unit as it is installed, its drop-ins included: whether it still confines the agent.

It is weighed against what the unit in config/ has. Without systemd, or run by hand, there is nothing to look
at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from drivers import serial_port, usb_port
from terminal_agent.checks.findings import Finding

NAME = "terminal-agent.service"
# The first that has a unit of this name wins (systemd.unit(5), unit file load path).
FOLDERS = tuple(map(Path, ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")))
# Settings without which a stolen agent could read, keep or send what it must not.
CONFINED: Mapping[str, str] = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "LimitCORE": "0",
    "UMask": "0077",
    "StateDirectoryMode": "0700",
    "DevicePolicy": "closed",
    "MemoryDenyWriteExecute": "yes",
}
DEVICE_CLASSES = frozenset({*serial_port.DEVICE_CLASSES, *usb_port.DEVICE_CLASSES})


def check_unit(folders: Sequence[Path] = FOLDERS) -> Iterator[Finding]:
    """One finding for the unit; none where none is installed."""
    unit = next((folder / NAME for folder in folders if (folder / NAME).is_file()), None)
    if unit is None:
        return
    drop_ins = sorted(one for folder in folders for one in (folder / f"{NAME}.d").glob("*.conf"))
    said = settings_of(*(path.read_text(encoding="utf-8") for path in (unit, *drop_ins)))
    loose = [
        f"{name}={wanted}" for name, wanted in CONFINED.items() if said.get(name, ["not there"])[-1] != wanted
    ]
    allowed = {device.split()[0] for device in said.get("DeviceAllow", ()) if device}
    shut = sorted(DEVICE_CLASSES - allowed)
    if shut:
        text = f"it does not let the agent open {', '.join(shut)}; add DeviceAllow={shut[0]} rw"
        yield Finding("unit", str(unit), "warning", text, "device_not_allowed")
    if loose:
        text = f"it confines the agent less than the one in config/: {', '.join(loose)} is missing"
        yield Finding("unit", str(unit), "failed", text, "unit_not_confined")
    if not loose and not shut:
        yield Finding("unit", str(unit), "ok", "confines the agent, and lets it open its devices")


def settings_of(*texts: str) -> dict[str, list[str]]:
    """Every assignment of a unit and its drop-ins, in order; an empty one begins a list anew."""
    found: dict[str, list[str]] = {}
    for line in (line.strip() for text in texts for line in text.splitlines()):
        name, equals, value = line.partition("=")
        if not equals or line.startswith(("#", ";", "[")):
            continue
        if not value.strip():
            found[name] = []
        found.setdefault(name, []).append(value.strip())
    return found
