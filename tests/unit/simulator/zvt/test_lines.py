"""The terminal's link layer, by bytes of captured frames and in virtual time."""

from __future__ import annotations

from simulator.zvt.effects import ApduIn, Delivered, SendFailed, Trickled
from simulator.zvt.lines import SerialLine, StreamLine

# Frames of other implementations: registration, diagnosis, an amount of 110.00 with a doubled DLE.
REGISTRATION = bytes.fromhex("1002060006123456BA0978100324C3")
REGISTRATION_APDU = bytes.fromhex("060006123456BA0978")
DIAGNOSIS = bytes.fromhex("10020670001003D9F9")
AMOUNT = bytes.fromhex("100206010A04000000011010004909781003F2FF")
AMOUNT_APDU = bytes.fromhex("06010A04000000011000490978")
POSITIVE = bytes.fromhex("10028000001003F51F")
ACK, NAK = b"\x06", b"\x15"


def test_frames_are_acknowledged_and_undoubled() -> None:
    line = SerialLine()
    assert line.feed(REGISTRATION, 0.0) == (ApduIn(REGISTRATION_APDU),)
    assert line.take() == (ACK,)
    assert line.feed(AMOUNT, 1.0) == (ApduIn(AMOUNT_APDU),)


def test_byte_by_byte_is_the_same() -> None:
    line = SerialLine()
    events = [event for n, byte in enumerate(AMOUNT) for event in line.feed(bytes([byte]), n * 0.01)]
    assert events == [ApduIn(AMOUNT_APDU)]


def test_what_we_send_is_framed_and_waits_for_its_ack() -> None:
    line = SerialLine()
    line.send(b"\x80\x00\x00", 0.0)
    line.send(b"\x06\x0f\x00", 0.0)
    assert line.take() == (POSITIVE,)
    assert line.feed(ACK, 0.1) == (Delivered(),)
    assert len(line.take()) == 1


def test_without_ack_a_frame_goes_three_times_and_then_it_failed() -> None:
    line = SerialLine()
    line.send(b"\x06\x0f\x00", 0.0)
    times = [0.0]
    events: tuple[object, ...] = ()
    while not events:
        due = line.next_deadline()
        assert due is not None
        times.append(due)
        events = line.wake(due)
    assert len(line.take()) == 3
    assert times == [0.0, 5.0, 10.0, 15.0]
    assert events == (SendFailed(),)
    assert line.next_deadline() is None


def test_a_nak_repeats_at_once() -> None:
    line = SerialLine()
    line.send(b"\x80\x00\x00", 0.0)
    line.feed(NAK, 0.1)
    assert line.take() == (POSITIVE, POSITIVE)


def test_a_bad_checksum_and_a_gap_are_refused() -> None:
    line = SerialLine()
    assert line.feed(DIAGNOSIS[:-1] + b"\x00", 0.0) == ()
    assert line.take() == (NAK,)
    line.feed(DIAGNOSIS[:5], 1.0)
    assert line.next_deadline() == 1.2
    line.wake(1.2)
    assert line.take() == (NAK,)
    assert len(line.feed(DIAGNOSIS, 2.0)) == 1


def test_a_repeated_frame_is_acknowledged_and_executed_once() -> None:
    line = SerialLine()
    assert len(line.feed(DIAGNOSIS, 0.0)) == 1
    assert line.feed(DIAGNOSIS, 5.0) == ()
    assert line.take() == (ACK, ACK)


def test_the_same_question_much_later_is_a_new_one() -> None:
    line = SerialLine()
    line.feed(DIAGNOSIS, 0.0)
    assert len(line.feed(DIAGNOSIS, 11.0)) == 1


def test_the_same_answer_to_our_next_message_is_a_new_one() -> None:
    line = SerialLine()
    for now in (0.0, 1.0):
        line.send(b"\x04\xff\x01\x0a", now)
        line.feed(ACK, now)
        assert line.feed(POSITIVE, now) == (ApduIn(b"\x80\x00\x00"),)


def test_an_answer_proves_that_our_command_arrived_though_its_ack_is_lost() -> None:
    line = SerialLine()
    line.send(b"\x04\xff\x01\x0a", 0.0)
    assert line.feed(POSITIVE, 0.5) == (Delivered(), ApduIn(b"\x80\x00\x00"))
    assert line.next_deadline() is None


def test_faults_of_the_line() -> None:
    line = SerialLine()
    line.trouble("nak")
    assert line.feed(DIAGNOSIS, 0.0) == ()
    assert line.take() == (NAK,)
    line.trouble("lose_ack")
    assert len(line.feed(DIAGNOSIS, 1.0)) == 1
    assert line.take() == ()
    line.trouble("bad_crc")
    line.send(b"\x80\x00\x00", 2.0, is_answer=True)
    (garbled,) = line.take()
    assert garbled != POSITIVE
    line.feed(NAK, 2.1)
    assert line.take() == (POSITIVE,)
    line.feed(ACK, 2.2)
    line.trouble("twice")
    line.send(b"\x80\x00\x00", 3.0)
    assert line.take() == (POSITIVE * 2,)


def test_a_stream_joins_and_splits() -> None:
    line = StreamLine()
    glued = REGISTRATION_APDU + AMOUNT_APDU
    assert line.feed(glued, 0.0) == (ApduIn(REGISTRATION_APDU), ApduIn(AMOUNT_APDU))
    events = [event for byte in glued for event in line.feed(bytes([byte]), 1.0)]
    assert events == [ApduIn(REGISTRATION_APDU), ApduIn(AMOUNT_APDU)]


def test_a_half_apdu_is_dropped_after_t3() -> None:
    line = StreamLine()
    line.feed(AMOUNT_APDU[:6], 0.0)
    assert line.next_deadline() == 5.0
    assert line.wake(4.9) == ()
    assert line.wake(5.0) == (Trickled(),)
    assert line.feed(AMOUNT_APDU, 6.0) == (ApduIn(AMOUNT_APDU),)


def test_split_writes_byte_by_byte() -> None:
    line = StreamLine()
    line.trouble("split")
    line.send(b"\x80\x00\x00", 0.0)
    assert line.take() == (b"\x80", b"\x00", b"\x00")
