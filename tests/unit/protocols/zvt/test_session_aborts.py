"""Asking a session to stop, at each moment of its dialogue."""

from __future__ import annotations

from protocols.core.operations import Sale, StoreCard
from protocols.core.outcomes import Approved, Cancelled, Unknown
from protocols.core.values import Money
from tests.support.zvt_script import OK, Script, status

SALE = Sale(operation_id="op-1", amount=Money(1250))
ACK = "800000"


def ready() -> Script:
    script = Script()
    script.greet()
    return script


def committed_sale() -> Script:
    script = ready()
    script.begin(SALE)
    script.note()
    return script


def test_abort_before_the_commit_sends_no_money_byte() -> None:
    script = ready()
    script.begin(SALE)
    script.abort("op-1")
    script.note()
    outcome = script.concluded.outcome
    assert isinstance(outcome, Cancelled)
    assert outcome.abort == "honoured"
    assert not any(sent.startswith("0601") for sent in script.sent)


def test_abort_of_a_card_read_that_is_not_answered_yet_waits_for_t3_alone() -> None:
    script = ready()
    script.begin(StoreCard(operation_id="op-2"))
    script.after(20.0)
    assert script.stages == ["committed"]
    script.abort("op-2")
    script.after(5.0)
    outcome = script.concluded.outcome
    assert isinstance(outcome, Cancelled)
    assert outcome.abort == "honoured"


def test_abort_while_waiting_for_the_card_is_honoured_by_the_terminals_end() -> None:
    script = committed_sale()
    script.hear(OK, "04FF010A")
    script.abort("op-1")
    assert script.sent[-1] == "06B000"
    script.hear(OK, status("6C", "0000"), "061E016C")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Cancelled)
    assert (outcome.abort, outcome.code) == ("honoured", "aborted")


def test_abort_too_late_reports_the_approval() -> None:
    script = committed_sale()
    script.hear(OK, "04FF0104")
    script.abort("op-1")
    script.hear("848300", status("00", "0042"), "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Approved)
    assert outcome.abort == "too_late"


def test_abort_of_another_operation_is_ignored() -> None:
    script = committed_sale()
    script.hear(OK)
    before = list(script.sent)
    script.abort("op-2")
    assert script.sent == before


def test_approval_followed_by_an_abort_is_asked_not_guessed() -> None:
    script = committed_sale()
    script.hear(OK, status("00", "0042"), "061E01CC")
    assert isinstance(script.concluded.outcome, Unknown)


def test_an_end_before_the_terminal_took_the_command_is_asked_not_believed() -> None:
    """Told twice, the end of our question for the last transaction looks like the end of the sale."""
    script = committed_sale()
    script.hear("061E0164")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner) == ("no_result", "agent")
