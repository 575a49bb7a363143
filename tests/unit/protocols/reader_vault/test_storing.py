"""Keeping a card: verified first, marked, then kept by that verification; nothing of its frame stays."""

from __future__ import annotations

import pytest

from protocols.core.card import Address, Card, CardToken
from protocols.core.card_source import Ready
from protocols.core.facts import Mark
from protocols.core.operations import Recover, StoreCard
from protocols.core.outcomes import Approved, Cancelled, Declined, NotStarted, Unknown
from protocols.core.session import Abort, Opened, Peer, Phase, Status
from protocols.core.session import Link as Wire
from protocols.core.vault import NoAnswer, StatusOf, StoredCredential, TokenizeOrder, VaultAnswer, VerifyFrame
from tests.support.reader_desk import ATTEMPT, NAME, Counter, FakeSource

STORE = StoreCard(
    operation_id=NAME, entry_modes=("swipe", "keyed"), charged_later=True, address=Address("H2X1Y4")
)
GOOD = VaultAnswer(
    verdict="done",
    code="approved",
    keys={"transaction": "799655-0_11", "issuer_id": "ISS1"},
    card=Card(brand="visa"),
    avs="Z",
    cvd="1M",
)
KEPT = VaultAnswer(verdict="done", code="card_stored", token=CardToken("ot-less-token", "chargeable", "m-1"))
MARKS = (
    Mark(NAME, 1, "committed", {"order_id": NAME, "last_four": "4242", "entry_mode": "swipe"}),
    Mark(NAME, 1, "step_done", {"transaction": "799655-0_11", "issuer_id": "ISS1"}),
)


def asked_for_a_card() -> Counter:
    """A reader that waits for the card."""
    counter = Counter()
    counter.begin(STORE)
    assert counter.prompts == ["swipe_or_key"]
    return counter


def test_a_card_is_verified_marked_and_kept() -> None:
    counter = asked_for_a_card()
    counter.swipe()
    request = counter.vault.asked[0]
    assert isinstance(request, VerifyFrame)
    assert (request.order_id, request.customer, request.keyed) == (NAME, NAME, False)
    assert (request.credential, request.address) == (StoredCredential("first"), Address("H2X1Y4"))
    assert [mark.stage for mark in counter.marks] == ["committed"]
    assert counter.marks[0].keys["order_id"] == NAME
    counter.answer(GOOD)
    assert [mark.stage for mark in counter.marks] == ["committed", "step_done"]
    assert counter.vault.asked[1] == TokenizeOrder(order_id=NAME, customer=NAME, transaction="799655-0_11")
    counter.answer(KEPT)
    outcome = counter.concluded.outcome
    assert isinstance(outcome, Approved)
    assert (outcome.token, outcome.money) == (KEPT.token, "none")
    assert outcome.details == {"avs_result": "Z", "cvv_result": "1M", "network_transaction_id": "ISS1"}
    assert outcome.card == Card(brand="visa", last_four="4242", entry_mode="swipe")
    assert counter.session.phase is Phase.IDLE


def test_nobody_is_asked_for_a_card_while_the_vault_is_away() -> None:
    counter = Counter()
    counter.begin(STORE, reach=False)
    assert counter.prompts == []
    counter.vault.why = "tls_untrusted: the certificate is not known"
    counter.give(Opened(Wire("reader", 1), Peer("usb")))
    counter.after(0.0)
    outcome = counter.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "vault_unreachable"
    assert counter.session.phase is Phase.DOWN


def test_a_card_that_is_declined_is_not_kept() -> None:
    counter = asked_for_a_card()
    counter.swipe()
    counter.answer(VaultAnswer(verdict="declined", code="expired_card"))
    assert isinstance(counter.concluded.outcome, Declined)
    assert len(counter.vault.asked) == 1


def test_a_debit_card_is_not_kept() -> None:
    counter = asked_for_a_card()
    counter.swipe()
    counter.answer(VaultAnswer(verdict="done", code="approved", keys=GOOD.keys, debit=True))
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (Declined, "interac_only")
    assert len(counter.vault.asked) == 1


def test_a_refused_read_is_told_and_another_one_taken() -> None:
    counter = asked_for_a_card()
    assert counter.source is not None
    counter.source.refusal = "card_unreadable"
    counter.after(1.0)
    assert counter.prompts == ["swipe_or_key", "card_unreadable"]
    counter.swipe()
    assert len(counter.vault.asked) == 1


def test_only_the_ways_that_were_asked_for_are_armed() -> None:
    counter = Counter()
    counter.begin(StoreCard(operation_id=NAME, entry_modes=("keyed", "tap")))
    assert counter.source is not None
    assert counter.source.armed_for == ("keyed",)
    assert counter.prompts == ["key_card"]


