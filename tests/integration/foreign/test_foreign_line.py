"""A stranger's register on a serial line of our simulator: frames, acknowledgements, noise."""

from __future__ import annotations

import time

import pytest

from tests.support.foreign_ecr import (
    Dialogue,
    ForeignEcr,
    serial_register,
)
from tests.support.foreign_simulator import Simulated
from tests.support.foreign_wire import (
    ACK,
    NAK,
    OK,
    SerialWire,
    SilenceError,
    amount,
    apdu,
    framed,
)

REGISTERED = "0124"


def _wire(ecr: ForeignEcr) -> SerialWire:
    assert isinstance(ecr.wire, SerialWire)
    return ecr.wire


def test_bytes_of_a_frame_come_one_by_one_between_noise(line: ForeignEcr) -> None:
    line.register("be", REGISTERED)
    line.wire.write(b"\x00\xff\x10\x10\x03noise\x06\x15")
    for one in framed(apdu("0601", amount(1010))):
        line.wire.write(bytes([one]))
        time.sleep(0.002)
    assert _wire(line).acknowledged()
    assert line.follow("0601").code == 0


@pytest.mark.parametrize("broken", ["crc", "half"])
def test_a_broken_frame_gets_a_nak_and_its_repeat_is_taken(line: ForeignEcr, broken: str) -> None:
    good, wire = framed(apdu("0501")), _wire(line)
    wire.write(good[:5] if broken == "half" else good[:-1] + bytes([good[-1] ^ 1]))
    assert not wire.acknowledged()
    wire.write(good)
    assert wire.acknowledged()
    assert line.follow("0501").end.command == "060f"


@pytest.mark.parametrize("after_ack", [True, False])
def test_a_frame_that_comes_twice_is_done_once(line: ForeignEcr, on_line: Simulated, after_ack: bool) -> None:
    line.register("be", REGISTERED)
    before, wire = on_line.charges, _wire(line)
    frame = framed(apdu("0601", amount(602)))
    wire.write(frame)
    if after_ack:
        assert wire.acknowledged()
    wire.write(frame)
    assert all(wire.acknowledged() for _ in range(1 if after_ack else 2))
    paid = line.follow("0601")
    assert (paid.code, paid.commands.count("040f"), on_line.charges - before) == (0, 1, 1)


@pytest.mark.parametrize(("said", "times"), [(NAK, 1), (NAK, 2), (b"", 1)])
def test_an_unacknowledged_frame_is_sent_again(line: ForeignEcr, said: bytes, times: int) -> None:
    line.register("be", REGISTERED)
    left, wire = [said] * times, _wire(line)
    wire.before_ack = lambda: left.pop(0) if left else ACK
    wire.write(framed(apdu("0601", amount(1250))))
    assert wire.acknowledged()
    dialogue = Dialogue(wire.next())
    assert [wire.next().raw for _ in range(times)] == [OK] * times == [dialogue.answer.raw] * times
    while not dialogue.heard or dialogue.end.command != "060f":
        dialogue.heard.append(line.hear())
    assert dialogue.code == 0


def test_a_storm_of_naks_does_not_hang_the_terminal(line: ForeignEcr) -> None:
    wire = _wire(line)
    wire.before_ack = lambda: NAK
    wire.write(framed(apdu("0501")))
    assert wire.acknowledged()
    with pytest.raises(SilenceError):
        list(iter(lambda: wire.next(1.5), None))
    wire.before_ack = lambda: ACK
    assert line.run("0501").end.command == "060f"


def test_an_answer_whose_ack_was_lost_comes_twice(line: ForeignEcr) -> None:
    wire = _wire(line)
    wire.send(apdu("0501"))
    assert wire.next().raw == OK
    assert wire.next().command == "060f"
    for _ in range(2):
        wire.write(framed(OK))
        assert wire.acknowledged()
    assert line.run("0501").end.command == "060f"


def test_the_line_may_be_closed_and_opened_between_commands(on_line: Simulated) -> None:
    for _ in range(3):
        with serial_register(on_line.address) as register:
            assert register.run("0501").end.command == "060f"
