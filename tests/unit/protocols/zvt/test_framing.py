"""Framing of ZVT: noise, doubled DLE, broken frames, cut APDUs."""

import pytest

from protocols.core.framing import Control, Frame, Garbled, Noise
from protocols.zvt.framing import SerialFramer, TcpFramer, serial_frame

ACK_APDU = bytes.fromhex("800000")
ACK_FRAME = bytes.fromhex("10028000001003F51F")
PAY = bytes.fromhex("06010A04000000011000490978")


def test_a_frame_of_the_specification() -> None:
    assert serial_frame(ACK_APDU) == ACK_FRAME


def test_acknowledgements_between_frames() -> None:
    found = SerialFramer().feed(b"\x06" + ACK_FRAME + b"\x15" + ACK_FRAME)
    assert found == (Control("ack"), Frame(ACK_APDU), Control("nak"), Frame(ACK_APDU))


def test_noise_before_a_frame_is_counted() -> None:
    assert SerialFramer().feed(b"\xff\x10\x10\x41" + ACK_FRAME) == (Noise(4), Frame(ACK_APDU))


def test_a_wrong_checksum() -> None:
    assert SerialFramer().feed(ACK_FRAME[:-1] + b"\x00" + ACK_FRAME) == (
        Garbled("bad_checksum"),
        Frame(ACK_APDU),
    )


def test_a_bad_escape_is_told_at_the_end_of_the_frame() -> None:
    framer = SerialFramer()
    # An undoubled DLE, and an ACK byte inside the broken frame that must not count as one.
    assert framer.feed(bytes.fromhex("1002 80 10 41 06 1010 15 1003")) == ()
    assert framer.midframe
    assert framer.feed(b"\xf5\x1f") == (Garbled("bad_escape"),)
    assert not framer.midframe


@pytest.mark.parametrize("broken_off", ["1002 8000", "1002 80 1041 06"])
def test_a_sender_that_begins_again(broken_off: str) -> None:
    found = SerialFramer().feed(bytes.fromhex(broken_off) + ACK_FRAME)
    assert found == (Garbled("restarted"), Frame(ACK_APDU))


def test_a_silence_inside_a_frame_ends_it() -> None:
    framer = SerialFramer()
    assert framer.gap() == ()
    framer.feed(ACK_FRAME[:5])
    assert framer.gap() == (Garbled("gap"),)
    assert framer.feed(ACK_FRAME) == (Frame(ACK_APDU),)


def test_a_frame_longer_than_its_cap() -> None:
    framer = SerialFramer(longest=8)
    assert framer.feed(serial_frame(PAY) + ACK_FRAME) == (Garbled("too_long"), Frame(ACK_APDU))


def test_apdus_glued_and_cut_on_tcp() -> None:
    framer = TcpFramer()
    assert framer.feed(ACK_APDU + PAY[:4]) == (Frame(ACK_APDU),)
    assert framer.midframe
    assert framer.feed(PAY[4:]) == (Frame(PAY),)
    assert not framer.midframe


def test_a_long_apdu_on_tcp() -> None:
    apdu = bytes.fromhex("06D3FF7206") + bytes(1650)
    framer = TcpFramer()
    assert framer.feed(apdu[:1024]) == ()
    assert framer.feed(apdu[1024:]) == (Frame(apdu),)


def test_bytes_that_cannot_begin_an_apdu_are_skipped() -> None:
    assert TcpFramer().feed(b"HTTP" + ACK_APDU) == (Noise(4), Frame(ACK_APDU))


def test_an_apdu_above_the_cap_is_skipped_as_noise() -> None:
    framer = TcpFramer(longest=16)
    assert framer.feed(b"\x06\xd3\xff\xff\xff" + ACK_APDU) == (Noise(5), Frame(ACK_APDU))


def test_the_rest_of_an_apdu_that_never_came() -> None:
    framer = TcpFramer()
    assert framer.gap() == ()
    framer.feed(PAY[:5])
    assert framer.gap() == (Garbled("gap"),)
    assert framer.feed(PAY) == (Frame(PAY),)
