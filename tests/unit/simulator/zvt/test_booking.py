"""The commit point: what is booked, by policy, for each place where the link may break or the power go."""

from __future__ import annotations

import pytest

from simulator.acquirer.totals import balance, live_charges
from simulator.faults import Fault, Moment
from simulator.scenario import Scenario
from simulator.settings import BookingPolicy, TerminalSettings
from tests.unit.simulator.ecr import Ecr, last_result, registration, sale

CARD = "*" * 12 + "1111"
KINDS: dict[BookingPolicy, list[str]] = {"keep": ["charge"], "reverse": ["charge", "reversal"], "refuse": []}
TOLD: dict[BookingPolicy, str] = {"keep": "00", "reverse": "B4", "refuse": "05"}


def _ecr(policy: BookingPolicy, *faults: Fault) -> Ecr:
    ecr = Ecr(Scenario(terminal=TerminalSettings(booking_policy=policy), faults=faults))
    ecr.ask(registration())
    return ecr


def _kinds(ecr: Ecr) -> list[str]:
    return [line.kind for line in ecr.ledger.lines()]


def _last(ecr: Ecr) -> str:
    """The 04 0F that 06 20 tells, or the 06 1E."""
    return next(apdu for apdu in ecr.ask(last_result()) if apdu.startswith(("040F", "061E")))


@pytest.mark.parametrize("policy", list(KINDS))
def test_a_result_that_the_ecr_never_answers_is_decided_by_the_policy(policy: BookingPolicy) -> None:
    ecr = _ecr(policy)
    ecr.answer = lambda apdu: None if apdu.startswith("040F") else "800000"
    heard = ecr.ask(sale(1250))
    assert not [apdu for apdu in heard if apdu.startswith(("060F", "061E"))]
    assert ecr.hangups == 1
    assert _kinds(ecr) == KINDS[policy]
    assert balance(ecr.ledger.lines()).get("CAD", 0) == (1250 if policy == "keep" else 0)


@pytest.mark.parametrize("policy", list(KINDS))
def test_repeat_receipt_tells_the_truth_of_what_became_of_it(policy: BookingPolicy) -> None:
    ecr = _ecr(policy, Fault(when="result_sent", what="cut"))
    ecr.ask(sale(1250))
    ecr.connect()
    told = _last(ecr)
    assert told[6:10] == "27" + TOLD[policy]
    assert "870001" in told
    assert "04000000001250" in told
    assert "0B000001" in told


@pytest.mark.parametrize("policy", list(KINDS))
@pytest.mark.parametrize("moment", ["answered", "card", "host", "before_result"])
def test_cut_before_the_result_nothing_is_booked_and_no_receipt_is_used_up(
    moment: Moment, policy: BookingPolicy
) -> None:
    ecr = _ecr(policy, Fault(when=moment, what="cut", command="sale"))
    ecr.ask(sale(1250))
    ecr.connect()
    assert _kinds(ecr) == []
    assert _last(ecr) == "061E01FB"
    assert ecr.ask(sale(1250))[-1] == "060F00"
    assert ecr.ledger.lines()[0].receipt == "0001"


@pytest.mark.parametrize("policy", list(KINDS))
@pytest.mark.parametrize("moment", ["result_sent", "result_acked"])
def test_cut_between_the_result_and_the_last_print_the_policy_decides(
    moment: Moment, policy: BookingPolicy
) -> None:
    ecr = _ecr(policy, Fault(when=moment, what="cut"))
    ecr.ask(sale(1250))
    assert _kinds(ecr) == KINDS[policy]


@pytest.mark.parametrize("policy", list(KINDS))
@pytest.mark.parametrize("moment", ["booked", "completed"])
def test_cut_after_the_booking_it_stays_booked(moment: Moment, policy: BookingPolicy) -> None:
    ecr = _ecr(policy, Fault(when=moment, what="cut", command="sale"))
    ecr.ask(sale(1250))
    ecr.connect()
    assert _kinds(ecr) == ["charge"]
    assert _last(ecr)[6:10] == "2700"


def test_without_prints_the_answer_to_the_result_alone_books() -> None:
    ecr = Ecr(Scenario(faults=(Fault(when="result_acked", what="cut"),)))
    ecr.ask(registration(config="0A"))
    ecr.ask(sale(1250))
    assert _kinds(ecr) == ["charge"]


def test_a_terminal_that_prints_itself_needs_no_answers_to_its_prints() -> None:
    ecr = Ecr()
    ecr.ask(registration(config="08"))
    assert ecr.ask(sale(1250))[-1] == "060F00"
    assert len(ecr.paper) == 2


@pytest.mark.parametrize("policy", list(KINDS))
def test_a_print_that_is_not_answered_is_as_a_result_that_is_not(policy: BookingPolicy) -> None:
    ecr = _ecr(policy)
    ecr.answer = lambda apdu: None if apdu.startswith("06D3") else "800000"
    ecr.ask(sale(1250))
    assert _kinds(ecr) == KINDS[policy]


