"""On a serial line a refusal may be the answer to a frame that came with our command by mistake."""

from __future__ import annotations

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Diagnose, Sale
from protocols.core.outcomes import NotStarted, Unknown
from protocols.core.session import Phase, Received
from protocols.core.values import Money
from protocols.zvt.framing import serial_frame
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

ACK, REFUSED = "06", "848300"
SALE = Sale(operation_id="op-1", amount=Money(1250))


def hear(script: Script, *apdus: str) -> None:
    """The terminal acknowledges what we sent, and says this."""
    for apdu in apdus:
        frame = serial_frame(bytes.fromhex(apdu))
        script.give(Received(script.link, bytes.fromhex(ACK) + frame))


@pytest.fixture
def sold() -> Script:
    """A sale is on the line."""
    script = Script("serial")
    script.begin(SALE)
    script.open()
    hear(script, OK, REGISTERED, OK, READY, OK, status("00", "0041", amount=999), "060F00")
    assert script.stages == ["committed"]
    return script


def test_it_counts_once_nothing_contradicts_it(sold: Script) -> None:
    hear(sold, REFUSED)
    assert sold.stages == ["committed"]
    sold.after(0.4)
    assert isinstance(sold.concluded.outcome, NotStarted)


def test_it_is_asked_about_where_one_acknowledgement_too_many_was_heard(sold: Script) -> None:
    """Another frame came with ours: the refusal may be of that one, and what was said of ours is lost."""
    answer, sale, stray = ACK, ACK, ACK
    frame = serial_frame(bytes.fromhex(REFUSED))
    sold.give(Received(sold.link, bytes.fromhex(answer + sale + stray) + frame))
    sold.after(0.4)
    outcome = sold.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.owner, outcome.ask_again_s) == ("agent", 0.0)
    assert outcome.evidence.seen == {"refused": "83"}


def test_a_refusal_before_the_question_has_left_is_of_something_else() -> None:
    script = Script("serial")
    script.begin(SALE)
    script.open()
    hear(script, OK, REGISTERED, OK, READY)  # our answer is not acknowledged: the question waits behind it
    script.give(Received(script.link, serial_frame(bytes.fromhex(REFUSED))))
    script.after(0.4)
    assert script.stages == []
    hear(script, OK, status("00", "0041", amount=999), "060F00")
    mark = script.facts[0]
    assert isinstance(mark, Mark)
    assert mark.keys["baseline"] == "known"


@pytest.mark.parametrize("contradiction", [OK, "04FF0117"])
def test_a_terminal_that_goes_on_has_taken_the_command(sold: Script, contradiction: str) -> None:
    hear(sold, REFUSED, contradiction)
    sold.after(1)
    assert "NotStarted" not in sold.stages
    assert sold.phase() is Phase.COMMITTED


@pytest.mark.parametrize(("amount", "word"), [(1251, "Orphan"), (1250, "result_seen"), (900, "result_seen")])
def test_a_result_of_more_than_was_asked_is_nobodys(sold: Script, amount: int, word: str) -> None:
    hear(sold, OK, status("00", "0042", amount=amount))
    assert sold.stages[-1] == word


def test_a_payment_told_while_the_terminal_tests_itself_is_nobodys() -> None:
    script = Script("serial")
    script.begin(Diagnose(operation_id="op-2"))
    script.open()
    hear(script, OK, REGISTERED, OK, status("00", "0042"))
    assert "Orphan" in script.stages


def test_without_a_baseline_for_being_busy_nothing_is_committed() -> None:
    script = Script("serial")
    script.begin(SALE)
    script.open()
    hear(script, OK, REGISTERED, OK, READY, "849C00", "04FF010A")
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "terminal_busy"
    assert script.stages == ["NotStarted"]


def test_the_end_of_a_strangers_dialogue_does_not_confirm_our_result(sold: Script) -> None:
    hear(sold, OK, status("00", "0042"), status("00", "0043", amount=9900), "060F00")
    outcome = sold.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "agent"
