"""The link layer: delivered once or told; every lost, broken or repeated byte has its answer."""

from protocols.zvt.framing import ACK, NAK, serial_frame
from protocols.zvt.link import Arrived, Delivered, Failed, Heard, Lapsed, SerialLink, TcpLink, Write

PAY = bytes.fromhex("06010A04000000011000490978")
ABORT = bytes.fromhex("06B000")
YES = bytes.fromhex("800000")
WAIT = bytes.fromhex("04FF0117")
RESULT = bytes.fromhex("040F022700")
T1, T2 = 0.2, 5.0


def test_a_command_and_its_answer() -> None:
    link = SerialLink()
    assert link.send(PAY, 0.0) == (Write(serial_frame(PAY)),)
    assert link.next_deadline() == T2
    assert link.feed(ACK, 0.1) == (Delivered(PAY),)
    assert link.next_deadline() is None
    assert link.feed(serial_frame(YES), 0.2) == (Write(ACK), Arrived(YES))


def test_a_command_is_held_until_what_went_before_it_is_acknowledged() -> None:
    link = SerialLink()
    link.send(YES, 0.0)
    assert link.send(PAY, 0.1) == ()
    assert (link.holds(YES), link.holds(PAY)) == (False, True)
    assert link.feed(ACK, 0.2) == (Delivered(YES), Write(serial_frame(PAY)))
    assert not link.holds(PAY)
    assert not TcpLink().holds(PAY)


def test_a_refused_frame_is_sent_three_times_in_all() -> None:
    link = SerialLink()
    again = (Write(serial_frame(PAY)),)
    assert link.send(PAY, 0.0) == again
    assert link.feed(NAK, 0.1) == again
    assert link.feed(NAK, 0.2) == again
    assert link.feed(NAK, 0.3) == (Failed("refused"),)
    assert link.next_deadline() is None


def test_silence_repeats_the_frame_and_then_fails() -> None:
    link = SerialLink()
    again = (Write(serial_frame(PAY)),)
    link.send(PAY, 0.0)
    assert link.wake(4.9) == ()
    assert link.wake(5.0) == again
    assert link.wake(10.0) == again
    assert link.wake(15.0) == (Failed("not_acknowledged"),)
    assert link.wake(20.0) == ()


def test_what_was_queued_is_dropped_with_the_failure() -> None:
    link = SerialLink(sends=1)
    link.send(PAY, 0.0)
    link.send(YES, 0.0)
    assert link.feed(NAK, 0.1) == (Failed("refused"),)
    assert link.feed(ACK, 0.2) == (Heard("stray_ack"),)


def test_frames_wait_for_the_one_before_them() -> None:
    link = SerialLink()
    link.send(PAY, 0.0)
    assert link.send(YES, 0.1) == ()
    assert link.feed(ACK, 0.2) == (Delivered(PAY), Write(serial_frame(YES)))
    assert link.next_deadline() == 0.2 + T2
    assert link.feed(ACK, 0.3) == (Delivered(YES),)


def test_a_frame_that_comes_while_ours_is_not_acknowledged() -> None:
    link = SerialLink()
    link.send(PAY, 0.0)
    assert link.feed(serial_frame(WAIT), 0.1) == (Write(ACK), Arrived(WAIT))
    assert link.feed(ACK, 0.2) == (Delivered(PAY),)


def test_an_answer_stands_for_a_lost_acknowledgement() -> None:
    link = SerialLink()
    link.send(PAY, 0.0)
    assert link.feed(serial_frame(YES), 0.1) == (Write(ACK), Delivered(PAY), Arrived(YES))
    assert link.wake(6.0) == ()


def test_an_answer_does_not_stand_for_the_acknowledgement_of_an_answer() -> None:
    link = SerialLink()
    link.send(YES, 0.0)
    assert link.feed(serial_frame(YES), 0.1) == (Write(ACK), Arrived(YES))
    assert link.next_deadline() == T2


def test_a_repeated_frame_arrives_once() -> None:
    link = SerialLink()
    assert link.feed(serial_frame(RESULT), 0.0) == (Write(ACK), Arrived(RESULT))
    assert link.feed(serial_frame(RESULT), 5.0) == (Write(ACK), Heard("repeated"))
    link.send(YES, 5.1)
    # Our answer is under way, but nothing tells yet that the peer has it.
    assert link.feed(serial_frame(RESULT), 5.2) == (Write(ACK), Heard("repeated"))


def test_the_acknowledgement_of_an_older_frame_does_not_hide_a_repeat() -> None:
    link = SerialLink()
    link.send(ABORT, 0.0)  # an abort crosses the result
    link.feed(serial_frame(RESULT), 0.1)
    assert link.feed(ACK, 0.2) == (Delivered(ABORT),)
    assert link.feed(serial_frame(RESULT), 5.1) == (Write(ACK), Heard("repeated"))


