"""What the other end of each protocol may say: whole answers, in its own framing, from which a session may be
led into any of its states. A protocol of the registry without an entry here fails the suite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.registry import Options
from protocols.zvt.framing import serial_frame
from tests.support.zvt_script import OK, READY, REGISTERED, status


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to speak a protocol. `sayings` are sound messages; `greeting` and `sale` are what a peer that
    means well says, in order, to a new line and then to a sale; `nods` stand before each of them."""

    protocol: str
    options: Options
    sayings: tuple[bytes, ...]
    greeting: tuple[bytes, ...]
    sale: tuple[bytes, ...]


_ZVT_GREETING = (OK, REGISTERED)
_ZVT_SALE = (OK, READY, OK, status("00", "0041"), "060F00", OK, "04FF010A", status("00", "0042"), "060F00")
_ZVT_SAYINGS = (
    OK,
    READY,
    REGISTERED,
    "060F00",
    "060F019C",
    "061E016C",
    "061E0105",
    "061E00",
    "848300",
    "849C00",
    "841E036F0978",
    "04FF010A",
    "04FF020105",
    "06D1060041424344",
    status("00", "0042"),
    status("00", "0041"),
    status("05", "0000"),
    status("B4", "0042"),
    status("00", "0042", amount=777),
    "060F052952111111",
    "0401",
    "FF0000",
)


def _tcp(apdus: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(apdu) for apdu in apdus)


def _serial(apdus: tuple[str, ...]) -> tuple[bytes, ...]:
    """Each of our frames is acknowledged before its answer comes."""
    return tuple(b"\x06" + serial_frame(bytes.fromhex(apdu)) for apdu in apdus)


DIALECTS: Mapping[str, Dialect] = {
    "zvt tcp": Dialect("zvt", {"transport": "tcp"}, _tcp(_ZVT_SAYINGS), _tcp(_ZVT_GREETING), _tcp(_ZVT_SALE)),
    "zvt serial": Dialect(
        "zvt",
        {"transport": "serial"},
        (*_serial(_ZVT_SAYINGS), b"\x06", b"\x15", b"\x10\x02"),
        _serial(_ZVT_GREETING),
        _serial(_ZVT_SALE),
    ),
}
