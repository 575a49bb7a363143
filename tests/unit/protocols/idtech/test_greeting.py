"""The questions at a reader that answers late, in parts, wrongly or not at all."""

from __future__ import annotations

import pytest

from protocols.core.session import Link, Report, Send
from protocols.idtech.greeting import Greeting
from protocols.idtech.options import ReaderOptions
from protocols.idtech.settings import Answer, NotTaken, Setting, Value, build_answer

LINK = Link("reader", 1)


class Asked:
    """A greeting under way, at second 10."""

    def __init__(self, feature_size: int = 8) -> None:
        self.greeting = Greeting(LINK, ReaderOptions(feature_size=feature_size))
        self.size = feature_size
        self.sent = self._reports(self.greeting.start(10.0))

    def answer(self, answer: Answer | bytes, now: float = 10.0) -> None:
        """Give an answer in as many reports as it takes."""
        whole = answer if isinstance(answer, bytes) else build_answer(answer)
        for at in range(0, len(whole), self.size):
            part = whole[at : at + self.size].ljust(self.size, b"\0")
            self.sent += self._reports(self.greeting.hear(Report("feature", 0, part), now))

    def silence(self, now: float) -> None:
        """A report of zeros."""
        self.sent += self._reports(self.greeting.hear(Report("feature", 0, bytes(self.size)), now))

    def wake(self) -> float:
        """Let its deadline come."""
        at = self.greeting.next_deadline()
        assert at is not None
        self.sent += self._reports(self.greeting.wake(at))
        return at

    @staticmethod
    def _reports(effects: object) -> list[Report]:
        assert isinstance(effects, tuple)
        return [
            effect.data for effect in effects if isinstance(effect, Send) and isinstance(effect.data, Report)
        ]


def answered(level: bytes | None = b"3", output: bytes = b"1") -> Greeting:
    asked = Asked()
    asked.answer(NotTaken() if level is None else Value(Setting.SECURITY_LEVEL, level))
    asked.answer(Value(Setting.OUTPUT_FORMAT, output))
    asked.answer(Value(Setting.KSN, bytes(10)))
    assert asked.greeting.done
    return asked.greeting


def test_each_question_is_sent_and_its_answer_fetched() -> None:
    asked = Asked()
    assert [report.kind for report in asked.sent] == ["feature", "get_feature"]
    assert {len(report.data) for report in asked.sent} == {8}
    asked.answer(Value(Setting.SECURITY_LEVEL, b"3"))
    assert [report.kind for report in asked.sent] == ["feature", "get_feature"] * 2


def test_a_long_answer_is_fetched_in_parts() -> None:
    asked = Asked()
    asked.answer(Value(Setting.SECURITY_LEVEL, b"3"))
    asked.answer(NotTaken())
    fetched = len([report for report in asked.sent if report.kind == "get_feature"])
    asked.answer(Value(Setting.KSN, bytes.fromhex("62994901190000000001")))
    assert asked.greeting.done
    assert asked.greeting.answers[Setting.KSN].hex() == "62994901190000000001"
    assert len([report for report in asked.sent if report.kind == "get_feature"]) == fetched + 1


def test_small_feature_reports_carry_a_command_in_parts() -> None:
    asked = Asked(feature_size=4)
    assert [report.kind for report in asked.sent] == ["feature", "feature", "get_feature"]


def test_an_answer_that_is_not_there_yet_is_looked_for_again_until_its_time() -> None:
    asked = Asked()
    now, looked = 10.0, 0
    while asked.greeting.answers == {} and now < 11.0:
        asked.silence(now)
        now = asked.wake()
        looked += 1
    assert now == pytest.approx(11.0)
    assert looked == 20
    assert asked.sent[-2].data != asked.sent[0].data  # the next question
    asked.silence(now)
    asked.answer(Value(Setting.OUTPUT_FORMAT, b"1"), now)
    assert asked.greeting.answers == {Setting.OUTPUT_FORMAT: b"1"}


@pytest.mark.parametrize(
    "wrong", [b"\xff" * 8, build_answer(Value(Setting.KSN, b"3")), b"\x06\x02\x7e\x01\x33\x03\xff"]
)
def test_a_wrong_answer_leaves_the_matter_unknown(wrong: bytes) -> None:
    asked = Asked()
    asked.answer(wrong)
    assert asked.greeting.answers == {}
    assert len([report for report in asked.sent if report.kind == "feature"]) == 2


def test_an_answer_without_end_is_given_up() -> None:
    asked = Asked()
    asked.answer(b"\x06\x02\x7e\xff" + b"\x01" * 400)
    assert Setting.SECURITY_LEVEL not in asked.greeting.answers
    assert len([report for report in asked.sent if report.kind == "feature"]) > 1


def test_a_stalled_request_is_an_unanswered_question() -> None:
    asked = Asked()
    for _ in range(3):
        asked.greeting.hear(Report("stalled", 0, b""), 10.0)
    assert asked.greeting.done
    assert asked.greeting.unfit() is None
    assert asked.greeting.next_deadline() is None
    assert asked.greeting.hear(Report("feature", 0, b"\x06"), 10.0) == ()
    assert asked.greeting.wake(99.0) == ()


@pytest.mark.parametrize(
    ("level", "output", "code"),
    [
        (b"3", b"1", None),
        (b"\x04", b"1", None),
        (b"2", b"1", "reader_not_encrypting"),
        (b"1", b"1", "reader_not_encrypting"),
        (b"0", b"1", "reader_keys_exhausted"),
        (b"3", b"0", "reader_not_encrypting"),
        (None, b"1", None),
        (b"?", b"?", None),
    ],
)
def test_what_makes_a_reader_unfit(level: bytes | None, output: bytes, code: str | None) -> None:
    why = answered(level, output).unfit()
    assert (why.split(":")[0] if why else None) == code
