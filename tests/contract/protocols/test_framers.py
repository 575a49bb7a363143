"""What every framer promises: the same findings for any split, the next good frame, bounded memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.framing import Finding, Frame, Framer, Noise
from protocols.zvt.framing import SerialFramer, TcpFramer, serial_frame


class Wire(NamedTuple):
    """One framer under test: how it is made, how a body is framed, bytes that begin no frame."""

    make: Callable[[], Framer]
    frame: Callable[[bytes], bytes]
    junk: bytes


def _as_it_is(body: bytes) -> bytes:
    return body


WIRES = (
    pytest.param(Wire(SerialFramer, serial_frame, b"\x00\xff?\x7f"), id="zvt-serial"),
    pytest.param(Wire(TcpFramer, _as_it_is, b"\x00\xff?\x7f"), id="zvt-tcp"),
)
BODIES = (bytes.fromhex("800000"), bytes.fromhex("04FF0110"), bytes.fromhex("040F021002"))


def bodies() -> st.SearchStrategy[list[bytes]]:
    """Whole APDUs: a class that exists, a length that is true."""
    return st.lists(
        st.builds(
            lambda head, data: head + bytes((len(data),)) + data,
            st.sampled_from((b"\x06\x01", b"\x04\x0f", b"\x80\x00", b"\x84\x10")),
            st.binary(max_size=40),
        ),
        max_size=6,
    )


def fed(framer: Framer, pieces: list[bytes]) -> list[Finding]:
    """All findings of all pieces."""
    return [finding for piece in pieces for finding in framer.feed(piece)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data cut at these places."""
    at = sorted({place % (len(data) + 1) for place in places})
    return [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]


@pytest.mark.parametrize("wire", WIRES)
@given(bodies=bodies(), places=st.lists(st.integers(0, 10_000), max_size=12))
def test_frames_are_found_however_they_are_split(wire: Wire, bodies: list[bytes], places: list[int]) -> None:
    stream = b"".join(map(wire.frame, bodies))
    framer = wire.make()
    assert fed(framer, cut(stream, places)) == [Frame(body) for body in bodies]
    assert not framer.midframe


@pytest.mark.parametrize("wire", WIRES)
@given(data=st.binary(max_size=200), places=st.lists(st.integers(0, 10_000), max_size=12))
def test_any_bytes_give_the_same_findings_however_they_are_split(
    wire: Wire, data: bytes, places: list[int]
) -> None:
    assert fed(wire.make(), cut(data, places)) == fed(wire.make(), [data])


@pytest.mark.parametrize("wire", WIRES)
@given(data=st.binary(max_size=200), body=st.sampled_from(BODIES))
def test_after_garbage_and_silence_the_next_frame_is_found(wire: Wire, data: bytes, body: bytes) -> None:
    framer = wire.make()
    framer.feed(data)
    framer.gap()
    found = framer.feed(wire.frame(body))
    assert found[-1:] == (Frame(body),)


@given(data=st.binary(max_size=200), body=st.sampled_from(BODIES))
def test_after_garbage_without_silence_one_of_three_sends_is_found(data: bytes, body: bytes) -> None:
    framer = SerialFramer()
    found = framer.feed(data + 3 * serial_frame(body))
    assert Frame(body) in found


@pytest.mark.parametrize("wire", WIRES)
def test_junk_is_counted(wire: Wire) -> None:
    found = wire.make().feed(wire.junk * 100 + wire.frame(BODIES[0]))
    assert sum(finding.size for finding in found if isinstance(finding, Noise)) == 400
    assert found[-1] == Frame(BODIES[0])


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "unit", [b"\x06", b"\x10\x02", b"\x10\x10", b"\xff", b"\x06\xd3\xff\xff\xff", b"\x10\x02\x10\x41"]
)
def test_no_stream_makes_it_hold_more_than_one_frame(wire: Wire, unit: bytes) -> None:
    framer = wire.make()
    framer.feed(b"\x10\x02")
    for _ in range(200):
        framer.feed(unit * 1000)
    assert held(framer) < 3 * 65_540


def held(framer: Framer) -> int:
    """Bytes in the buffers of a framer."""
    return sum(
        sys.getsizeof(value) for value in vars(framer).values() if isinstance(value, bytes | bytearray | list)
    )
