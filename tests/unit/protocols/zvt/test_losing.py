"""What is known when the line is lost, and what is said of a wish to stop."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.core.operations import Attempt, ChargeCard, Reconcile, Request, Sale, StoreCard
from protocols.core.outcomes import Approved, Cancelled, Declined, Evidence, NotStarted, Outcome, Unknown
from protocols.core.values import Money
from protocols.zvt.dialogue import Dialogue
from protocols.zvt.losing import lost_outcome, stopped

SALE = Sale(operation_id="op", amount=Money(1))
PROOF = Evidence("dialogue")


def dialogue(request_: Request = SALE, *, committed: bool = False, abort_asked: bool = False) -> Dialogue:
    attempt = Attempt(1, "AB1", datetime(2026, 11, 22, tzinfo=UTC))
    return Dialogue(request_, attempt, 100.0, committed=committed, abort_asked=abort_asked)


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("peer_closed: it hung up", "terminal_offline"),
        ("terminal_busy", "terminal_busy"),
        ("out_of_step", "terminal_busy"),
    ],
)
def test_before_the_commit_nothing_happened(why: str, code: str) -> None:
    outcome = lost_outcome(dialogue(), why)
    assert isinstance(outcome, NotStarted)
    assert (outcome.code, outcome.evidence.source, outcome.evidence.seen["why"]) == (code, "never_sent", why)


def test_a_loss_that_meets_a_wish_to_stop_grants_it() -> None:
    assert lost_outcome(dialogue(abort_asked=True), "cut").code == "aborted"


@pytest.mark.parametrize("request_", [SALE, Reconcile(operation_id="op")])
def test_after_the_commit_it_is_unknown_and_asked_about(request_: Request) -> None:
    outcome = lost_outcome(dialogue(request_, committed=True), "cut")
    assert isinstance(outcome, Unknown)
    assert (outcome.owner, outcome.money) == ("agent", "unknown")
    assert outcome.ask_again_s is not None


def test_a_card_that_was_to_be_kept_is_presented_again() -> None:
    outcome = lost_outcome(dialogue(StoreCard(operation_id="op"), committed=True), "cut")
    assert isinstance(outcome, Cancelled)
    assert (outcome.code, outcome.money) == ("interrupted", "none")


def test_a_charge_of_another_terminal_is_for_a_human_to_find_out() -> None:
    charge = ChargeCard(operation_id="op", token="token-1", amount=Money(1), use="merchant")
    outcome = lost_outcome(dialogue(charge, committed=True), "restarted")
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner, outcome.money) == ("terminal_cannot_tell", "human", "unknown")


@pytest.mark.parametrize(
    ("outcome", "effect"),
    [
        (Cancelled(code="x", evidence=PROOF), "honoured"),
        (NotStarted(code="x", evidence=PROOF), "honoured"),
        (Approved(money="charged", evidence=PROOF), "too_late"),
        (Declined(code="x", evidence=PROOF), "too_late"),
        (Unknown(code="x", evidence=PROOF), None),
    ],
)
def test_what_came_of_a_wish_to_stop(outcome: Outcome, effect: str | None) -> None:
    assert stopped(outcome).abort == effect


def test_staff_who_asked_are_told_that_it_was_their_wish() -> None:
    assert stopped(Cancelled(code="aborted_at_terminal", evidence=PROOF)).code == "aborted"
