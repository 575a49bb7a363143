"""The ECR session against a scripted terminal: sequences of the sheet's chapters 4 and 5, byte by byte."""

from __future__ import annotations

import pytest

from protocols.core.card import CardToken
from protocols.core.errors import LocalError
from protocols.core.facts import Concluded, Mark
from protocols.core.operations import Original, Reconcile, Refund, Reversal, Sale, StoreCard
from protocols.core.outcomes import Approved, Declined, NotStarted, Unknown
from protocols.core.session import Alert, Greet, Persisted, Phase
from protocols.core.values import Money
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

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


def test_greeting_registers_with_currency_and_learns_the_terminals_own_id() -> None:
    script = ready()
    assert script.session.phase is Phase.IDLE
    assert script.session.peer.terminal_id == "52500295"


def test_registration_sends_password_config_currency_and_what_we_accept() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    assert script.sent == ["060016000000BE0124060E260C0A0204FF0A0206D10A0206D3"]


def test_sale_approved_marks_before_bytes_and_acknowledges_after_the_result_is_on_disk() -> None:
    script = ready()
    script.begin(SALE)
    assert script.sent[-1].startswith("0501")
    script.hear(OK, READY)
    assert script.sent[-1] == "06200500000003" + "03"
    script.hear(OK, status("00", "0041", amount=999))
    assert script.stages == []
    script.hear("060F00")
    assert script.stages == ["committed"]
    assert script.sent[-1] == "06010C040000000012504901241940"
    script.hear(OK)
    script.hear("04FF010A", "04FF0117")
    assert len(script.prompts) == 2
    script.sent.clear()
    script.hear(status("00", "0042"))
    assert script.stages == ["committed", "step_done", "result_seen"]
    assert script.sent == [ACK]
    assert script.phase() is Phase.SETTLING
    script.hear("060F00")
    assert script.stages[-1] == "Approved"
    outcome = script.concluded.outcome
    assert isinstance(outcome, Approved)
    assert (outcome.money, outcome.amount, outcome.keys["receipt"]) == ("charged", Money(1250), "0042")
    assert script.phase() is Phase.IDLE


def test_committed_mark_holds_the_baseline_the_key_and_the_terminals_id() -> None:
    script = committed_sale()
    mark = script.facts[0]
    assert isinstance(mark, Mark)
    assert mark.keys["last.receipt"] == "0041"
    assert mark.keys["baseline"] == "known"
    assert mark.keys["key"] == "AB1"
    assert mark.keys["terminal_id"] == "52500295"


def test_nothing_is_acknowledged_while_the_result_is_not_on_disk() -> None:
    script = committed_sale()
    script.hear(OK)
    script.sent.clear()
    script.book = False
    script.hear(status("00", "0042"))
    assert script.sent == []
    script.hear("060F00")
    assert script.sent == []
    script.book = True
    script.give(Persisted(3))
    assert script.sent == [ACK, ACK]
    assert script.stages[-1] == "Approved"


def test_the_words_of_an_extended_error_come_with_the_end() -> None:
    script = committed_sale()
    script.hear(OK, "061E0F6C" + "060C" + "1F17" + "09" + b"Card lost".hex())
    outcome = script.concluded.outcome
    assert (outcome.code, outcome.terminal_text) == ("aborted_at_terminal", "Card lost")


def test_decline_is_a_value_and_ends_at_06_1e() -> None:
    script = committed_sale()
    script.hear(OK, status("05", "0000"))
    assert "Declined" not in script.stages
    script.hear("061E0105")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Declined)
    assert outcome.money == "none"


def test_refused_command_is_not_started() -> None:
    script = committed_sale()
    script.hear("848300")
    assert isinstance(script.concluded.outcome, NotStarted)
    assert script.session.phase is Phase.IDLE


def test_expired_before_the_commit_is_not_started() -> None:
    script = ready()
    script.begin(SALE, commit_within_s=0.0)
    script.note()
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "expired"


