"""What the terminal says outside the plain course of a dialogue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.core.facts import Mark, Orphan
from protocols.core.operations import Attempt, Diagnose, Recover, Reversal, Sale, StoreCard
from protocols.core.operations import Original as OriginalOf
from protocols.core.outcomes import Approved, Cancelled, Declined, NotStarted, Unknown
from protocols.core.session import Greet, Phase
from protocols.core.values import Money
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

SALE = Sale(operation_id="op-1", amount=Money(1250))
ATTEMPT = Attempt(1, "AB1", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
COMMITTED = Mark(
    "op-1", 1, "committed", {"baseline": "known", "last.receipt": "0041", "last.trace": "000041"}
)


def ready() -> Script:
    script = Script()
    script.greet()
    return script


def committed_sale() -> Script:
    script = ready()
    script.begin(SALE)
    script.note()
    script.sent.clear()
    return script


def recovering() -> Script:
    script = Script()
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=(COMMITTED,)))
    script.open()
    script.sent.clear()
    return script


# --- results for nobody -----------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["registration", "probe"])
def test_a_result_while_something_else_is_asked_is_kept_before_it_is_acknowledged(asked: str) -> None:
    script = ready()
    if asked == "registration":
        script.give(Greet())
    else:
        script.after(241.0)
    script.sent.clear()
    script.book = False
    script.hear(OK, status("00", "0050"))
    assert (script.stages, script.sent) == (["Orphan"], [])
    orphan = script.facts[0]
    assert isinstance(orphan, Orphan)
    assert (orphan.record.keys["receipt"], orphan.record.keys["amount_minor"]) == ("0050", "1250")


def test_a_result_that_is_known_and_told_once_more_is_for_nobody_no_more() -> None:
    script = committed_sale()
    script.hear(OK, status("00", "0042"), "060F00")
    script.sent.clear()
    script.hear(status("00", "0042"))
    assert (script.sent, script.stages[-1]) == ([OK], "Approved")
    script.hear(status("B4", "0042"))
    assert script.stages[-1] == "Orphan"
    script.hear(status("B4", "0042"), status("B4", "0042"))
    assert script.stages.count("Orphan") == 1
    script.hear(status("00", "0043"))
    assert script.stages.count("Orphan") == 2


def test_a_terminal_in_a_dialogue_of_its_own_is_not_taken_for_registered() -> None:
    """The agent was started again while the terminal still waits for a card."""
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("04FF010A", status("00", "0050"), "060F00")
    assert script.stages == ["Orphan"]
    assert script.phase() is Phase.DOWN
    script.after(0.6)
    script.open()
    script.hear(OK, REGISTERED)
    assert script.phase() is Phase.IDLE


def test_a_card_that_was_only_read_has_no_other_end() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    body = "2700" + "0607" + "1F1404DEADBEEF"
    script.hear("04FF010A", f"040F{len(body) // 2:02X}{body}")
    assert script.stages == ["Orphan"]
    assert script.phase() is Phase.GREETING
    script.after(5.1)
    assert script.phase() is Phase.DOWN


def test_a_command_during_a_foreign_dialogue_is_not_started() -> None:
    script = Script()
    script.begin(SALE)
    script.open()
    script.hear("04FF010A", "061E016C")
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "terminal_busy"


def test_a_foreign_dialogue_before_the_baseline_is_no_baseline() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(OK, READY, status("00", "0077"), "060F00")
    assert script.stages[0] == "Orphan"
    assert isinstance(script.concluded.outcome, NotStarted)


# --- answers out of step ----------------------------------------------------------------------------


def test_a_late_registration_is_no_answer_to_an_enquiry() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(OK, REGISTERED)
    assert script.sent[-1] == OK
    script.hear(READY)
    assert script.sent[-1].startswith("0620")


def test_a_status_that_is_told_twice_is_no_answer_to_the_next_question() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(OK, READY + READY)
    assert script.sent[-1] == OK
    script.hear(OK, status("00", "0041"), "060F00")
    assert script.stages == ["committed"]


def test_an_unanswered_enquiry_that_completes_is_answered_all_the_same() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(READY)
    assert script.sent[-1].startswith("0620")


def test_an_answer_to_our_abort_tells_no_outcome() -> None:
    script = committed_sale()
    script.hear(OK, "04FF010A")
    script.abort("op-1")
    script.hear("848300")
    assert "NotStarted" not in script.stages
    script.hear(status("00", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Approved)


def test_an_abort_is_sent_once() -> None:
    script = committed_sale()
    script.hear(OK)
    script.abort("op-1")
    script.abort("op-1")
    script.hear("04FF010A", "04FF010A")
    assert script.sent.count("06B000") == 1


def test_an_abort_before_the_terminal_took_the_command_follows_as_soon_as_it_has() -> None:
    script = committed_sale()
    script.abort("op-1")
    assert "06B000" not in script.sent
    script.hear(OK)
    assert script.sent[-1] == "06B000"


def test_an_abort_after_the_result_is_not_sent() -> None:
    script = committed_sale()
    script.hear(OK, status("00", "0042"))
    script.abort("op-1")
    assert "06B000" not in script.sent


def test_an_abort_of_a_recovery_stops_the_dialogue_that_goes_on() -> None:
    script = recovering()
    script.hear("849C00")
    script.abort("op-1")
    script.hear("04FF010A")
    assert script.sent[-1] == "06B000"
    script.hear(OK, status("6C", "0000", trace="000099"), "061E016C")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Cancelled)
    assert outcome.abort == "honoured"


# --- refusals ---------------------------------------------------------------------------------------


def test_an_abort_dressed_as_an_answer_tells_its_reason() -> None:
    script = committed_sale()
    script.hear("841E0133")
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "insufficient_funds"


@pytest.mark.parametrize("answer", ["848300", "841E016B", "061E016B"])
def test_a_refused_registration_makes_the_terminal_unfit(answer: str) -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(*([OK, answer] if answer.startswith("06") else [answer]))
    assert script.phase() is Phase.UNFIT
    assert script.alerts == ["registration_refused"]


def test_a_refused_enquiry_tells_nothing_against_the_terminal() -> None:
    script = ready()
    script.begin(SALE)
    script.hear("848300")
    assert script.sent[-1].startswith("0620")


def test_a_baseline_that_is_refused_is_unreadable_unless_the_code_says_that_there_is_none() -> None:
    for code, word in ((None, "unreadable"), (0xFB, "empty"), (0xFA, "unreadable")):
        script = Script(nothing_stored_code=code)
        script.greet()
        script.begin(SALE)
        script.hear(OK, READY, OK, "061E01FB")
        mark = script.facts[0]
        assert isinstance(mark, Mark)
        assert mark.keys["baseline"] == word


# --- floods and noise -------------------------------------------------------------------------------


def test_noise_is_told_once_in_each_exchange() -> None:
    script = Script("serial")
    script.give(Greet())
    script.open()
    for _ in range(50):
        script.hear("55" * 300)
    assert script.alerts == ["line_noise"]
    script.give(Greet())
    assert script.phase() is Phase.GREETING


def test_masked_card_numbers_are_told_once_in_each_exchange() -> None:
    script = committed_sale()
    text = b"CARD 4242424242424242".hex().upper()
    script.hear(OK, *[f"06D1{1 + len(text) // 2:02X}00{text}"] * 5)
    assert script.alerts == ["card_number_masked"]


def test_a_terminal_that_tells_results_for_ever_is_left_and_asked() -> None:
    script = committed_sale()
    script.hear(OK)
    for number in range(40):
        script.hear(status("05", f"{number:04d}"))
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert outcome.evidence.seen["why"] == "flood"
    assert script.stages.count("result_seen") == 30


def test_what_cannot_be_read_is_not_acknowledged() -> None:
    script = committed_sale()
    script.hear(OK)
    script.sent.clear()
    script.hear("040F0204FF")
    assert script.sent == []
    assert script.alerts == ["garbage"]
    assert isinstance(script.concluded.outcome, Unknown)


def test_garbage_when_idle_is_a_loss_and_nothing_else() -> None:
    script = ready()
    script.hear("040F0204FF")
    assert (script.stages, script.phase()) == ([], Phase.DOWN)


# --- courtesy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["040108AA2211220C150000", "060F00", "061E016C", "04FF0101"])
def test_whatever_an_idle_terminal_says_is_answered_and_changes_nothing(message: str) -> None:
    script = ready()
    script.hear(message)
    assert (script.sent, script.stages, script.phase()) == ([OK], [], Phase.IDLE)


def test_an_operation_without_a_result_is_done_at_its_end() -> None:
    script = ready()
    script.begin(Diagnose(operation_id="op-4"))
    script.hear(OK, "04FF0101", "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Approved)
    assert (outcome.code, outcome.money) == ("done", "none")


def test_a_card_that_was_not_presented_is_a_cancelled_storing() -> None:
    for end, code in (("061E016C", "aborted_at_terminal"), ("060F00", "no_token"), ("061E00", "aborted")):
        script = ready()
        script.begin(StoreCard(operation_id="op-4"))
        script.hear(OK, end)
        outcome = script.concluded.outcome
        assert isinstance(outcome, Cancelled)
        assert outcome.code == code


def test_84_00_takes_the_command_as_80_00_does() -> None:
    script = ready()
    script.begin(SALE)
    script.note()
    script.hear("840000")
    assert script.stages == ["committed", "step_done"]
    script.hear(status("00", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Approved)


def test_a_refusal_dressed_as_an_abort_without_a_reason_is_still_a_refusal() -> None:
    script = ready()
    script.begin(SALE)
    script.note()
    script.hear("841E0100")
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code != "approved"


def test_a_reversal_of_what_is_reversed_already_is_declined() -> None:
    script = ready()
    original = OriginalOf("op-0", "sale", Money(1250), {"receipt": "0041"})
    script.begin(Reversal(operation_id="op-5", original=original))
    script.note()
    script.hear(OK, status("B4", "0000"), "061E01B4")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Declined)
    assert outcome.code == "already_reversed"
