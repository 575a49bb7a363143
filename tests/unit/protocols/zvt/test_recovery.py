"""Recovery of a lost result: the terminal is asked, never sent anything again (sheet chapter 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Attempt, Reconcile, Recover, Sale, StoreCard
from protocols.core.outcomes import Approved, Cancelled, Declined, NotStarted, Unknown
from protocols.core.session import Phase
from protocols.core.values import Money
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

SALE = Sale(operation_id="op-1", amount=Money(1250))
ATTEMPT = Attempt(1, "AB1", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
COMMITTED = Mark(
    "op-1",
    1,
    "committed",
    {
        "last.receipt": "0041",
        "last.trace": "000041",
        "last.turnover": "000041",
        "baseline": "known",
        "terminal_id": "52500295",
        "clock": "1122150000",
    },
)
NO_CLOCK = replace(COMMITTED, keys={key: COMMITTED.keys[key] for key in COMMITTED.keys if key != "clock"})
TAKEN = Mark("op-1", 1, "step_done", {"taken": "yes"})
SEEN = Mark(
    "op-1", 1, "result_seen", {"receipt": "0042", "trace": "000042", "turnover": "000042", "result": "00"}
)


def recovering(*marks: Mark) -> Script:
    script = Script()
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=marks))
    script.open()
    return script


def asked(script: Script, *answer: str) -> None:
    """Enquiry answered, last result told."""
    script.hear(OK, READY, OK, *answer, "060F00")


def test_recovery_never_registers_and_never_sends_the_sale_again() -> None:
    script = recovering(COMMITTED, TAKEN)
    asked(script, status("00", "0042"))
    commands = [sent[:4] for sent in script.sent if not sent.startswith("80")]
    assert commands[:2] == ["0501", "0620"]
    assert "0601" not in commands


@pytest.mark.parametrize(
    ("marks", "record", "kind"),
    [
        ((COMMITTED, TAKEN, SEEN), status("00", "0042"), Approved),
        ((COMMITTED, TAKEN, SEEN), status("B4", "0042"), Cancelled),
        ((COMMITTED, TAKEN, SEEN), status("05", "0042"), Declined),
        ((COMMITTED, TAKEN, SEEN), status("00", "0041", amount=999), Cancelled),
        ((COMMITTED, TAKEN), status("00", "0042"), Approved),
        ((COMMITTED, TAKEN), status("00", "0041", amount=999), NotStarted),
        ((COMMITTED,), status("00", "0041", amount=999), NotStarted),
        ((COMMITTED,), status("00", "0042"), Approved),
        ((COMMITTED, TAKEN), status("00", "0042", at="1122150045"), Approved),
        ((COMMITTED, TAKEN), status("00", "0042", at="1122150046"), Unknown),
        ((COMMITTED, TAKEN), status("00", "0042", at="1122145959"), Unknown),
        ((NO_CLOCK, TAKEN), status("00", "0042"), Unknown),
        ((COMMITTED, TAKEN), status("00", "0043"), Unknown),
        ((COMMITTED, TAKEN), status("00", "0042", amount=1300), Unknown),
        ((COMMITTED, TAKEN, SEEN), status("00", "0043"), Unknown),
    ],
)
def test_the_last_result_is_held_against_the_marks(marks: tuple[Mark, ...], record: str, kind: type) -> None:
    script = recovering(*marks)
    asked(script, record)
    assert type(script.concluded.outcome) is kind
    if kind is Unknown:
        assert script.concluded.outcome.owner == "human"  # type: ignore[union-attr]  # narrowed by kind


def test_the_evidence_names_what_agreed() -> None:
    script = recovering(COMMITTED, TAKEN, SEEN)
    asked(script, status("00", "0042"))
    evidence = script.concluded.outcome.evidence
    assert evidence.source == "last"
    assert set(evidence.agrees) == {"receipt", "trace", "turnover"}
    assert evidence.seen["receipt"] == "0042"


def test_late_result_of_the_old_dialogue_is_booked_acknowledged_and_final_at_its_end() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear("04FF0117", status("00", "0042"))
    assert script.stages == ["result_seen"]
    script.hear("060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Approved)
    assert outcome.evidence.source == "late_message"


@pytest.mark.parametrize("answers", [(OK, READY), (READY,)])
def test_late_result_of_a_dialogue_that_the_terminal_gave_up_is_asked(answers: tuple[str, ...]) -> None:
    """It takes our question again only once its own dialogue is over: nobody knows how."""
    script = recovering(COMMITTED, TAKEN)
    script.hear("04FF0117", status("00", "0042"), *answers)
    assert script.stages == ["result_seen"]
    assert script.sent[-1].startswith("0620")
    script.hear(OK, status("05", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Declined)


def test_late_result_of_another_amount_is_an_orphan() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear(status("00", "0042", amount=777))
    assert script.stages == ["Orphan"]


def test_the_answer_to_a_question_of_an_earlier_process_is_no_late_result() -> None:
    """A stored transaction told again begins without a word of what is waited for, unlike a payment."""
    script = recovering(COMMITTED, TAKEN)
    script.hear(status("00", "0043"), "060F00")
    assert script.stages == ["Orphan"]
    script.hear(OK, READY, OK, status("00", "0043"), "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "human"


def test_a_payment_is_no_late_result_of_an_end_of_day() -> None:
    script = Script()
    day = Recover(operation=Reconcile(operation_id=SALE.operation_id), attempt=ATTEMPT, marks=(COMMITTED,))
    script.begin(day)
    script.open()
    script.hear(status("00", "0042"))
    assert script.stages == ["Orphan"]


def test_old_dialogue_that_ends_without_a_result_is_asked() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear("04FF0117", "060F00")
    assert script.sent[-1].startswith("0501")
    script.hear(OK, READY, OK, status("00", "0041", amount=999), "060F00")
    assert isinstance(script.concluded.outcome, NotStarted)


def test_both_answers_to_an_enquiry_that_was_repeated_do_not_put_us_out_of_step() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear("04FF0117", "060F00")  # of the old dialogue: our enquiry is asked again
    script.hear(OK, READY)
    assert script.sent[-1].startswith("0620")
    script.hear(OK, READY)
    assert script.stages == []
    script.hear(OK, status("00", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Approved)
    assert script.sent[-1].startswith("0600")


def test_busy_terminal_is_listened_to_and_asked_again() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear("849C00")
    assert script.stages == []
    script.sent.clear()
    script.after(5.1)
    assert script.sent[-1].startswith("0501")


def test_busy_terminal_that_goes_on_with_our_dialogue_tells_its_result() -> None:
    script = recovering(COMMITTED)
    script.hear("849C00", "04FF010A")
    assert script.prompts == ["insert_card"]
    script.hear(status("00", "0042"), "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Approved)
    assert outcome.evidence.source == "late_message"
    assert "Orphan" not in script.stages


def test_terminal_that_stays_busy_is_asked_again_later() -> None:
    script = recovering(COMMITTED, TAKEN)
    for _ in range(14):
        script.hear("849C00")
        script.after(5.1)
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner) == ("terminal_busy", "agent")
    assert script.stages == ["Unknown"]


def test_last_transaction_before_ours_told_once_more_is_no_late_result() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear(status("00", "0041"))
    assert script.sent[-1] == OK
    script.hear("060F00")
    asked(script, status("00", "0041"))
    assert isinstance(script.concluded.outcome, NotStarted)
    assert "Orphan" not in script.stages


def test_a_foreign_terminal_at_a_recovery_is_not_learned_as_ours() -> None:
    script = recovering(COMMITTED, TAKEN)
    foreign = "5211111111"
    script.hear(OK, READY, OK, status("00", "0042").replace("52500295", foreign[2:]), "060F00")
    assert script.concluded.outcome.code == "wrong_device"
    assert script.session.terminal_id is None


def test_silent_terminal_is_asked_again_later() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.after(5.5)
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "agent"


def test_terminal_that_cannot_repeat_needs_a_human() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear(OK, READY, "848300")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.owner, outcome.code) == ("human", "terminal_cannot_tell")


def test_a_replaced_terminal_still_tells_what_it_took_and_is_then_refused() -> None:
    script = Script(terminal_id="11111111")
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=(COMMITTED, TAKEN)))
    script.open()
    asked(script, status("00", "0042"))
    assert isinstance(script.concluded.outcome, Approved)
    script.hear(OK, REGISTERED)
    assert script.session.phase is Phase.UNFIT


def test_the_terminal_that_took_the_command_is_the_one_that_may_answer() -> None:
    foreign = Mark("op-1", 1, "committed", {**COMMITTED.keys, "terminal_id": "99999999"})
    script = recovering(foreign, TAKEN)
    asked(script, status("00", "0042"))
    assert script.concluded.outcome.code == "wrong_device"


def nothing_is_stored(*registration: str) -> Script:
    """The terminal had nothing before the sale and says that it has nothing; then it answers 06 00."""
    empty = Mark("op-1", 1, "committed", {"baseline": "empty", "terminal_id": "52500295"})
    script = Script(nothing_stored_code=0xFB)
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=(empty, TAKEN)))
    script.open()
    script.hear(OK, READY, OK, "061E01FB")
    assert script.stages == []
    assert script.sent[-1].startswith("0600")
    script.hear(OK, *registration)
    return script


def test_a_foreign_terminal_with_an_empty_memory_proves_nothing() -> None:
    script = nothing_is_stored("060F0C190029999999994901240600")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner) == ("wrong_device", "agent")


def test_an_empty_memory_is_believed_of_the_terminal_that_took_the_command() -> None:
    script = nothing_is_stored(REGISTERED)
    assert script.sent[-1].startswith("0620")
    script.hear(OK, "061E01FB")
    outcome = script.concluded.outcome
    assert (type(outcome), outcome.code) == (NotStarted, "not_booked")


def test_an_empty_memory_of_a_terminal_that_does_not_say_who_it_is_is_for_a_human() -> None:
    script = nothing_is_stored("060F00")
    script.hear(OK, "061E01FB")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner) == ("terminal_unidentified", "human")


@pytest.mark.parametrize("named", ["52500295", None])
def test_an_order_of_another_journal_may_have_gone_to_another_terminal_unless_the_settings_name_ours(
    named: str | None,
) -> None:
    guess = Mark("op-1", 1, "committed", {"baseline": "known", "last.receipt": "0041", "strangers": "yes"})
    script = Script(terminal_id=named)
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=(guess,)))
    script.open()
    script.hear(OK, READY, OK, status("00", "0041"), "060F00")
    if named is None:
        script.hear(OK, REGISTERED, OK, status("00", "0041"), "060F00")
    outcome = script.concluded.outcome
    assert outcome.code == ("not_booked" if named else "terminal_unidentified")
    assert getattr(outcome, "owner", None) == (None if named else "human")


def test_terminal_is_registered_again_once_the_truth_is_known() -> None:
    script = recovering(COMMITTED, TAKEN)
    asked(script, status("00", "0042"))
    assert script.sent[-1].startswith("0600")


def test_lost_card_capture_is_not_asked_at_all() -> None:
    script = Script()
    script.begin(Recover(operation=StoreCard(operation_id="op-9"), attempt=ATTEMPT, marks=()))
    assert script.concluded.outcome.code == "interrupted"
    assert script.sent == []


def test_a_lost_question_that_ends_in_vain_says_nothing_of_the_sale() -> None:
    script = recovering(COMMITTED, TAKEN)
    script.hear("04FF0117", "061E0164")  # 64 would be a card that cannot be read
    assert script.stages == []
    script.hear(OK, READY, OK, status("00", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Approved)