def test_an_abort_before_the_card_is_honoured_and_after_it_too_late() -> None:
    counter = asked_for_a_card()
    counter.give(Abort(NAME))
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.abort) == (Cancelled, "honoured")
    assert counter.source is not None
    assert counter.source.ready is Ready.READY
    counter = asked_for_a_card()
    counter.swipe()
    counter.give(Abort(NAME))
    counter.answer(GOOD)
    counter.answer(KEPT)
    assert counter.concluded.outcome.abort == "too_late"


def test_a_patient_who_does_not_come_ends_it() -> None:
    counter = asked_for_a_card()
    counter.after(91.0)
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (Cancelled, "timed_out")


def test_a_command_that_expires_while_the_card_is_awaited_never_runs() -> None:
    counter = Counter()
    counter.begin(STORE, until=1010.0)
    counter.now = 1011.0
    frame = counter.swipe()
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (NotStarted, "expired")
    assert counter.vault.asked == []
    assert bytes(frame.view()) == bytes(5)


def test_nobody_is_asked_for_a_card_when_the_command_is_not_wanted_any_more() -> None:
    counter = Counter()
    counter.begin(STORE, until=1030.0)
    assert counter.session.next_deadline() == 1030.0
    counter.after(30.0)
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code, outcome.evidence.source) == (NotStarted, "expired", "never_sent")


def test_a_reader_that_is_pulled_out_ends_it_with_nothing_done() -> None:
    counter = asked_for_a_card()
    assert counter.source is not None
    counter.source.ready, counter.source.why = Ready.DOWN, "unplugged: it was pulled out"
    counter.after(0.1)
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (NotStarted, "reader_lost")


@pytest.mark.parametrize(("sent", "kind"), [(True, Unknown), (False, NotStarted)])
def test_a_lost_answer_is_doubt_unless_nothing_had_left(sent: bool, kind: type) -> None:
    counter = asked_for_a_card()
    counter.swipe()
    counter.answer(NoAnswer("reset: by peer", sent=sent))
    assert type(counter.concluded.outcome) is kind


def test_a_lost_token_is_asked_for_again_without_the_card() -> None:
    counter = Counter()
    counter.begin(Recover(operation=STORE, attempt=ATTEMPT, marks=MARKS))
    assert counter.vault.asked == [TokenizeOrder(order_id=NAME, customer=NAME, transaction="799655-0_11")]
    counter.answer(KEPT)
    outcome = counter.concluded.outcome
    assert isinstance(outcome, Approved)
    assert (outcome.token, outcome.evidence.source) == (KEPT.token, "by_id")
    assert outcome.details["network_transaction_id"] == "ISS1"
    assert outcome.card == Card(last_four="4242", entry_mode="swipe")


@pytest.mark.parametrize("marks", [MARKS[:1], ()])
def test_a_lost_verification_is_asked_for_and_the_card_kept(marks: tuple[Mark, ...]) -> None:
    """Also where the journal is lost: the order is the operation's own id."""
    counter = Counter()
    counter.begin(Recover(operation=STORE, attempt=ATTEMPT, marks=marks))
    assert counter.vault.asked == [StatusOf(NAME, "verify_frame")]
    counter.answer(GOOD)
    assert [mark.stage for mark in counter.marks] == ["step_done"]
    counter.answer(KEPT)
    assert isinstance(counter.concluded.outcome, Approved)


def test_a_verification_that_never_arrived_keeps_nothing() -> None:
    counter = Counter()
    counter.begin(Recover(operation=STORE, attempt=ATTEMPT, marks=MARKS[:1]))
    counter.answer(VaultAnswer(verdict="unknown_order", code="order_unknown"))
    outcome = counter.concluded.outcome
    assert (type(outcome), outcome.code) == (NotStarted, "not_booked")


def test_another_agents_verification_is_waited_for_before_nothing_is_told() -> None:
    counter = Counter()
    counter.begin(Recover(operation=STORE, attempt=ATTEMPT, marks=()))
    counter.answer(VaultAnswer(verdict="unknown_order", code="order_unknown"))
    assert counter.concluded.outcome.code == "not_there_yet"
    counter.facts.clear()
    counter.now += 121.0
    counter.begin(Recover(operation=STORE, attempt=ATTEMPT, marks=()))
    counter.answer(VaultAnswer(verdict="unknown_order", code="order_unknown"))
    assert counter.concluded.outcome.code == "not_booked"


def test_how_reader_and_vault_stand_is_told_apart() -> None:
    counter = Counter(FakeSource(("swipe",)))
    counter.begin(STORE)
    status = [notice for notice in counter.told if isinstance(notice, Status)][-1]
    assert set(status.parts) == {"reader", "vault"}
    assert status.capabilities is not None
    assert status.capabilities.entry_modes == ("swipe",)
    assert (status.capabilities.token_kind, status.capabilities.token_scope) == ("chargeable", "m-1")


def test_where_a_card_is_to_be_swiped_nothing_is_said_of_keys() -> None:
    counter = Counter()
    counter.begin(StoreCard(operation_id=NAME, entry_modes=("swipe", "tap")))
    assert counter.prompts == ["swipe_card"]