def test_the_same_bytes_after_an_answer_are_another_message() -> None:
    link = SerialLink()
    link.feed(serial_frame(WAIT), 0.0)
    link.send(YES, 0.0)
    link.feed(ACK, 0.1)
    assert link.feed(serial_frame(WAIT), 3.0) == (Write(ACK), Arrived(WAIT))


def test_an_answer_is_not_repeated_once_its_time_is_over() -> None:
    link = SerialLink()
    link.feed(serial_frame(WAIT), 0.0)
    link.send(YES, 0.0)
    assert link.wake(T2) == (Lapsed(),)
    assert link.next_deadline() is None
    # What the peer says next is not answered by what is left of it.
    assert link.feed(serial_frame(RESULT), 6.0) == (Write(ACK), Arrived(RESULT))


def test_a_refused_answer_is_repeated_within_its_time() -> None:
    link = SerialLink()
    link.send(YES, 0.0)
    assert link.feed(NAK, 0.1) == (Write(serial_frame(YES)),)
    assert link.feed(NAK, 5.0) == (Lapsed(),)


def test_an_answer_behind_a_lost_command_is_not_sent_late() -> None:
    link = SerialLink()
    link.send(ABORT, 0.0)
    link.feed(serial_frame(WAIT), 1.0)
    assert link.send(YES, 1.0) == ()
    assert link.wake(5.0) == (Write(serial_frame(ABORT)),)
    assert link.feed(ACK, 6.0) == (Delivered(ABORT), Lapsed())


def test_a_repeated_frame_is_answered_anew() -> None:
    link = SerialLink()
    link.feed(serial_frame(RESULT), 0.0)
    link.send(YES, 0.0)
    assert link.wake(T2) == (Lapsed(),)
    heard = link.feed(serial_frame(RESULT), T2)  # it had missed our acknowledgement
    assert heard == (Write(ACK), Heard("repeated"), Write(serial_frame(YES)))
    assert link.feed(ACK, 5.1) == (Delivered(YES),)


def test_a_repeated_frame_gives_the_answer_its_time_anew() -> None:
    link = SerialLink()
    link.feed(serial_frame(RESULT), 0.0)
    link.send(YES, 0.0)
    assert link.feed(serial_frame(RESULT), 4.9) == (Write(ACK), Heard("repeated"))
    assert link.wake(T2) == (Write(serial_frame(YES)),)
    assert link.wake(2 * T2) == (Lapsed(),)


def test_a_broken_frame_is_refused() -> None:
    link = SerialLink()
    broken = serial_frame(WAIT)[:-1] + b"\x00"
    assert link.feed(broken, 0.0) == (Write(NAK), Heard("bad_checksum"))
    assert link.feed(serial_frame(WAIT), 0.1) == (Write(ACK), Arrived(WAIT))


def test_a_silence_inside_a_frame_is_refused() -> None:
    link = SerialLink()
    assert link.feed(serial_frame(WAIT)[:4], 0.0) == ()
    assert link.next_deadline() == T1
    assert link.feed(serial_frame(WAIT)[4:6], 0.1) == ()
    assert link.wake(0.25) == ()
    assert link.wake(0.1 + T1) == (Write(NAK), Heard("gap"))
    assert link.next_deadline() is None


def test_a_frame_that_is_begun_again_is_not_refused() -> None:
    link = SerialLink()
    outputs = link.feed(serial_frame(WAIT)[:4] + serial_frame(WAIT), 0.0)
    assert outputs == (Heard("restarted"), Write(ACK), Arrived(WAIT))


def test_noise_and_stray_bytes_are_told() -> None:
    link = SerialLink()
    assert link.feed(b"??" + NAK, 0.0) == (Heard("noise", 2), Heard("stray_nak"))


def test_tcp_delivers_at_once_and_tells_what_arrives() -> None:
    link = TcpLink()
    assert link.send(PAY, 0.0) == (Write(PAY), Delivered(PAY))
    assert link.feed(YES + WAIT, 0.1) == (Arrived(YES), Arrived(WAIT))
    assert link.next_deadline() is None


def test_an_apdu_that_trickles_on_tcp_fails_in_time() -> None:
    link = TcpLink()
    link.feed(RESULT[:2], 0.0)
    link.feed(RESULT[2:4], 4.0)
    assert link.next_deadline() == 5.0
    assert link.wake(4.9) == ()
    assert link.wake(5.0) == (Failed("truncated"),)
    assert link.next_deadline() is None


def test_each_apdu_on_tcp_has_its_own_time() -> None:
    link = TcpLink()
    link.feed(RESULT[:2], 0.0)
    link.feed(RESULT[2:] + WAIT[:1], 4.0)
    assert link.next_deadline() == 9.0
    assert link.feed(WAIT[1:], 4.1) == (Arrived(WAIT),)


def test_noise_on_tcp_is_told() -> None:
    assert TcpLink().feed(b"GET " + YES, 0.0) == (Heard("noise", 4), Arrived(YES))
