"""Encrypted samples are opened; what is not encrypted under the key is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from protocols.idtech.codec import decode, encode
from simulator import dukpt
from simulator.cards import CARDS
from simulator.reader import sealing
from simulator.reader.device import VirtualReader
from simulator.reader.opening import NotOpenable, clear_tracks, open_frame
from simulator.reader.tracks import lrc_character
from tests.support.idtech_frames import ENHANCED, ENTRIES, ORIGINAL, altered, binary, text

CIPHERS = [pytest.param(entry, id=name) for name, entry in ENTRIES.items() if "cipher" in entry]


@pytest.mark.parametrize("entry", CIPHERS)
def test_single_tracks_of_other_readers_decrypt(entry: dict[str, Any]) -> None:
    key = dukpt.data_key(bytes.fromhex(entry["bdk"]), bytes.fromhex(entry["ksn"]))
    plain = dukpt.decrypt(key, bytes.fromhex(entry["cipher"])).decode("latin-1")
    expected = entry.get("plain") or entry["plain_prefix"]
    assert plain.startswith(expected)


def test_every_track_of_the_enhanced_vector() -> None:
    read = decode(memoryview(binary(ENHANCED)), "binary")
    assert list(clear_tracks(read)) == ENTRIES[ENHANCED]["plain"]


def test_both_tracks_of_the_original_vector() -> None:
    entry = ENTRIES[ORIGINAL]
    read = decode(memoryview(binary(ORIGINAL)), "binary")
    assert clear_tracks(read) == (entry["plain_t1"], entry["plain_t2"])


@pytest.mark.parametrize("name", [ENHANCED, ORIGINAL])
def test_a_swipe_opens(name: str) -> None:
    card = open_frame(memoryview(binary(name)))
    assert (card.pan, card.expiry_yymm, card.cvv) == ("4266841088889999", "0809", None)
    assert (card.entry_mode, card.ksn) == ("swipe", ENTRIES[name]["ksn"])


@pytest.mark.parametrize("name", ["SYNTHETIC-keyed-1", "SYNTHETIC-keyed-3"])
def test_what_was_keyed_opens(name: str) -> None:
    number, expiry, cvv = ENTRIES[name]["plain"].split("=")
    card = open_frame(memoryview(text(name)))
    assert (card.pan, card.expiry_yymm, card.cvv) == (number, expiry, cvv or None)
    assert card.entry_mode == "keyed"


def test_an_opened_card_does_not_show_itself() -> None:
    shown = repr(open_frame(memoryview(text("SYNTHETIC-keyed-1"))))
    assert "4242" not in shown
    assert "123" not in shown
    assert "2912" not in shown


@pytest.mark.parametrize("name", ["moneris-sample-0", "moneris-sample-2", "idtech-secured-kb-text-struct"])
def test_a_frame_under_another_key_does_not_open(name: str) -> None:
    with pytest.raises(NotOpenable):
        open_frame(memoryview(text(name)))


@pytest.mark.parametrize(
    "frame", [b"", b"\x02", b"02", binary(ENHANCED)[:-1], altered(binary(ENHANCED), {0: 0x90})]
)
def test_what_is_no_frame_does_not_open(frame: bytes) -> None:
    with pytest.raises(NotOpenable):
        open_frame(memoryview(frame))


SECOND = ";4242424242424242=3012201123400000?"
KSN = bytes.fromhex("FFFF9876543210E00001")


def _opened(track2: str, **changed: object) -> tuple[str, str]:
    read = sealing.enhanced(("", track2, ""), KSN, dukpt.PUBLIC_BASE_KEY)
    frame = encode(replace(read, **changed), "text")  # type: ignore[arg-type]  # fields of a Swipe
    card = open_frame(frame.view())
    return card.pan, card.expiry_yymm


@pytest.mark.parametrize("character", ["", lrc_character(SECOND, 0x30)])
def test_a_reader_may_leave_out_the_lrc_character(character: str) -> None:
    assert _opened(SECOND + character) == ("4242424242424242", "3012")


@pytest.mark.parametrize("track2", [SECOND + "9", SECOND[:-1], SECOND.replace("1234", "12\x7f4")])
def test_a_track_that_is_none_does_not_open(track2: str) -> None:
    with pytest.raises(NotOpenable):
        _opened(track2)


def test_tracks_may_be_encrypted_with_aes() -> None:
    empty, second, third = sealing.enhanced(("", SECOND, ""), KSN, dukpt.PUBLIC_BASE_KEY).tracks
    key = dukpt.data_key(dukpt.PUBLIC_BASE_KEY, KSN)
    sealed = memoryview(dukpt.encrypt(key, SECOND.encode(), aes=True))
    tracks = (empty, replace(second, encrypted=sealed), third)
    assert _opened(SECOND, tracks=tracks, clear_flags=0x12) == ("4242424242424242", "3012")
    wrong = replace(second, encrypted=memoryview(bytes(48)))
    with pytest.raises(NotOpenable, match="digest"):
        _opened(SECOND, tracks=(empty, wrong, third), clear_flags=0x12)


def test_digests_may_be_sha_256() -> None:
    empty, second, third = sealing.enhanced(("", SECOND, ""), KSN, dukpt.PUBLIC_BASE_KEY).tracks
    digest = memoryview(hashlib.sha256(SECOND.encode()).digest())
    longer = {"options": memoryview(b"\x01"), "status": 0x57}
    tracks = (empty, replace(second, digest=digest), third)
    assert _opened(SECOND, tracks=tracks, **longer) == ("4242424242424242", "3012")
    with pytest.raises(NotOpenable, match="digest"):
        _opened(SECOND, tracks=(empty, replace(second, digest=memoryview(bytes(31) + b"x")), third), **longer)


@pytest.mark.parametrize("place", [67, 150, 180])
def test_one_changed_byte_of_a_track_is_noticed(place: int) -> None:
    frame = binary(ENHANCED)
    body_place = 7 + 72 + 35 + place
    with pytest.raises(NotOpenable):
        open_frame(memoryview(altered(frame, {body_place: frame[3 + body_place] ^ 0x01})))


@pytest.mark.parametrize(
    "card", [card for card in CARDS.values() if "swipe" in card.ways], ids=lambda card: card.name
)
def test_whatever_card_is_swiped_opens_as_that_card(card: Any) -> None:
    reader = VirtualReader()
    reader.swipe(card)
    report = reader.take_input() or b""
    opened = open_frame(memoryview(report)[9 : 9 + int.from_bytes(report[7:9], "little")])
    assert (opened.pan, opened.expiry_yymm, opened.serial) == (card.number, card.expiry_yymm, "T134000064")
    assert card.number.encode() not in report
