"""Why a USB device could not be opened, in the words of the front desk and with the cure."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence

from drivers.discovery import PortInfo
from drivers.port_holder import Holder
from drivers.transport import EndpointUnavailable

_CODES = {
    errno.ENODEV: "port_missing",
    errno.ENOENT: "port_missing",
    errno.ENXIO: "port_missing",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EBUSY: "port_busy",
}
_CURES = {
    "port_missing": "{where} went away while it was opened; plug it in again",
    "permission": "{where} may not be opened by us; install this udev rule and plug it in again: {rule}",
    "port_busy": "{where} is held by {holder}; stop that program",
    "port_failed": "{where} could not be opened or set up ({reason}); unplug it and plug it in again",
}
NO_LIBUSB = "libusb cannot be loaded; install the package libusb-1.0-0"


def udev_rule(vid: int) -> str:
    """The line of config/99-terminal-agent.rules that lets the agent open a maker's readers."""
    return f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vid:04x}", GROUP="terminal-agent", MODE="0660"'


def refused(
    info: PortInfo, error: OSError, held_by: Callable[[str], Sequence[Holder]]
) -> EndpointUnavailable:
    """For an error of opening, claiming or asking the device."""
    code = _CODES.get(error.errno or 0, "port_failed")
    in_use = held_by(info.path) if code == "port_busy" else ()
    holder = ", ".join(map(str, in_use)) or "another program, or by this one already"
    text = _CURES[code].format(
        where=info, holder=holder, rule=udev_rule(info.vid or 0), reason=error.strerror or error
    )
    return EndpointUnavailable(code, text, holder if code == "port_busy" else None)


def no_interface(info: PortInfo, found: Sequence[int]) -> EndpointUnavailable:
    """None of its HID interfaces is for reports."""
    numbers = ", ".join(map(str, found)) or "none"
    return EndpointUnavailable(
        "wrong_adapter",
        f"{info} has no HID interface for reports (its HID interfaces: {numbers}); a reader that types like "
        "a keyboard must be set to its USB-HID mode",
    )


def several_interfaces(info: PortInfo, found: Sequence[int]) -> EndpointUnavailable:
    """More than one could carry cards, and nothing tells which does."""
    numbers = ", ".join(map(str, found))
    return EndpointUnavailable(
        "port_ambiguous",
        f"{info} has {len(found)} HID interfaces for reports ({numbers}); a reader with one is wanted",
    )
