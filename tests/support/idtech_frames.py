"""The ID TECH frames of the vectors, by id, and ways to spoil or alter them by the vendor's layout."""

from __future__ import annotations

from typing import Any

from protocols.core.card import Sealed
from tests.support.vectors import load

ENTRIES: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in load("idtech")}
BINARY = sorted(name for name, entry in ENTRIES.items() if "frame_hex" in entry)
TEXT = sorted(name for name, entry in ENTRIES.items() if "text" in entry)

ENHANCED = "idtech-enhanced-sl3-3track"
ORIGINAL = "idtech-original-sl3-3track"


def binary(name: str) -> bytes:
    """The frame as it came over HID or serial."""
    return bytes.fromhex(ENTRIES[name]["frame_hex"])


def text(name: str) -> bytes:
    """The frame as it was typed."""
    return str(ENTRIES[name]["text"]).encode("ascii")


def untyped(name: str) -> bytes:
    """A typed frame as bytes, put together here: hexadecimal undone around the masked tracks, then length,
    LRC and sum over the bytes. The lengths of the masked tracks are where the vendor's layout has them."""
    body = text(name)[6:-6]
    masked = 0
    if body[:2] == b"80":
        first, second = int(body[4:6], 16), int(body[6:8], 16)
        masked = first + second
        head, shown, rest = body[:14], body[14 : 14 + masked], body[14 + masked :]
    else:
        head, shown, rest = body, b"", b""
    return framed(bytes.fromhex(head.decode()) + shown + bytes.fromhex(rest.decode()))


def framed(body: bytes) -> bytes:
    """A binary frame around a body."""
    lrc = 0
    for byte in body:
        lrc ^= byte
    return b"\x02" + len(body).to_bytes(2, "little") + body + bytes([lrc, sum(body) & 0xFF, 3])


def altered(frame: bytes, changes: dict[int, int]) -> bytes:
    """A binary frame with some bytes of its body changed (by their place in it) and its checks made anew."""
    body = bytearray(frame[3:-3])
    for place, value in changes.items():
        body[place] = value
    return framed(bytes(body))


def reported(frame: bytes, size: int = 509, statuses: bytes = b"\0\0\0") -> bytes:
    """The frame in one HID report, as the reader manuals lay it out."""
    head = statuses + bytes([frame[5], frame[6], frame[7], frame[3]]) + len(frame).to_bytes(2, "little")
    return (head + frame).ljust(size, b"\0")


def seen(frame: Sealed) -> bytes:
    """What stands in a buffer now."""
    return bytes(frame.view())
