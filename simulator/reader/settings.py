"""How a virtual reader is set, and the descriptors that follow from it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from protocols.idtech.reports import HEAD, REPORT_SIZE
from protocols.idtech.settings import FEATURE_SIZE
from simulator import dukpt
from simulator.reader.hid import Descriptors

_PACKET = 64
_ONE_BYTE = (0x20, 0x21, 0x22, 0x28, 0x29, 0x2A, 0x38)  # usages: decode states, lengths, encode type


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings:
    """`usb_serial` empty: the descriptor names none. `frame_serial`: swipes carry `serial`. `commands`
    silent: no setting is answered; stalled: no feature report is taken. `level` below 3: all in clear."""

    vid: int = 0x0ACD
    pid: int = 0x2010
    usb_serial: str = "T134000064"
    serial: str = "T134000064"
    frame_serial: bool = True
    level: int = 3
    output: Literal["enhanced", "original"] = "enhanced"
    commands: Literal["answered", "silent", "stalled"] = "answered"
    ksn: str = "FFFF9876543210E00000"  # before the first read
    base_key: str = dukpt.PUBLIC_BASE_KEY.hex()
    report_size: int = REPORT_SIZE
    feature_size: int = FEATURE_SIZE

    def __repr__(self) -> str:
        return f"ReaderSettings(serial={self.serial!r})"


def descriptors(settings: ReaderSettings) -> Descriptors:
    """A vendor-defined HID device with one interrupt IN endpoint (SecureHead manual 4.1.2)."""
    report = _report(settings)
    strings = {1: "ID TECH", 2: "Virtual encrypting card reader"}
    if settings.usb_serial:
        strings[3] = settings.usb_serial
    return Descriptors(
        device=struct.pack(
            "<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 8, settings.vid, settings.pid, 0x0100,
            1, 2, 3 if settings.usb_serial else 0, 1,
        ),
        configuration=(
            struct.pack("<BBHBBBBB", 9, 2, 34, 1, 1, 0, 0x80, 50)  # bus powered, 100 mA
            + struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 1, 3, 0, 0, 0)  # one HID interface, no boot protocol
            + struct.pack("<BBHBBBH", 9, 0x21, 0x0111, 0, 1, 0x22, len(report))
            + struct.pack("<BBBBHB", 7, 5, 0x81, 3, _PACKET, 1)
        ),
        report=report,
        strings=strings,
    )  # fmt: skip


def _report(settings: ReaderSettings) -> bytes:
    """Three decode states, three lengths, the encode type, the total (2), the output; a feature report."""
    output = settings.report_size - HEAD
    return (
        bytes.fromhex("0600FF0901A101150026FF007508")
        + b"".join(bytes([0x09, usage, 0x95, 1, 0x81, 0x02]) for usage in _ONE_BYTE)
        + bytes([0x09, 0x30, 0x95, 2, 0x82, 0x02, 0x01])
        + bytes([0x09, 0x31, 0x96]) + output.to_bytes(2, "little") + bytes([0x82, 0x02, 0x01])
        + bytes([0x09, 0x20, 0x96]) + settings.feature_size.to_bytes(2, "little") + bytes([0xB2, 0x02, 0x01])
        + b"\xc0"
    )  # fmt: skip
