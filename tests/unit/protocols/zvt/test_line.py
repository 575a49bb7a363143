"""The line: openings that are never used again, and T3 and T4 around the link's own timers."""

from __future__ import annotations

from typing import Literal

import pytest

from protocols.core.session import Close, Link, Open, Send
from protocols.zvt.framing import ACK, serial_frame
from protocols.zvt.line import Line
from protocols.zvt.link import Arrived, Failed
from protocols.zvt.messages import LogOff, Positive, ReadCard
from protocols.zvt.options import ZvtOptions

COMMAND, ANSWER = LogOff(), Positive()
NOW = 100.0


def opened(transport: Literal["serial", "tcp"]) -> Line:
    line = Line(ZvtOptions(transport=transport))
    line.dial()
    line.opened()
    return line


def due(line: Line) -> float | None:
    return min((at for at in line.deadlines() if at is not None), default=None)


def test_each_opening_is_another_link() -> None:
    line = Line(ZvtOptions(transport="tcp"))
    assert line.dial() == (Open(Link("terminal", 1)),)
    assert line.hang_up() == (Close(Link("terminal", 1)),)
    assert line.hang_up() == ()
    assert line.dial() == (Open(Link("terminal", 2)),)
    assert not line.open


def test_over_tcp_t3_runs_from_the_command() -> None:
    line = opened("tcp")
    assert [type(effect) for effect in line.ask(COMMAND, NOW)] == [Send]
    assert line.answer_by == NOW + 5.0


@pytest.mark.parametrize(("timeout_s", "by"), [(None, 5.0), (30, 35.0)])
def test_a_command_with_a_time_of_its_own_may_be_answered_when_that_is_over(
    timeout_s: int | None, by: float
) -> None:
    line = opened("tcp")
    line.ask(ReadCard(timeout_s=timeout_s), NOW)
    assert line.answer_by == NOW + by
    line.ask(COMMAND, NOW + 1.0)
    assert line.answer_by == NOW + 6.0


def test_on_a_serial_line_the_frame_is_repeated_by_t2_before_t3_runs() -> None:
    line = opened("serial")
    line.ask(COMMAND, NOW)
    assert line.answer_by is None
    for again in (NOW + 5.0, NOW + 10.0):
        assert due(line) == again
        effects, news = line.wake(again)
        assert ([type(effect) for effect in effects], news) == ([Send], ())
    effects, news = line.wake(NOW + 15.0)
    assert (effects, news) == ((), (Failed("not_acknowledged"),))


def test_on_a_serial_line_t3_runs_from_the_acknowledgement_and_allows_for_one_repeat_of_the_answer() -> None:
    line = opened("serial")
    line.ask(COMMAND, NOW)
    line.feed(ACK, NOW + 0.3)
    assert line.answer_by == pytest.approx(NOW + 0.3 + 5.0 + 5.0 + 0.2)


def test_an_acknowledged_answer_starts_no_t3() -> None:
    line = opened("serial")
    line.say(ANSWER, NOW)
    line.feed(ACK, NOW)
    assert (line.answer_by, due(line)) == (None, None)


def test_a_command_behind_an_answer_waits_for_its_own_acknowledgement() -> None:
    line = opened("serial")
    line.say(ANSWER, NOW)
    line.ask(COMMAND, NOW)
    line.feed(ACK, NOW + 1.0)
    assert line.answer_by is None
    line.feed(ACK, NOW + 2.0)
    assert line.answer_by == pytest.approx(NOW + 2.0 + 10.2)


def test_a_terminal_that_leads_before_the_acknowledgement_needs_no_t3() -> None:
    line = opened("serial")
    line.ask(COMMAND, NOW)
    line.led(NOW + 1.0)
    line.feed(ACK, NOW + 2.0)
    assert line.answer_by is None
    assert line.message_by == NOW + 1.0 + 180.0


def test_t4_is_set_by_the_terminals_minutes_for_this_dialogue_only() -> None:
    line = opened("tcp")
    line.ask(COMMAND, NOW)
    line.led(NOW, minutes=5)
    assert line.message_by == NOW + 300.0
    line.led(NOW + 10.0)
    assert line.message_by == NOW + 310.0
    line.rest()
    line.ask(COMMAND, NOW)
    line.led(NOW)
    assert line.message_by == NOW + 180.0


def test_what_must_come_soon_must_come_within_t3() -> None:
    line = opened("tcp")
    line.led(NOW)
    line.soon(NOW)
    assert line.message_by == NOW + 5.0


def test_silence_is_noticed_long_before_t4() -> None:
    line = opened("tcp")
    line.led(NOW)
    assert due(line) == line.silent_at == NOW + 40.0


def test_nothing_of_an_old_opening_is_left_in_the_next() -> None:
    line = opened("serial")
    line.ask(COMMAND, NOW)
    line.feed(serial_frame(bytes.fromhex("800000"))[:4], NOW)
    line.hang_up()
    assert due(line) is None
    assert line.wake(NOW + 60.0) == ((), ())
    line.dial()
    line.opened()
    assert due(line) is None
    _, news = line.feed(serial_frame(bytes.fromhex("800000")), NOW)
    assert news == (Arrived(bytes.fromhex("800000")),)
    line.ask(COMMAND, NOW)
    line.feed(ACK, NOW)
    assert line.answer_by == pytest.approx(NOW + 10.2)


def test_a_line_that_is_hung_up_says_nothing() -> None:
    line = opened("tcp")
    line.hang_up()
    assert line.say(ANSWER, NOW) == ()
