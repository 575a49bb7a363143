"""The vendors' frames, both ways, in both arithmetics; and what is no frame."""

from __future__ import annotations

import pytest

from protocols.core.card import Sealed
from protocols.core.errors import DecodingError
from protocols.idtech.codec import decode, encode
from protocols.idtech.messages import Keyed, OriginalSwipe, Swipe
from tests.support.idtech_frames import (
    BINARY,
    ENHANCED,
    ENTRIES,
    ORIGINAL,
    TEXT,
    binary,
    framed,
    seen,
    text,
    untyped,
)


@pytest.mark.parametrize("name", BINARY)
def test_a_binary_frame_reads_and_writes(name: str) -> None:
    read = decode(memoryview(binary(name)), "binary")
    built = encode(read, "binary")
    assert seen(built) == binary(name)
    assert read.ksn == ENTRIES[name]["ksn"]


@pytest.mark.parametrize("name", TEXT)
def test_a_typed_frame_reads_and_writes(name: str) -> None:
    read = decode(memoryview(text(name)), "text")
    built = encode(read, "text")
    assert seen(built) == text(name)
    assert read.ksn == ENTRIES[name].get("ksn", read.ksn)


@pytest.mark.parametrize("name", TEXT)
def test_a_binary_frame_is_typed_as_its_vendor_typed_it(name: str) -> None:
    frame = Sealed(untyped(name))
    typed = encode(decode(frame.view(), "binary"), "text")
    assert seen(typed) == text(name)
    assert seen(frame) == untyped(name)


def test_the_parts_of_the_enhanced_vector() -> None:
    read = decode(memoryview(binary(ENHANCED)), "binary")
    fields = ENTRIES[ENHANCED]["fields"]
    assert isinstance(read, Swipe)
    assert [track.length for track in read.tracks] == fields["len"]
    assert [bytes(track.digest or b"").hex() for track in read.tracks] == fields["hashes"]
    assert bytes(read.tracks[0].masked or b"").decode() == fields["masked1"]
    assert bytes(read.tracks[1].masked or b"").decode() == fields["masked2"]
    assert read.tracks[2].masked is None
    assert [len(track.encrypted or b"") for track in read.tracks] == [72, 40, 112]
    assert not read.aes
    assert not read.fixed_key
    assert not read.chip_on_card
    assert all(read.decoded(track) and read.sampled(track) for track in (1, 2, 3))


def test_the_parts_of_the_original_vector() -> None:
    read = decode(memoryview(binary(ORIGINAL)), "binary")
    fields = ENTRIES[ORIGINAL]["fields"]
    assert isinstance(read, OriginalSwipe)
    assert [bytes(track).decode() for track in read.tracks] == [
        fields["masked1"],
        fields["masked2"],
        fields["track3_clear"],
    ]
    assert [bytes(digest).hex() for digest in read.digests] == [fields["hash1"], fields["hash2"]]
    assert len(read.encrypted or b"") == 112


@pytest.mark.parametrize("name", [name for name in TEXT if "keyed" in ENTRIES[name]])
def test_the_parts_of_the_keyed_vectors(name: str) -> None:
    read = decode(memoryview(text(name)), "text")
    expected = ENTRIES[name]["keyed"]
    assert isinstance(read, Keyed)
    assert read.status == expected["status"]
    assert read.plain_length == expected["plain_len"]
    assert bytes(read.encrypted).hex() == expected["encrypted"]
    assert bytes(read.digest).hex() == expected["hash"]
    assert bytes(read.expiry or b"").decode() == expected["exp"]


def test_a_keyed_postal_code_travels_beside_the_expiry() -> None:
    name = "SYNTHETIC-keyed-3"
    read = decode(memoryview(text(name)), "text")
    assert isinstance(read, Keyed)
    assert bytes(read.expiry or b"").decode() == ENTRIES[name]["exp"]
    assert bytes(read.postal_code or b"").decode() == ENTRIES[name]["zip"]
    assert read.street_number is None


def test_the_reader_of_the_bluefin_page_tells_its_serial() -> None:
    read = decode(memoryview(text("idtech-secured-kb-text-struct")), "text")
    assert isinstance(read, Swipe)
    assert read.serial == "T134000064"


def test_the_parts_are_views_that_die_with_the_frame() -> None:
    frame = Sealed(binary(ENHANCED))
    read = decode(frame.view(), "binary")
    assert isinstance(read, Swipe)
    shown = repr(read)
    frame.wipe()
    assert not any(read.tracks[1].masked or b"x")
    assert not any(read.tracks[1].encrypted or b"x")
    assert "4266" not in shown
    assert "9999" not in shown


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "truncated"),
        ("8F", "unknown_format"),
        ("C0" + "00" * 40, "unknown_format"),
        ("803F48236B03BF", "truncated"),
        ("850100000004160000", "unknown_format"),
        ("850000000008080000", "unknown_format"),
        ("8000000000000000", "trailing"),
        ("80000000008000" + "FF" * 10, "not_ascii"),
    ],
)
def test_a_body_that_is_not_what_it_says(body: str, code: str) -> None:
    with pytest.raises(DecodingError) as caught:
        decode(memoryview(framed(bytes.fromhex(body))), "binary")
    assert caught.value.code == code


def test_optional_bytes_and_what_they_bring_after_the_ksn_are_kept() -> None:
    body = bytes.fromhex("80420000000080" + "0201AA") + bytes(range(10)) + b"MAC"
    read = decode(memoryview(framed(body)), "binary")
    built = encode(read, "binary")
    assert isinstance(read, Swipe)
    assert bytes(read.options or b"") == b"\x01\xaa"
    assert bytes(read.mac or b"") == b"MAC"
    assert seen(built) == framed(body)


def test_an_option_makes_the_digests_longer() -> None:
    body = bytes.fromhex("80420009008092" + "0101") + bytes(16) + bytes(range(32)) + b"T134000064" + bytes(10)
    read = decode(memoryview(framed(body)), "binary")
    assert isinstance(read, Swipe)
    assert bytes(read.tracks[1].digest or b"") == bytes(range(32))
    assert (read.serial, read.ksn, read.mac) == ("T134000064", "00" * 10, None)


def test_aes_fills_tracks_up_to_sixteen_bytes() -> None:
    body = bytes.fromhex("803F0009001082") + bytes(16) + bytes(range(10))
    read = decode(memoryview(framed(body)), "binary")
    assert isinstance(read, Swipe)
    assert read.aes
    assert len(read.tracks[1].encrypted or b"") == 16


def test_text_is_upper_case() -> None:
    lower = text("moneris-sample-0").replace(b"B84D", b"b84d")
    body = lower[6:-6]
    lrc = 0
    for byte in body:
        lrc ^= byte
    again = lower[:-6] + f"{lrc:02X}{sum(body) & 0xFF:02X}03".encode()
    with pytest.raises(DecodingError) as caught:
        decode(memoryview(again), "text")
    assert caught.value.code == "not_hex"
