"""What the virtual reader makes, against frames that real readers made under the public key."""

from __future__ import annotations

import pytest

from protocols.idtech.codec import decode, encode
from protocols.idtech.messages import Swipe
from simulator import dukpt
from simulator.reader import sealing
from simulator.reader.tracks import lrc_character, masked1, masked2
from tests.support.idtech_frames import ENHANCED, ENTRIES, ORIGINAL, binary, seen, text


def test_it_makes_the_enhanced_frame_of_the_vendor_byte_for_byte() -> None:
    entry = ENTRIES[ENHANCED]
    read = sealing.enhanced(entry["plain"], bytes.fromhex(entry["ksn"]), dukpt.PUBLIC_BASE_KEY)
    made = encode(read, "binary")
    assert seen(made) == binary(ENHANCED)


def test_it_makes_the_original_frame_of_the_vendor_byte_for_byte() -> None:
    entry = ENTRIES[ORIGINAL]
    tracks = (entry["plain_t1"], entry["plain_t2"], entry["fields"]["track3_clear"])
    read = sealing.original(tracks, bytes.fromhex(entry["ksn"]), dukpt.PUBLIC_BASE_KEY)
    made = encode(read, "binary")
    assert seen(made) == binary(ORIGINAL)


@pytest.mark.parametrize("name", ["SYNTHETIC-keyed-1", "SYNTHETIC-keyed-3"])
def test_it_makes_the_keyed_frames(name: str) -> None:
    entry = ENTRIES[name]
    number, expiry, cvv = entry["plain"].split("=")
    read = sealing.keyed(
        number,
        expiry,
        cvv,
        bytes.fromhex(entry["ksn"]),
        dukpt.PUBLIC_BASE_KEY,
        postal_code=entry["zip"] or None,
    )
    made = encode(read, "text")
    assert seen(made) == text(name)


@pytest.mark.parametrize(("track", "first"), [("plain_t1", 0x20), ("plain_t2", 0x30)])
def test_the_lrc_character_of_the_vendors_tracks(track: str, first: int) -> None:
    plain = ENTRIES[ORIGINAL][track]
    assert lrc_character(plain[:-1], first) == plain[-1]


def test_the_masks_are_the_vendors() -> None:
    entry = ENTRIES[ORIGINAL]
    assert masked1(entry["plain_t1"]) == entry["fields"]["masked1"]
    assert masked2(entry["plain_t2"]) == entry["fields"]["masked2"]


def test_a_clear_swipe_has_no_ciphertext_and_no_key() -> None:
    read = sealing.in_clear(("%B1^A^2912?", ";1=2912?", ""))
    made = encode(read, "binary")
    again = decode(made.view(), "binary")
    assert not isinstance(again, Swipe)
    assert again.ksn is None
    assert again.encrypted is None
