"""Money through the vault: by card or by token, given back, and found out about when an answer is lost."""

from __future__ import annotations

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import (
    Capture,
    ChargeCard,
    DeleteCard,
    ListExpiring,
    Operation,
    Original,
    Preauth,
    Reconcile,
    Recover,
    Refund,
    Request,
    Reversal,
    Sale,
    VerifyCard,
)
from protocols.core.outcomes import Approved, Cancelled, Declined, NotStarted, Unknown
from protocols.core.values import Money
from protocols.core.vault import (
    CorrectOrder,
    DeleteToken,
    NoAnswer,
    PurchaseFrame,
    PurchaseToken,
    RefundOrder,
    StatusOf,
    StoredCredential,
    VaultAnswer,
    VerifyToken,
)
from tests.support.reader_desk import ATTEMPT, NAME, Counter

PAID = "01JD9QX1B2C3D4E5F6G7H8J9KM"
AMOUNT = Money(4750)
CHARGE = ChargeCard(operation_id=NAME, token="token-1", amount=AMOUNT, use="merchant", issuer_id="ISS1")
ORIGINAL = Original(PAID, "sale", AMOUNT, {"transaction": "T-1"})
REFUND = Refund(operation_id=NAME, amount=Money(1000), original=ORIGINAL)
REVERSAL = Reversal(operation_id=NAME, original=ORIGINAL)
DONE = VaultAnswer(verdict="done", code="approved", keys={"transaction": "T-2"}, authorisation_code="A1")
UNKNOWN = VaultAnswer(verdict="unknown_order", code="order_unknown")
INCOMPLETE = VaultAnswer(verdict="incomplete", code="vault_incomplete")


def begun(operation: Operation) -> Counter:
    """The lane without a reader, with its vault there."""
    counter = Counter(without_reader=True)
    counter.begin(operation)
    return counter


def sought(request: Request, *marks: Mark) -> Counter:
    """After a restart."""
    return begun(Recover(operation=request, attempt=ATTEMPT, marks=marks))


def test_a_sale_by_card() -> None:
    counter = Counter()
    counter.begin(Sale(operation_id=NAME, amount=AMOUNT))
    counter.swipe("keyed")
    request = counter.vault.asked[0]
    assert isinstance(request, PurchaseFrame)
    assert (request.order_id, request.amount, request.keyed) == (NAME, AMOUNT, True)
    counter.answer(DONE)
    outcome = counter.concluded.outcome
    assert isinstance(outcome, Approved)
    assert (outcome.money, outcome.amount, outcome.authorisation_code) == ("charged", AMOUNT, "A1")


def test_a_no_show_is_charged_by_token_with_the_issuers_id() -> None:
    counter = begun(CHARGE)
    assert counter.vault.asked == [
        PurchaseToken(
            order_id=NAME,
            customer=NAME,
            token="token-1",
            amount=AMOUNT,
            credential=StoredCredential("merchant", "ISS1"),
        )
    ]
    assert [mark.stage for mark in counter.marks] == ["committed"]
    counter.answer(DONE)
    assert counter.concluded.outcome.money == "charged"


def test_a_decline_is_an_end_and_a_vault_that_does_not_know_is_doubt() -> None:
    counter = begun(CHARGE)
    counter.answer(VaultAnswer(verdict="declined", code="insufficient_funds"))
    assert isinstance(counter.concluded.outcome, Declined)
    counter = begun(CHARGE)
    counter.answer(INCOMPLETE)
    assert isinstance(counter.concluded.outcome, Unknown)


def test_a_lost_charge_is_asked_for_by_its_order_and_never_sent_again() -> None:
    counter = sought(CHARGE)
    assert counter.vault.asked == [StatusOf(NAME, "purchase_token")]
    counter.answer(DONE)
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.evidence.source, outcome.money) == (Approved, "by_id", "charged")


def test_an_order_that_is_not_there_must_stay_away_before_it_proves_anything() -> None:
    counter = sought(CHARGE)
    counter.answer(UNKNOWN)
    first = counter.concluded.outcome
    assert isinstance(first, Unknown)
    assert (first.owner, first.code) == ("agent", "not_there_yet")
    counter.facts.clear()
    counter.now += 121.0
    counter.begin(Recover(operation=CHARGE, attempt=ATTEMPT, marks=()))
    counter.answer(UNKNOWN)
    last = counter.concluded.outcome
    assert (type(last), last.code) == (NotStarted, "not_booked")


def test_an_order_that_came_late_counts() -> None:
    counter = sought(CHARGE)
    counter.answer(UNKNOWN)
    counter.facts.clear()
    counter.now += 60.0
    counter.begin(Recover(operation=CHARGE, attempt=ATTEMPT, marks=()))
    counter.answer(DONE)
    assert isinstance(counter.concluded.outcome, Approved)


