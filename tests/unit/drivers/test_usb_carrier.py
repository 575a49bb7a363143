"""Putting reports together from what an interface brings, piece by piece, and what its errors mean."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from array import array
from collections import deque
from typing import Literal

import pytest

from drivers.hid_descriptor import ReportSizes, report_sizes
from drivers.transport import EndpointClosed
from drivers.usb_carrier import ReportCarrier
from protocols.core.card import Sealed
from protocols.core.session import Report

ONE_OF_20 = report_sizes(bytes.fromhex("7508 9514 8102 9508 b102"))
NUMBERED = report_sizes(bytes.fromhex("7508 8501 9503 8102 8502 9513 8102 8503 9508 b102"))


class Scripted:
    """Brings the pieces, raises the errors, then waits until it is closed."""

    packet_bytes = 8

    def __init__(self, sizes: ReportSizes, *pieces: bytes | int) -> None:
        self.sizes = sizes
        self.told: list[tuple[str, int, bytes]] = []
        self.buffers: list[array[int]] = []
        self.closed = threading.Event()
        self._pieces = deque(pieces)

    def read_into(self, buffer: array[int], timeout_s: float) -> int:
        self.buffers.append(buffer)
        if not self._pieces:
            threading.Event().wait(0.005)
            raise OSError(errno.ETIMEDOUT, "nothing")
        piece = self._pieces.popleft()
        if isinstance(piece, int):
            raise OSError(piece, os.strerror(piece))
        memoryview(buffer)[: len(piece)] = piece
        return len(piece)

    def clear_stall(self) -> None:
        self.told.append(("clear", 0, b""))

    def set_report(self, kind: Literal["output", "feature"], report_id: int, data: array[int]) -> None:
        self.told.append((kind, report_id, data.tobytes()))

    def get_feature(self, report_id: int, size: int) -> bytes:
        return bytes([report_id]) * size

    def close(self) -> None:
        self.closed.set()


async def read_all(hid: Scripted, count: int) -> list[tuple[str, int, bytes]]:
    """So many reports, then close."""
    carrier = ReportCarrier(hid, "reader", asyncio.get_running_loop())
    reports = [await carrier.inlet.read() for _ in range(count)]
    await carrier.stop()
    assert hid.closed.is_set()
    return [
        (one.kind, one.id, bytes(one.data.view()) if isinstance(one.data, Sealed) else one.data)
        for one in reports
    ]


@pytest.mark.parametrize(
    "pieces",
    [
        [bytes(range(20))],
        [bytes(range(8)), bytes(range(8, 20))],
        [bytes(range(16)), errno.ETIMEDOUT, bytes(range(16, 20))],
    ],
    ids=["at once", "in two", "with a time-out between"],
)
async def test_a_report_is_put_together(pieces: list[bytes | int]) -> None:
    hid = Scripted(ONE_OF_20, *pieces)
    assert await read_all(hid, 1) == [("input", 0, bytes(range(20)))]
    assert not any(any(buffer) for buffer in hid.buffers)


async def test_numbered_reports_carry_their_id_and_a_short_one_ends_with_a_short_packet() -> None:
    pieces = [b"\x01abc", b"\x02" + bytes(19)]
    assert await read_all(Scripted(NUMBERED, *pieces), 2) == [
        ("input", 1, b"abc"),
        ("input", 2, bytes(19)),
    ]


async def test_the_id_goes_before_numbered_reports_and_sizes_are_the_declared() -> None:
    hid = Scripted(NUMBERED)
    carrier = ReportCarrier(hid, "reader", asyncio.get_running_loop())
    await carrier.write(Report("feature", 3, Sealed(b"hi")))
    await carrier.write(Report("get_feature", 3, b""))
    assert await carrier.inlet.read() == Report("feature", 3, b"\x03" * 8)
    await carrier.stop()
    assert hid.told == [("feature", 3, b"\x03hi" + bytes(6))]


async def test_a_stall_of_the_endpoint_is_cleared_and_told() -> None:
    hid = Scripted(ONE_OF_20, bytes(8), errno.EPIPE, b"\x07" * 20)
    assert await read_all(hid, 2) == [("stalled", 0, b""), ("input", 0, b"\x07" * 20)]
    assert hid.told == [("clear", 0, b"")]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENODEV, "unplugged"),
        (errno.EIO, "unplugged"),
        (errno.EPROTO, "unplugged"),
        (errno.EOVERFLOW, "reset"),
    ],
    ids=errno.errorcode.get,
)
async def test_what_an_error_of_reading_means(number: int, code: str) -> None:
    hid = Scripted(ONE_OF_20, b"\x09" * 8, number)
    carrier = ReportCarrier(hid, "reader", asyncio.get_running_loop())
    with pytest.raises(EndpointClosed) as caught:
        await carrier.inlet.read()
    await carrier.stop()
    assert caught.value.code == code
    assert hid.closed.is_set()
    assert not any(any(buffer) for buffer in hid.buffers)
