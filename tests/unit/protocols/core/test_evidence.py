"""The judge: which records prove what, and that doubt goes to a human, never to a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.evidence import OURS_WITHIN_S, is_baseline, judge, noted
from protocols.core.facts import Mark, Stage
from protocols.core.operations import Attempt, Reconcile, Recover, Request, Sale
from protocols.core.outcomes import (
    Approved,
    Cancelled,
    Declined,
    Evidence,
    Final,
    NotStarted,
    Outcome,
    Source,
    TerminalRecord,
    Unknown,
)
from protocols.core.values import Money

AMOUNT = Money(1_250)
SALE = Sale(operation_id="op", amount=AMOUNT)
ATTEMPT = Attempt(7, "AB7", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
PROOF = Evidence("last")
YES = Approved(money="charged", amount=AMOUNT, evidence=PROOF)
NO = Declined(code="declined", evidence=PROOF)
UNDONE = Cancelled(code="reversed", money="returned", evidence=PROOF)
BASELINE = {
    "baseline": "known",
    "clock": "1122150000",
    "last.receipt": "0041",
    "last.trace": "000061",
    "last.turnover": "000041",
    "last.at": "1122143000",
    "last.result": "00",
}
BEFORE = {"receipt": "0041", "trace": "000061", "turnover": "000041", "at": "1122143000", "result": "00"}
NEXT = {"receipt": "0042", "trace": "000062", "turnover": "000042", "at": "1122150012", "result": "00"}


def mark(stage: Stage, **keys: str) -> Mark:
    return Mark("op", 7, stage, keys)


def committed(**changes: str) -> Mark:
    return Mark(
        "op",
        7,
        "committed",
        {**BASELINE, **{name.replace("__", "."): value for name, value in changes.items()}},
    )


def without(*names: str) -> Mark:
    return Mark("op", 7, "committed", {name: value for name, value in BASELINE.items() if name not in names})


SEEN = mark("result_seen", receipt="0042", trace="000062", turnover="000042", result="00", approved="yes")


def record(
    keys: Mapping[str, str] = NEXT, result: Final | None = YES, amount: Money | None = AMOUNT, **changes: str
) -> TerminalRecord:
    return TerminalRecord({**keys, **changes}, amount, result)


def judged(
    *marks: Mark, last: TerminalRecord | None, operation: Request = SALE, source: Source = "last"
) -> Outcome:
    sought = Recover(operation=operation, attempt=ATTEMPT, marks=marks)
    return judge(sought, () if last is None else (last,), source)


@pytest.mark.parametrize("result", [YES, NO, UNDONE])
def test_a_record_with_the_keys_of_a_result_that_we_saw_is_ours(result: Final) -> None:
    outcome = judged(committed(), SEEN, last=record(result=result))
    assert type(outcome) is type(result)
    assert outcome.money == result.money
    assert outcome.evidence.agrees == ("trace", "receipt", "turnover")


def test_the_last_transaction_before_ours_proves_that_ours_is_not_there() -> None:
    outcome = judged(committed(), last=record(BEFORE))
    assert isinstance(outcome, NotStarted)
    assert outcome.evidence.agrees == ("last.trace", "last.receipt", "last.turnover")


def test_after_a_result_was_seen_it_proves_that_ours_was_cancelled() -> None:
    assert isinstance(judged(committed(), SEEN, last=record(BEFORE)), Cancelled)


def test_the_last_transaction_before_ours_that_was_changed_since_proves_nothing() -> None:
    outcome = judged(committed(), last=record({**BEFORE, "result": "B4"}))
    assert isinstance(outcome, Unknown)
    assert (outcome.owner, outcome.code) == ("human", "transaction_changed")


def test_the_direct_successor_of_our_amount_in_our_time_is_ours() -> None:
    outcome = judged(committed(), last=record())
    assert isinstance(outcome, Approved)
    assert set(outcome.evidence.agrees) == {"receipt", "amount", "at"}
    assert outcome.evidence.seen["receipt"] == "0042"


@pytest.mark.parametrize(
    ("last", "differs"),
    [
        (record(receipt="0043"), "receipt"),
        (record(receipt=""), "receipt"),
        (record(amount=Money(1_251)), "amount"),
        (record(amount=None), "amount"),
        (record(amount=Money(1_250, "USD")), "amount"),
        (record(at="1122150046"), "at"),
        (record(at="1122145959"), "at"),
        (record(at="9999999999"), "at"),
    ],
)
def test_any_other_transaction_is_for_a_human_with_what_differs(last: TerminalRecord, differs: str) -> None:
    outcome = judged(committed(), last=last)
    assert isinstance(outcome, Unknown)
    assert (outcome.owner, outcome.code) == ("human", "another_transaction")
    assert differs in outcome.evidence.differs


def test_our_time_is_told_by_the_terminals_clock_or_not_at_all() -> None:
    assert OURS_WITHIN_S == 45
    assert isinstance(judged(committed(), last=record(at="1122150045")), Approved)
    assert isinstance(judged(without("clock"), last=record()), Unknown)


def test_a_stamp_of_a_clock_that_was_set_since_proves_nothing() -> None:
    sought = Recover(operation=SALE, attempt=ATTEMPT, marks=(committed(),))
    outcome = judge(sought, (record(),), "last", steady=False)
    assert isinstance(outcome, Unknown)
    assert outcome.evidence.differs == ("at",)


def test_the_turn_of_the_year_is_a_moment_like_any_other() -> None:
    before = committed(clock="1231235950", last__at="1231230000")
    assert isinstance(judged(before, last=record(at="0101000010")), Approved)


def test_receipt_numbers_wrap() -> None:
    assert isinstance(judged(committed(last__receipt="9999"), last=record(receipt="0001")), Approved)
    assert isinstance(judged(committed(last__receipt="9999"), last=record(receipt="0002")), Unknown)


@pytest.mark.parametrize("result", [NO, UNDONE])
def test_a_direct_successor_that_does_not_stand_proves_that_ours_does_not_either(result: Final) -> None:
    ours = judged(committed(), last=record(result=result, at="1122153000"))
    assert (type(ours), ours.money) == (type(result), result.money)
    other = judged(committed(), last=record(result=result, amount=Money(99)))
    assert (type(other), other.money) == (NotStarted, "none")
    assert isinstance(judged(committed(), last=record(result=result, receipt="0043")), Unknown)


def test_what_does_not_stand_proves_it_where_the_terminal_tells_no_times_too() -> None:
    next_one = {name: value for name, value in NEXT.items() if name != "at"}
    refused = TerminalRecord(next_one, AMOUNT, NO)
    assert isinstance(judged(committed(), last=refused), Declined)
    assert isinstance(judged(without("last.at"), last=record(result=NO)), Declined)


def test_after_a_result_was_seen_only_its_own_record_counts() -> None:
    outcome = judged(committed(), SEEN, last=record(receipt="0043", trace="000063", turnover="000043"))
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "human"


def test_a_result_that_is_not_understood_is_for_a_human() -> None:
    outcome = judged(committed(), SEEN, last=record(result=None))
    assert isinstance(outcome, Unknown)
    assert (outcome.owner, outcome.code) == ("human", "no_result")


@pytest.mark.parametrize(
    ("baseline", "kind"), [("empty", NotStarted), ("known", Unknown), ("unreadable", Unknown)]
)
def test_a_terminal_that_has_stored_nothing(baseline: str, kind: type) -> None:
    assert isinstance(judged(mark("committed", baseline=baseline), last=None), kind)


@pytest.mark.parametrize(("told", "kind"), [({"approved": "yes"}, Unknown), ({}, Cancelled)])
def test_an_empty_memory_after_an_approval_was_lost(told: dict[str, str], kind: type[Outcome]) -> None:
    seen = mark("result_seen", receipt="0001", **told)
    outcome = judged(mark("committed", baseline="empty"), seen, last=None)
    assert isinstance(outcome, kind)
    assert outcome.code == ("terminal_forgot" if kind is Unknown else "not_booked")


def test_the_first_transaction_of_an_empty_terminal_is_ours() -> None:
    empty = mark("committed", baseline="empty", clock="1122150000")
    assert isinstance(judged(empty, last=record(receipt="0001")), Approved)
    unreadable = mark("committed", baseline="unreadable", clock="1122150000")
    assert isinstance(judged(unreadable, last=record(receipt="0001")), Unknown)


def test_what_follows_an_empty_memory_may_be_the_second() -> None:
    """A decline of another amount after an empty memory does not say what the first one was."""
    empty = mark("committed", baseline="empty", clock="1122150000")
    refused = Declined(code="declined", evidence=PROOF)
    other = record(receipt="0002", amount=Money(777), result=refused)
    outcome = judged(empty, last=other)
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "human"
    assert isinstance(judged(empty, last=record(receipt="0001", result=refused)), Declined)


# --- the end of a day -------------------------------------------------------------------------------

BATCH = {"kind": "batch", "trace": "000062", "at": "1122150500"}
CLOSED = TerminalRecord(BATCH, Money(99_000), Approved(money="none", evidence=PROOF))


def test_a_batch_after_the_baseline_says_that_the_day_is_closed() -> None:
    day = Reconcile(operation_id="op")
    assert isinstance(judged(committed(), last=CLOSED, operation=day), Approved)
    assert isinstance(judged(committed(), last=record(BEFORE), operation=day), NotStarted)
    assert isinstance(judged(committed(), last=record(), operation=day), Unknown)


def test_a_batch_is_no_sale() -> None:
    assert isinstance(judged(committed(), last=CLOSED), Unknown)


def test_the_first_sale_after_a_batch_is_told_by_its_trace() -> None:
    marks = mark(
        "committed",
        **{"baseline": "known", "clock": "1122150900", "last.kind": "batch", "last.trace": "000062"},
    )
    assert isinstance(judged(marks, last=record(trace="000063", at="1122150910")), Approved)
    # Traces count what was refused meanwhile, too.
    assert isinstance(judged(marks, last=record(trace="000064", at="1122150910")), Approved)
    assert isinstance(judged(marks, last=record(trace="000061", at="1122150910")), Unknown)
    assert isinstance(judged(marks, last=TerminalRecord(BATCH, Money(0), None)), NotStarted)


# --- other sources ----------------------------------------------------------------------------------


def test_by_our_own_key() -> None:
    mine = TerminalRecord({"reference": "AB7"}, AMOUNT, YES)
    other = TerminalRecord({"reference": "AB6"}, AMOUNT, YES)
    sought = Recover(operation=SALE, attempt=ATTEMPT, marks=())
    assert isinstance(judge(sought, (other, mine), "by_id"), Approved)
    assert isinstance(judge(sought, (other,), "by_id"), NotStarted)


def test_a_late_message_is_believed_as_it_is() -> None:
    outcome = judged(committed(), last=record(receipt="0099"), source="late_message")
    assert isinstance(outcome, Approved)
    assert outcome.evidence.source == "late_message"


def test_what_only_agrees_in_zeros_or_nothing_agrees_in_nothing() -> None:
    sought = Recover(operation=SALE, attempt=ATTEMPT, marks=(committed(),))
    assert is_baseline(sought, record(BEFORE))
    assert not is_baseline(sought, record(BEFORE, receipt="0042"))
    assert not is_baseline(sought, TerminalRecord({}, AMOUNT, YES))


def test_later_marks_count_over_earlier_ones() -> None:
    marks = (mark("committed", a="1", b="1"), mark("result_seen", b="2"))
    assert noted(Recover(operation=SALE, attempt=ATTEMPT, marks=marks)) == {"a": "1", "b": "2"}


_KEYS = st.dictionaries(
    st.sampled_from(["receipt", "trace", "turnover", "at", "kind", "result", "reference"]),
    st.text(max_size=6),
)
_RECORDS = st.builds(
    TerminalRecord, _KEYS, st.sampled_from([None, AMOUNT, Money(1)]), st.sampled_from([None, YES, NO, UNDONE])
)
_MARKS = st.lists(
    st.builds(
        lambda stage, plain, last: mark(
            stage, **plain, **{f"last.{key}": text for key, text in last.items()}
        ),
        st.sampled_from(get_args(Stage)),
        st.dictionaries(st.sampled_from(["baseline", "clock", "receipt", "trace"]), st.text(max_size=10)),
        _KEYS,
    ),
    max_size=3,
)


@given(_MARKS, st.lists(_RECORDS, max_size=2), st.sampled_from(get_args(Source)))
def test_the_judge_always_has_an_answer_and_its_approvals_have_agreement(
    marks: list[Mark], records: list[TerminalRecord], source: Source
) -> None:
    outcome = judge(Recover(operation=SALE, attempt=ATTEMPT, marks=tuple(marks)), records, source)
    if isinstance(outcome, Approved):
        assert outcome.evidence.agrees
    if isinstance(outcome, Unknown):
        assert outcome.owner == "human"
