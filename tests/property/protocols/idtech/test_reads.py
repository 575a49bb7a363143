"""Reports in any split, garbage before a good frame, every damaged byte: never another read than was sent."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from protocols.core.errors import RemoteError
from protocols.core.session import Received, Report
from protocols.idtech.codec import decode, encode
from protocols.idtech.fields import Form
from protocols.idtech.messages import EncodeType, Read
from protocols.idtech.reports import Output, Reassembly
from tests.support.idtech_frames import (
    BINARY,
    ENHANCED,
    ORIGINAL,
    TEXT,
    binary,
    framed,
    reported,
    seen,
    text,
    untyped,
)
from tests.support.reader_script import ReaderScript

FRAMES = [*(binary(name) for name in BINARY), *(untyped(name) for name in TEXT)]
PAYMENT = [binary(ENHANCED), *(untyped(name) for name in TEXT if name.startswith(("moneris", "SYN")))]


@st.composite
def splits(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces."""
    cuts = sorted(draw(st.sets(st.integers(1, len(data) - 1), max_size=12)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(st.data(), st.lists(st.sampled_from(FRAMES), min_size=1, max_size=3))
def test_any_split_gives_the_same_frames(data: st.DataObject, frames: list[bytes]) -> None:
    reports = Reassembly(509)
    found = []
    for piece in data.draw(splits(b"".join(map(reported, frames)))):
        found += [seen(one.frame) for one in reports.feed(memoryview(piece)) if isinstance(one, Output)]
    assert found == frames
    assert not reports.midreport


@given(st.data(), st.sampled_from(PAYMENT))
def test_any_split_presents_the_same_card(data: st.DataObject, frame: bytes) -> None:
    script = ReaderScript(commands="none", modes="swipe_and_keyed", report_size=509)
    script.plug()
    script.arm("swipe", "keyed")
    for piece in data.draw(splits(reported(frame))):
        script.hear(piece)
    presented = script.card()
    again = encode(decode(presented.frame.view(), "text"), "binary")
    assert seen(again) == frame
    assert script.codes == []
    assert not any(any(seen(buffer)) for buffer in script.buffers)


@given(st.binary(max_size=2000), st.sampled_from(PAYMENT), st.sampled_from([0, 509]))
def test_after_garbage_and_its_silence_a_good_frame_is_read(garbage: bytes, frame: bytes, size: int) -> None:
    script = ReaderScript(commands="none", modes="swipe_and_keyed", report_size=size)
    script.plug()
    script.arm("swipe", "keyed")
    script.hear(garbage)
    if script.reader.next_deadline() is not None:
        script.wake()
    assert script.outcome() != "taken"
    script.hear(reported(frame))
    assert script.outcome() == "taken"


@given(st.data(), st.sampled_from(PAYMENT))
def test_any_other_byte_in_a_frame_is_refused(data: st.DataObject, frame: bytes) -> None:
    place = data.draw(st.integers(0, len(frame) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != frame[place]))
    spoilt = frame[:place] + bytes([value]) + frame[place + 1 :]
    script = ReaderScript(commands="none", modes="swipe_and_keyed")
    script.plug()
    script.arm("swipe", "keyed")
    script.hear(reported(spoilt))
    if script.reader.next_deadline() is not None:
        script.wake()
    assert script.outcome() not in ("taken", "nothing")


def test_every_byte_of_a_frame_counts() -> None:
    """The same for each place of the shortest frames, one flip of a bit each, in both arithmetics."""
    for frame in (untyped("moneris-sample-0"), binary(ENHANCED)):
        for place in range(len(frame)):
            assert _refused(_flipped(frame, place, 8), "binary")
    typed = text("moneris-sample-2")
    for place in range(len(typed)):
        assert _refused(_flipped(typed, place, 7), "text")


@given(st.sampled_from([*EncodeType]), st.binary(max_size=300))
def test_a_body_of_anything_is_refused_or_written_as_it_was_read(kind: EncodeType, rest: bytes) -> None:
    frame = framed(bytes([kind]) + rest)
    try:
        read: Read = decode(memoryview(frame), "binary")
    except RemoteError:
        return
    again = encode(read, "binary")
    assert seen(again) == frame


KINDS: list[Literal["input", "feature", "stalled"]] = ["input", "feature", "stalled"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=40)), max_size=12), st.booleans())
def test_a_devices_nonsense_never_raises_and_never_stops_the_clock(
    heard: list[tuple[Literal["input", "feature", "stalled"], bytes]], asks: bool
) -> None:
    script = ReaderScript(commands="feature" if asks else "none")
    script.plug()
    for kind, data in heard:
        script.give(Received(script.link, Report(kind, 0, data)))
        if script.state == "ready":
            script.arm()
        at = script.reader.next_deadline()
        if at is not None:
            script.wake()
            again = script.reader.next_deadline()
            assert again is None or again > at
    assert script.outcome() != "taken"


def test_the_original_format_is_never_taken() -> None:
    script = ReaderScript(commands="none", modes="swipe_and_keyed")
    script.plug()
    script.arm("swipe", "keyed")
    script.hear(reported(binary(ORIGINAL)))
    assert script.outcome() == "reader_not_encrypting"


def _flipped(frame: bytes, place: int, bits: int) -> bytes:
    """One bit of one byte turned over, another one at each place."""
    return frame[:place] + bytes([frame[place] ^ 1 << place % bits]) + frame[place + 1 :]


def _refused(frame: bytes, form: Form) -> bool:
    try:
        decode(memoryview(frame), form)
    except RemoteError:
        return True
    return False
