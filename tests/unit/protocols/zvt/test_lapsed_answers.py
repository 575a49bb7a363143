"""Answers that a terminal on a serial line may have missed: none is repeated to acknowledge what is new."""

from __future__ import annotations

from protocols.core.operations import Sale
from protocols.core.outcomes import Unknown
from protocols.core.session import Greet
from protocols.core.values import Money
from protocols.zvt.framing import serial_frame
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

SALE = Sale(operation_id="op-1", amount=Money(1250))
ACK = "06"
ANSWERED = serial_frame(bytes.fromhex(OK)).hex().upper()


def tell(script: Script, *apdus: str) -> None:
    """The terminal tells these, and acknowledges what we say."""
    for apdu in apdus:
        script.sent.clear()
        script.hear(serial_frame(bytes.fromhex(apdu)).hex())
        acknowledge(script)


def acknowledge(script: Script) -> None:
    """One byte for each frame of ours, and for those that they let go out."""
    for sent in script.sent:
        if sent != ACK:
            script.sent = []
            script.hear(ACK)
            acknowledge(script)


def at_the_card() -> Script:
    """A sale whose terminal waits for a card."""
    script = Script("serial")
    script.give(Greet())
    script.open()
    acknowledge(script)
    tell(script, OK, REGISTERED)
    script.begin(SALE)
    acknowledge(script)
    tell(script, OK, READY, OK, status("00", "0041", amount=999), "060F00", OK, "04FF010A")
    script.sent.clear()
    return script


def miss(script: Script, apdu: str) -> None:
    """The terminal tells this, and nothing of our answer arrives."""
    script.hear(serial_frame(bytes.fromhex(apdu)).hex())
    assert script.sent == [ACK, ANSWERED]
    script.sent.clear()


def test_an_answer_that_was_missed_is_not_there_for_the_result() -> None:
    script = at_the_card()
    miss(script, "04FF0117")
    script.after(6.0)
    script.book = False
    script.hear(serial_frame(bytes.fromhex(status("00", "0042"))).hex())
    assert (script.sent, script.stages[-1]) == ([ACK], "result_seen")


def test_a_patient_may_take_their_time_all_the_same() -> None:
    script = at_the_card()
    miss(script, "04FF0117")
    script.after(120.0)
    tell(script, status("00", "0042"), "060F00")
    assert script.stages[-1] == "Approved"


def test_a_result_after_whose_answer_nothing_comes_is_asked_about() -> None:
    script = at_the_card()
    miss(script, status("00", "0042"))
    script.after(5.0)
    assert script.stages[-1] == "result_seen"
    script.after(5.0)
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.ask_again_s) == ("link_lost", 2.0)


def test_a_result_that_the_terminal_repeats_is_answered_again() -> None:
    script = at_the_card()
    result = serial_frame(bytes.fromhex(status("00", "0042"))).hex()
    miss(script, status("00", "0042"))
    script.after(5.0)
    script.hear(result)
    assert script.sent == [ACK, ANSWERED]
    assert script.stages.count("result_seen") == 1
    acknowledge(script)
    tell(script, "060F00")
    assert script.stages[-1] == "Approved"
