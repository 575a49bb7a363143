"""Frames that are damaged, each by its reason, in both arithmetics."""

from __future__ import annotations

import pytest

from protocols.core.errors import FramingError
from protocols.idtech.framing import body_of, frame_size
from tests.support.idtech_frames import BINARY, ENHANCED, ENTRIES, TEXT, binary, text


@pytest.mark.parametrize("name", BINARY)
def test_the_body_is_what_the_length_says(name: str) -> None:
    frame = memoryview(binary(name))
    assert frame_size(frame, "binary") == len(frame)
    assert len(body_of(frame, "binary")) == ENTRIES[name]["frame"]["body_bytes"]


@pytest.mark.parametrize("name", TEXT)
def test_the_length_of_a_typed_frame_counts_characters(name: str) -> None:
    frame = memoryview(text(name))
    assert frame_size(frame, "text") == len(frame)
    assert len(body_of(frame, "text")) == ENTRIES[name].get("text_chars", len(frame) - 12)


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (0, 3, "bad_start"),
        (10, 0xFF, "bad_lrc"),
        (-3, 0xEE, "bad_lrc"),
        (-2, 0xEE, "bad_sum"),
        (-1, 2, "bad_end"),
    ],
)
def test_one_wrong_byte_is_named(place: int, value: int, code: str) -> None:
    frame = bytearray(binary(ENHANCED))
    frame[place] = value
    with pytest.raises(FramingError) as caught:
        body_of(memoryview(frame), "binary")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", "truncated"),
        (b"\x02\x98", "truncated"),
        (binary(ENHANCED)[:-1], "truncated"),
        (binary(ENHANCED) + b"\0", "bad_length"),
        (b"\x02\xff\xff" + bytes(20), "bad_length"),
    ],
)
def test_a_wrong_size_is_named(frame: bytes, code: str) -> None:
    with pytest.raises(FramingError) as caught:
        body_of(memoryview(frame), "binary")
    assert caught.value.code == code


@pytest.mark.parametrize(("place", "code"), [(0, "bad_start"), (-1, "bad_end")])
def test_a_typed_frame_without_digits_at_its_ends(place: int, code: str) -> None:
    frame = bytearray(text("moneris-sample-0"))
    frame[place] = ord("x")
    with pytest.raises(FramingError) as caught:
        body_of(memoryview(frame), "text")
    assert caught.value.code == code


def test_the_sum_catches_what_the_lrc_lets_through() -> None:
    frame = bytearray(binary(ENHANCED))
    first, second = [place for place in range(3, 100) if not frame[place] & 1][:2]
    frame[first] |= 1
    frame[second] |= 1
    with pytest.raises(FramingError) as caught:
        body_of(memoryview(frame), "binary")
    assert caught.value.code == "bad_sum"