def test_an_unanswered_completion_undoes_nothing() -> None:
    ecr = _ecr("reverse")
    ecr.answer = lambda apdu: None if apdu == "060F00" else "800000"
    ecr.ask(sale(1250))
    assert _kinds(ecr) == ["charge"]


@pytest.mark.parametrize("policy", list(KINDS))
@pytest.mark.parametrize("moment", ["result_sent", "result_acked"])
def test_a_power_cut_before_the_booking_is_settled_at_power_on_once(
    moment: Moment, policy: BookingPolicy
) -> None:
    ecr = _ecr(policy, Fault(when=moment, what="power_cut", seconds=5.0))
    ecr.say(sale(1250), 8)
    assert _kinds(ecr) == []
    assert ecr.say("050103000000") == []
    ecr.run(10)
    ecr.connect()
    assert _kinds(ecr) == KINDS[policy]
    assert _last(ecr)[6:10] == "27" + TOLD[policy]
    ecr.restart()
    assert _kinds(ecr) == KINDS[policy]


def test_a_power_cut_after_the_booking_finds_it_booked() -> None:
    ecr = _ecr("reverse", Fault(when="booked", what="power_cut", seconds=5.0))
    ecr.say(sale(1250), 30)
    ecr.connect()
    assert _kinds(ecr) == ["charge"]
    assert _last(ecr)[6:10] == "2700"


def test_a_process_that_dies_between_ledger_and_memory_books_nothing_twice() -> None:
    """The charge is in the ledger, the memory still says pending."""
    ecr = _ecr("keep", Fault(when="result_acked", what="power_cut"))
    ecr.say(sale(1250), 30)
    pending = ecr.store.load().pending
    assert pending is not None
    other = _ecr("keep")
    other.ask(sale(1250))
    other.store.save(ecr.store.load())
    other.restart()
    assert _kinds(other) == ["charge"]
    assert _last(other)[6:10] == "2700"


def test_an_ecr_that_refuses_the_result_gets_it_reversed_and_is_told_so() -> None:
    ecr = _ecr("keep")
    answers = iter(["846600"])
    ecr.answer = lambda apdu: next(answers, "800000") if apdu.startswith("040F") else "800000"
    heard = ecr.ask(sale(1250))
    assert [apdu[:10] for apdu in heard if apdu.startswith("040F")][1] == "040F02276C"
    assert heard[-1] == "061E016C"
    assert _kinds(ecr) == ["charge", "reversal"]
    assert _last(ecr)[6:10] == "27B4"


def test_an_ecr_that_says_wait_is_asked_again_after_two_seconds() -> None:
    ecr = _ecr("reverse")
    answers = iter(["849C00", "849C00"])
    ecr.answer = lambda apdu: next(answers, "840000") if apdu.startswith("040F") else "800000"
    before = ecr.now
    heard = ecr.ask(sale(1250))
    assert len([apdu for apdu in heard if apdu.startswith("040F")]) == 3
    assert ecr.now - before > 4.0
    assert _kinds(ecr) == ["charge"]


def test_bmp_02_limits_how_often_and_then_it_is_reversed() -> None:
    ecr = _ecr("reverse")
    ecr.answer = lambda apdu: "849C00" if apdu.startswith("040F") and "276C" not in apdu else "800000"
    heard = ecr.ask("06010E04000000001250490124" + "19400202")
    assert len([apdu for apdu in heard if apdu.startswith("040F")]) == 3
    assert heard[-1] == "061E016C"
    assert _kinds(ecr) == ["charge", "reversal"]


def test_goods_given_out_in_part_are_charged_in_part() -> None:
    ecr = _ecr("reverse")
    ecr.answer = lambda apdu: "849D0704000000000700" if apdu.startswith("040F") else "800000"
    ecr.ask(sale(1250))
    assert [line.amount_minor for line in live_charges(ecr.ledger.lines())] == [700]


def test_a_result_repeated_without_need_is_booked_once() -> None:
    ecr = _ecr("reverse", Fault(when="before_result", what="repeat_result"))
    heard = ecr.ask(sale(1250))
    assert len([apdu for apdu in heard if apdu.startswith("040F")]) == 2
    assert _kinds(ecr) == ["charge"]


def test_receipt_numbers_wrap_and_leave_out_zero() -> None:
    ecr = _ecr("reverse")
    ecr.device.terminal.console.state.receipt = 9998
    ecr.device.terminal.console.state.turnover = 999_999
    for _ in range(2):
        ecr.ask(sale(1250))
    assert [line.receipt for line in ecr.ledger.lines()] == ["9999", "0001"]
    assert [line.turnover for line in ecr.ledger.lines()] == ["000001", "000002"]
