"""Checksums against their published check values."""

from protocols.core.checksums import crc16_kermit, lrc


def test_the_check_value_of_crc16_kermit() -> None:
    assert crc16_kermit(b"123456789") == 0x2189


def test_a_crc_can_be_taken_in_pieces() -> None:
    assert crc16_kermit(b"6789", crc16_kermit(b"12345")) == 0x2189


def test_the_lrc_of_a_pax_request() -> None:
    assert lrc(b"A14\x1c1.35\x1c\x03") == 0x5E


def test_the_lrc_of_nothing() -> None:
    assert lrc(b"") == 0
