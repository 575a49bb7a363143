"""ZVT bytes as a stranger writes them: from PA00P015 and PA00P016 alone, nothing of ours imported.

Blocking, with deadlines, as most registers in the field are. Our own codec is never asked whether bytes are
right.
"""

from __future__ import annotations

import os
import select
import socket
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LIMIT_S = 15.0
ACK, NAK, DLE = b"\x06", b"\x15", 0x10
OK = bytes.fromhex("800000")

# Bytes of each field: a number is fixed, -2 and -3 are LLVAR and LLLVAR, -1 is a TLV container (ch. 4).
_SIZES = {
    0x01: 1, 0x02: 1, 0x03: 1, 0x04: 6, 0x05: 1, 0x06: -1, 0x0B: 3, 0x0C: 3, 0x0D: 2, 0x0E: 2, 0x17: 2,
    0x19: 1, 0x22: -2, 0x23: -2, 0x24: -3, 0x27: 1, 0x29: 4, 0x2A: 15, 0x2D: -2, 0x2E: -3, 0x37: 3, 0x3A: 2,
    0x3B: 8, 0x3C: -3, 0x3D: 3, 0x49: 2, 0x4C: -2, 0x60: -3, 0x87: 2, 0x88: 3, 0x8A: 1, 0x8B: -2, 0x8C: 1,
    0x92: -3, 0x9A: -3, 0xA0: 1, 0xA7: -2, 0xAA: 3, 0xAF: -3, 0xBA: 5, 0xD0: 1, 0xD1: -2, 0xD2: 1, 0xD3: 1,
    0xE0: 1, 0xE9: 1, 0xEA: 1, 0xEB: 8, 0xF0: 1, 0xF9: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFD: 1,
    **dict.fromkeys((*range(0xE1, 0xE9), *range(0xF1, 0xF9)), -2),
}  # fmt: skip


class SilenceError(AssertionError):
    """Nothing came within the time, or the other side closed."""


def crc(apdu: bytes) -> bytes:
    """CRC-16 of the APDU and the ETX, reflected 8408 from 0, low byte first (PA00P016 ch. 3)."""
    value = 0
    for byte in apdu + b"\x03":
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return bytes([value & 0xFF, value >> 8])


def framed(apdu: bytes) -> bytes:
    """DLE STX, the APDU with DLE doubled, DLE ETX, CRC."""
    return b"\x10\x02" + apdu.replace(b"\x10", b"\x10\x10") + b"\x10\x03" + crc(apdu)


def apdu(command: str, data: str = "", *, extended: bool = False) -> bytes:
    """An APDU from hexadecimal text; `extended` takes the FF form of the length whatever it is."""
    body = bytes.fromhex(data)
    if extended or len(body) > 0xFE:
        return bytes.fromhex(command) + b"\xff" + len(body).to_bytes(2, "little") + body
    return bytes.fromhex(command) + bytes([len(body)]) + body


def tlv(tag: str, value: str | bytes) -> str:
    """One data object in hexadecimal."""
    body = value if isinstance(value, bytes) else bytes.fromhex(value)
    size = len(body)
    length = f"{size:02x}" if size < 0x80 else f"81{size:02x}" if size < 0x100 else f"82{size:04x}"
    return tag + length + body.hex()


def container(*objects: str) -> str:
    """Field 06 around data objects, in hexadecimal."""
    return tlv("06", "".join(objects))


def amount(minor: int) -> str:
    """Field 04."""
    return f"04{minor:012d}"


def var(code: str, value: bytes, digits: int = 2) -> str:
    """An LLVAR or LLLVAR field: each digit of its length as Fx."""
    return code + "".join(f"f{digit}" for digit in f"{len(value):0{digits}d}") + value.hex()


@dataclass(frozen=True, slots=True)
class Apdu:
    """One APDU: what a stranger sees of it."""

    raw: bytes

    @property
    def command(self) -> str:
        """Class and instruction in hexadecimal."""
        return self.raw[:2].hex()

    @property
    def data(self) -> bytes:
        """What follows the length."""
        return self.raw[5:] if self.raw[2] == 0xFF else self.raw[3:]

    @property
    def fields(self) -> dict[int, bytes]:
        """Its fields by code; the value of 06 is the inside of the container."""
        return dict(fields(self.data))

    @property
    def objects(self) -> dict[str, bytes]:
        """The data objects of its container, nested ones too; of a repeated tag the last one."""
        return dict(data_objects(self.fields.get(0x06, b"")))


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message. KeyError for one that the sheet does not have."""
    at = 0
    while at < len(data):
        code, size = data[at], _SIZES[data[at]]
        at += 1
        if size == -1:
            at, size = _length(data, at)
        elif size < 0:
            digits = "".join(str(byte & 0x0F) for byte in data[at : at - size])
            assert all(byte >> 4 == 0xF for byte in data[at : at - size]), f"length of {code:02x}"
            at, size = at - size, int(digits)
        assert at + size <= len(data), f"field {code:02x} is cut short"
        yield code, data[at : at + size]
        at += size


def data_objects(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data objects in a container, each constructed one followed by what is in it."""
    at = 0
    while at < len(data):
        start = at
        if data[at] & 0x1F == 0x1F:
            at += 1
            while data[at] & 0x80:
                at += 1
        at += 1
        tag = data[start:at].hex()
        at, size = _length(data, at)
        assert at + size <= len(data), f"object {tag} is cut short"
        yield tag, data[at : at + size]
        if data[start] & 0x20:
            yield from data_objects(data[at : at + size])
        at += size