def test_a_refund_looks_first_and_then_gives_back() -> None:
    counter = begun(REFUND)
    assert counter.vault.asked == [StatusOf(PAID, "refund")]
    counter.answer(UNKNOWN)
    assert counter.marks[0].keys["baseline"] == "none"
    assert counter.vault.asked[1] == RefundOrder(
        order_id=PAID, customer=NAME, transaction="T-1", amount=Money(1000)
    )
    counter.answer(DONE)
    assert counter.concluded.outcome.money == "returned"


def test_an_earlier_refund_is_not_taken_for_the_lost_one() -> None:
    mark = Mark(NAME, 1, "committed", {"baseline": "known", "last.transaction": "T-9"})
    counter = sought(REFUND, mark)
    earlier = VaultAnswer(verdict="done", code="approved", keys={"transaction": "T-9"}, amount=Money(1000))
    counter.answer(earlier)
    assert counter.concluded.outcome.code == "not_there_yet"
    counter.facts.clear()
    counter.now += 121.0
    counter.begin(Recover(operation=REFUND, attempt=ATTEMPT, marks=(mark,)))
    counter.answer(earlier)
    assert isinstance(counter.concluded.outcome, NotStarted)


UNREADABLE = Mark(NAME, 1, "committed", {"baseline": "unreadable"})


@pytest.mark.parametrize(
    ("request_", "marks"),
    [(REFUND, (UNREADABLE,)), (REFUND, ()), (REVERSAL, ())],
    ids=["a refund, unreadable before", "a refund without a mark", "a correction without a mark"],
)
def test_what_cannot_be_told_from_anothers_is_for_a_human(request_: Request, marks: tuple[Mark, ...]) -> None:
    counter = sought(request_, *marks)
    counter.answer(DONE)
    outcome = counter.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert outcome.owner == "human"


def test_a_correction_that_was_marked_is_ours_whatever_could_be_read_before() -> None:
    counter = sought(REVERSAL, UNREADABLE)
    counter.answer(DONE)
    assert isinstance(counter.concluded.outcome, Approved)


def test_nothing_is_given_back_while_the_vault_does_not_answer() -> None:
    counter = begun(REFUND)
    counter.answer(NoAnswer("vault_silent: 35 s", sent=True))
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (NotStarted, "vault_unreachable")
    assert counter.marks == []


def test_a_correction_undoes_the_whole_order() -> None:
    counter = begun(REVERSAL)
    counter.answer(UNKNOWN)
    assert counter.vault.asked[1] == CorrectOrder(order_id=PAID, customer=NAME, transaction="T-1")
    counter.answer(DONE)
    outcome = counter.concluded.outcome
    assert isinstance(outcome, Approved)
    assert (outcome.money, outcome.amount) == ("returned", AMOUNT)


def test_an_original_whose_reference_is_lost_is_not_touched() -> None:
    counter = begun(Reversal(operation_id=NAME, original=Original(PAID, "sale", AMOUNT, {})))
    counter.answer(UNKNOWN)
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (NotStarted, "original_unknown")


def test_a_stored_card_is_verified_deleted_and_listed() -> None:
    counter = begun(VerifyCard(operation_id=NAME, token="token-1", issuer_id="ISS1"))
    assert isinstance(counter.vault.asked[0], VerifyToken)
    counter.answer(DONE)
    assert counter.concluded.outcome.code == "card_good"
    counter = begun(DeleteCard(operation_id=NAME, token="token-1"))
    assert counter.vault.asked == [DeleteToken("token-1")]
    counter.answer(DONE)
    assert counter.concluded.outcome.code == "card_deleted"
    counter = begun(ListExpiring(operation_id=NAME))
    counter.answer(VaultAnswer(verdict="done", code="done"))
    assert counter.concluded.outcome.code == "done"


def test_what_leaves_nothing_behind_is_over_when_its_answer_is_lost() -> None:
    counter = sought(DeleteCard(operation_id=NAME, token="token-1"))
    assert counter.vault.asked == []
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (Cancelled, "interrupted")


@pytest.mark.parametrize(
    "request_",
    [
        Preauth(operation_id=NAME, amount=AMOUNT),
        Capture(operation_id=NAME, original=ORIGINAL, amount=AMOUNT),
        Reconcile(operation_id=NAME),
    ],
)
def test_money_of_another_terminal_is_for_a_human_to_find_out(request_: Request) -> None:
    counter = sought(request_)
    assert counter.vault.asked == []
    outcome = counter.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner, outcome.money) == ("terminal_cannot_tell", "human", "unknown")