@pytest.mark.parametrize("heard", [[], [OK], [OK, "04FF010A"], [OK, status("00", "0042")]])
def test_lost_after_the_commit_is_unknown_and_owned_by_the_agent(heard: list[str]) -> None:
    script = committed_sale()
    script.hear(*heard)
    script.cut()
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "agent"
    assert outcome.ask_again_s is not None


def test_lost_before_the_commit_is_not_started() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(OK)
    script.cut()
    assert isinstance(script.concluded.outcome, NotStarted)


def test_no_answer_within_t3_is_unknown() -> None:
    script = committed_sale()
    script.after(5.1)
    assert isinstance(script.concluded.outcome, Unknown)
    assert script.closed == 1


def test_t4_is_per_message_and_may_be_set_by_the_terminal() -> None:
    script = committed_sale()
    script.hear(OK)
    for _ in range(6):
        script.after(120.0)
        script.hear("04FF0101")
    assert "Unknown" not in script.stages
    script.hear("04FF020105")  # five minutes
    script.after(299.0)
    assert "Unknown" not in script.stages
    script.after(2.0)
    assert isinstance(script.concluded.outcome, Unknown)


def test_silence_is_told_after_forty_seconds() -> None:
    script = committed_sale()
    script.hear(OK)
    script.after(39.0)
    assert "silent" not in script.alerts
    script.after(2.0)
    assert script.alerts.count("silent") == 1


def test_the_last_of_two_results_counts() -> None:
    script = committed_sale()
    script.hear(OK, status("37", "0000"), status("00", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Approved)


def test_completion_without_a_result_is_asked() -> None:
    script = committed_sale()
    script.hear(OK, "060F00")
    assert isinstance(script.concluded.outcome, Unknown)


def test_other_currency_at_registration_makes_the_terminal_unfit() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("841E036F0978")
    assert script.session.phase is Phase.UNFIT
    assert "wrong_currency" in script.alerts


def test_a_terminal_that_tells_another_currency_is_unfit_and_both_are_named() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(OK, "060F0A27002952500295490978")
    assert script.phase() is Phase.UNFIT
    assert script.reason == "wrong_currency: the terminal is set to EUR, CAD is expected"
    assert Alert("wrong_currency", {"terminal_id": "?", "expected": "CAD"}) in script.notices


def test_foreign_terminal_is_refused_at_its_greeting() -> None:
    script = Script(terminal_id="11111111")
    script.greet()
    assert script.session.phase is Phase.UNFIT
    assert script.reason == "wrong_device: terminal 52500295 answers, 11111111 is expected"
    assert "wrong_device" in script.alerts


def test_store_card_returns_a_recognition_token_and_moves_no_money() -> None:
    script = ready()
    script.begin(StoreCard(operation_id="op-3"))
    assert script.stages == ["committed"]
    assert script.sent[-1].startswith("06C0")
    body = "2700" + "0607" + "1F1404DEADBEEF"
    script.hear(OK, f"040F{len(body) // 2:02X}{body}")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Approved)
    assert outcome.token == CardToken("DEADBEEF", "recognition", "")
    assert outcome.money == "none"


def test_interac_only_card_cannot_be_kept() -> None:
    script = ready()
    script.begin(StoreCard(operation_id="op-3"))
    body = "2700" + "0609" + "4307A0000002771010"
    script.hear(OK, f"040F{len(body) // 2:02X}{body}")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Declined)
    assert outcome.code == "interac_only"


def test_store_card_lost_is_presented_again() -> None:
    script = ready()
    script.begin(StoreCard(operation_id="op-3"))
    script.hear(OK)
    script.cut()
    assert script.concluded.outcome.code == "interrupted"


def test_refund_reversal_and_reconcile_send_their_commands() -> None:
    original = Original("op-1", "sale", Money(1250), {"receipt": "0042"})
    for operation, start in (
        (Refund(operation_id="r", amount=Money(500)), "0631"),
        (Reversal(operation_id="v", original=original), "0630"),
        (Reconcile(operation_id="e"), "0650"),
    ):
        script = ready()
        script.begin(operation)
        script.note()
        assert script.sent[-1].startswith(start)