def _length(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if first < 0x80:
        return at + 1, first
    assert first in (0x81, 0x82), f"length byte {first:02x}"
    more = first & 0x0F
    return at + 1 + more, int.from_bytes(data[at + 1 : at + 1 + more], "big")


class TcpWire:
    """APDUs bare on a stream."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        sock.settimeout(LIMIT_S)

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self.socket.sendall(data)

    def send(self, raw: bytes) -> None:
        """One APDU."""
        self.write(raw)

    def next(self, within_s: float = LIMIT_S) -> Apdu:
        """The next APDU. Raises SilenceError."""
        deadline = time.monotonic() + within_s
        raw = self._exactly(3, deadline)
        size = raw[2]
        if size == 0xFF:
            raw += self._exactly(2, deadline)
            size = int.from_bytes(raw[3:], "little")
        return Apdu(raw + self._exactly(size, deadline))

    def closed(self, within_s: float = LIMIT_S) -> bool:
        """Whether the other side closes, saying nothing more."""
        self.socket.settimeout(within_s)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _exactly(self, size: int, deadline: float) -> bytes:
        data = b""
        while len(data) < size:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                more = self.socket.recv(size - len(data))
            except TimeoutError:
                raise SilenceError(f"silence after {data.hex()!r}") from None
            if not more:
                raise SilenceError(f"closed after {data.hex()!r}")
            data += more
        return data


class SerialWire:
    """APDUs framed on a line of which this end is a descriptor. `before_ack` is what it says to a good frame:
    ACK, or what a test wants to see survived."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        tty.setraw(fd)
        os.set_blocking(fd, False)
        self.before_ack: Callable[[], bytes] = lambda: ACK
        self._buffer = b""
        self._held: list[Apdu] = []

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        while data:
            select.select([], [self.fd], [], LIMIT_S)
            data = data[os.write(self.fd, data) :]

    def send(self, raw: bytes) -> None:
        """One APDU, three times at most. Frames that come before its acknowledgement are kept."""
        for _ in range(3):
            self.write(framed(raw))
            if self.acknowledged():
                return
        raise SilenceError(f"no acknowledgement of {raw[:3].hex()}")

    def acknowledged(self, within_s: float = 5.0) -> bool:
        """Wait for ACK (true) or NAK (false)."""
        deadline = time.monotonic() + within_s
        while True:
            one = self.byte(deadline)
            if one in (ACK, NAK):
                return one == ACK
            if one == b"\x10":
                self._held.append(self._frame(deadline))

    def next(self, within_s: float = LIMIT_S) -> Apdu:
        """The next APDU, acknowledged. Raises SilenceError."""
        if self._held:
            return self._held.pop(0)
        deadline = time.monotonic() + within_s
        while self.byte(deadline) != b"\x10":
            pass
        return self._frame(deadline)

    def byte(self, deadline: float) -> bytes:
        """One byte of the line. Raises SilenceError."""
        while not self._buffer:
            left_s = max(0.0, deadline - time.monotonic())
            if not select.select([self.fd], [], [], left_s)[0]:
                raise SilenceError("silence on the line")
            self._buffer = os.read(self.fd, 4096)
        one, self._buffer = self._buffer[:1], self._buffer[1:]
        return one

    def close(self) -> None:
        """Unplug."""
        os.close(self.fd)

    def _frame(self, deadline: float) -> Apdu:
        assert self.byte(deadline) == b"\x02", "a frame begins with DLE STX"
        raw = b""
        while True:
            one = self.byte(deadline)
            if one == b"\x10":
                one = self.byte(deadline)
                if one == b"\x03":
                    break
                assert one == b"\x10", "DLE is doubled"
            raw += one
        assert self.byte(deadline) + self.byte(deadline) == crc(raw), "CRC"
        self.write(self.before_ack())
        return Apdu(raw)


Wire = TcpWire | SerialWire
