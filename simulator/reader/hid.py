"""A USB HID device as its host sees it, without USB: what a pyusb backend or a usbfs emulator puts on top.

Everything is synchronous and nothing waits. Reports carry no report id inside their data; id 0 is a device
that numbers none (HID 1.11, 5.6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Stalled(Exception):  # noqa: N818  # USB's own word for a control request that is refused
    """The device does not take this request; on the bus its answer is STALL."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What the device says of itself, byte for byte as on the wire (USB 2.0 ch. 9.6, HID 1.11 ch. 6.2).

    `configuration` is the whole set: configuration, interface, HID, endpoint. `strings` by their index.
    """

    device: bytes
    configuration: bytes
    report: bytes
    strings: Mapping[int, str] = field(default_factory=dict)


class HidDevice(Protocol):
    """One device, plugged in or not: whatever carries it tells it when its plug is pulled."""

    @property
    def vid(self) -> int:
        """Vendor id, 16 bits."""
        ...

    @property
    def pid(self) -> int:
        """Product id, 16 bits."""
        ...

    @property
    def serial(self) -> str | None:
        """The USB serial string; None for a device without."""
        ...

    @property
    def descriptors(self) -> Descriptors:
        """All its descriptors."""
        ...

    def output_report(self, report_id: int, data: bytes) -> None:
        """Take an output report (SET_REPORT, type 2). Raises Stalled."""
        ...

    def feature_set(self, report_id: int, data: bytes) -> None:
        """Take a feature report (SET_REPORT, type 3). Raises Stalled."""
        ...

    def feature_get(self, report_id: int) -> bytes:
        """Give the feature report (GET_REPORT, type 3) at its fixed size. Raises Stalled."""
        ...

    def take_input(self) -> bytes | None:
        """The oldest waiting input report at its fixed size, once; None where there is none. On the interrupt
        endpoint it goes in packets of its maximum size, the last one short."""
        ...

    def listen(self, heard: Callable[[], None]) -> None:
        """Have `heard` called, in the thread that made it, each time an input report comes to wait. One
        listener: the last one given."""
        ...

    def lose_power(self) -> None:
        """The plug was pulled: what waits to be fetched is lost."""
        ...
