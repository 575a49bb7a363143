"""The manual's own report, both ways, opened with the key of its reader; and reports that are refused."""

from __future__ import annotations

import pytest

from protocols.core.errors import DecodingError
from protocols.magtek.codec import decode, encode
from simulator import dukpt
from tests.support.vectors import load

(ENTRY,) = load("magtek")
REPORT = bytes.fromhex(ENTRY["report_hex"])


def test_the_report_reads_and_writes() -> None:
    swipe = decode(memoryview(REPORT))
    built = encode(swipe)
    assert bytes(built.view()) == REPORT
    assert swipe.ksn == ENTRY["ksn"]
    assert swipe.encrypting
    assert [bytes(track.masked).decode() for track in swipe.tracks] == ENTRY["masked"]
    assert not any(track.failed for track in swipe.tracks)


def test_every_encrypted_part_opens_with_the_pin_variant() -> None:
    swipe = decode(memoryview(REPORT))
    base = bytes.fromhex(ENTRY["bdk"])
    key = dukpt.variant_of(dukpt.transaction_key(base, bytes.fromhex(swipe.ksn)), "pin")
    plain = [dukpt.decrypt(key, bytes(track.encrypted))[: track.length].decode() for track in swipe.tracks]
    assert plain == [ENTRY["plain_t1"], ENTRY["plain_t2"], ENTRY["plain_t3"]]
    magneprint = dukpt.decrypt(key, bytes(swipe.magneprint))[: swipe.magneprint_length]
    assert magneprint.hex() == ENTRY["magneprint"]
    assert dukpt.decrypt(key, bytes(swipe.session_id)).hex() == ENTRY["session_id"]


def test_nothing_of_the_card_shows() -> None:
    assert "5452" not in repr(decode(memoryview(REPORT)))


def test_what_newer_firmware_appends_is_passed_over() -> None:
    assert decode(memoryview(REPORT + b"\x02" + bytes(40))).ksn == ENTRY["ksn"]


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [(3, 0x3C, "not_encrypted"), (4, 0x78, "bad_length"), (505, 113, "bad_length"), (348, 129, "bad_length")],
)
def test_lengths_that_cannot_be(place: int, value: int, code: str) -> None:
    report = REPORT[:place] + bytes([value]) + REPORT[place + 1 :]
    with pytest.raises(DecodingError) as caught:
        decode(memoryview(report))
    assert caught.value.code == code


def test_a_report_that_is_cut() -> None:
    with pytest.raises(DecodingError) as caught:
        decode(memoryview(REPORT[:-1]))
    assert caught.value.code == "truncated"


def _status(status: int) -> bytes:
    return REPORT[:493] + status.to_bytes(2, "big") + REPORT[495:]


@pytest.mark.parametrize(
    ("status", "encrypting"), [(6, True), (14, True), (4, False), (7, False), (0x0106, False)]
)
def test_whether_it_encrypts(status: int, encrypting: bool) -> None:
    assert decode(memoryview(_status(status))).encrypting is encrypting


@pytest.mark.parametrize("status", [0, 2, 0x0103])
def test_a_reader_that_does_not_encrypt_is_refused_whatever_its_lengths(status: int) -> None:
    with pytest.raises(DecodingError) as caught:
        decode(memoryview(_status(status)))
    assert caught.value.code == "not_encrypted"


def test_a_reader_without_key_may_report_that_nothing_was_read() -> None:
    report = bytearray(_status(2))
    report[3:6] = report[505:508] = bytes(3)
    assert not decode(memoryview(report)).encrypting


def test_whatever_the_serial_holds_it_is_written_again() -> None:
    report = REPORT[:477] + b"\xffA" + REPORT[479:]
    built = encode(decode(memoryview(report)))
    assert bytes(built.view()) == report
