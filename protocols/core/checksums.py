"""Checksums of the serial wires."""

from __future__ import annotations

from functools import reduce
from operator import xor


def _kermit_row(index: int) -> int:
    crc = index
    for _ in range(8):
        crc = (crc >> 1) ^ (0x8408 if crc & 1 else 0)
    return crc


_KERMIT = tuple(_kermit_row(index) for index in range(256))


def crc16_kermit(data: bytes, crc: int = 0) -> int:
    """CRC-16/KERMIT: reflected polynomial 8408, initial value 0, no final xor; "123456789" gives 2189.

    ZVT sends it low byte first (PA00P016, which calls it XModem).
    """
    for byte in data:
        crc = _KERMIT[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def lrc(data: bytes | memoryview) -> int:
    """Longitudinal redundancy check: all bytes xored. Concert, PAX and ID TECH frames end with it."""
    return reduce(xor, data, 0)