def test_reversal_of_an_original_without_receipt_is_not_started() -> None:
    script = ready()
    script.begin(Reversal(operation_id="v", original=Original("op-1", "sale", Money(1250), {})))
    script.note()
    assert script.concluded.outcome.code == "original_without_receipt"


def test_result_for_nobody_is_kept_before_it_is_acknowledged() -> None:
    script = ready()
    script.book = False
    script.hear(status("00", "0050"))
    assert script.stages == ["Orphan"]
    assert script.sent == []


def test_a_terminal_that_says_who_it_is_in_a_status_information_gives_no_result() -> None:
    """The answers of a Kotlin simulator to 06 00 and 05 01: all in a 04 0F, and an empty completion."""
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(OK, "040F0A27002952500295490124", "060F00")
    assert (script.phase(), script.session.peer.terminal_id) == (Phase.IDLE, "52500295")
    script.begin(SALE)
    script.hear(OK, "040F0727002952500295", "060F00")
    assert script.sent[-1].startswith("0620")
    assert (script.stages, script.alerts) == ([], [])


def test_a_foreign_terminal_is_refused_where_it_says_who_it_is() -> None:
    script = Script(terminal_id="11111111")
    script.give(Greet())
    script.open()
    script.hear(OK, "040F0A27002952500295490124")
    assert script.phase() is Phase.UNFIT
    assert script.alerts == ["wrong_device"]


def test_a_status_without_any_number_is_no_baseline() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(OK, READY)
    script.hear(*(OK, "040F07276D2952500295", "060F00") * 2)
    mark = script.facts[0]
    assert isinstance(mark, Mark)
    assert mark.keys["baseline"] == "unreadable"


def test_receipts_are_whole_and_scrubbed() -> None:
    script = committed_sale()
    text = b"CARTE 4242424242424242".hex().upper()
    line = f"06D1{1 + len(text) // 2:02X}00{text}"
    script.hear(OK, status("00", "0042"), line, "06D10281" + "58", "060F00")
    assert script.concluded.receipts[0].lines == ("CARTE ************4242", "X")


def test_second_operation_while_one_is_in_work_is_our_own_mistake() -> None:
    script = committed_sale()
    with pytest.raises(LocalError, match="one at a time"):
        script.begin(SALE)


def test_idle_socket_closed_by_the_terminal_is_opened_again_on_demand() -> None:
    script = ready()
    script.cut()
    assert script.session.phase is Phase.IDLE
    script.begin(SALE)
    script.open()
    script.hear(OK, REGISTERED)
    script.note()
    assert script.stages == ["committed"]


def test_a_cut_while_connecting_says_terminal_offline() -> None:
    script = Script()
    script.begin(SALE)
    script.cut(sent=False)
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "terminal_offline"


def test_conclusions_are_made_once() -> None:
    script = committed_sale()
    script.hear(OK, status("00", "0042"), "060F00", "060F00")
    assert sum(isinstance(fact, Concluded) for fact in script.facts) == 1


def test_busy_terminal_is_not_started() -> None:
    script = ready()
    script.begin(SALE)
    script.hear(OK, "060F019C")
    assert isinstance(script.concluded.outcome, NotStarted)


def test_ready_terminal_is_probed_now_and_then() -> None:
    script = ready()
    script.after(241.0)
    assert script.sent[-1].startswith("0501")
    script.hear(OK, READY)
    assert script.session.phase is Phase.IDLE


def test_a_status_without_an_answer_before_it_shows_that_the_command_was_taken() -> None:
    script = committed_sale()
    script.hear("04FF010A", "04FF0117")
    assert script.stages == ["committed", "step_done"]


def test_a_live_result_tells_the_terminals_clock_for_the_next_commit() -> None:
    script = committed_sale()
    body = "2700" + "040000000012500C1510300D1122" + "8700422952500295"
    script.hear(OK, f"040F{len(body) // 2:02X}{body}", "060F00")
    script.after(40.0)
    script.begin(Sale(operation_id="op-2", amount=Money(900)))
    script.note("0042")
    mark = next(fact for fact in reversed(script.facts) if isinstance(fact, Mark))
    assert (mark.operation_id, mark.keys["clock"]) == ("op-2", "1122151110")
