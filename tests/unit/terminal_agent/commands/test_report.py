"""Operations as the contract shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from protocols.contract.ulids import make_ulid
from protocols.core.card import CardToken
from protocols.core.operations import Attempt, Reconcile, StoreCard
from protocols.core.outcomes import Approved, Evidence
from terminal_agent.commands.report import view_of
from terminal_agent.journal.facts import Row

NOW = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
ID = make_ulid(0, bytes(10))
KEPT = Approved(
    evidence=Evidence("dialogue"), money="none", token=CardToken("ab" * 32, "recognition", "merchant-1")
)


def store_card(outcome: Approved) -> Row:
    return Row(
        id=ID,
        terminal="t-1",
        op="store_card",
        hash="00" * 32,
        state="approved",
        code=outcome.code,
        attempt=Attempt(1, "AA1", NOW),
        created=NOW,
        changed=NOW,
        operation=StoreCard(operation_id=ID),
        outcome=outcome,
    )


def test_a_kept_card_is_announced_as_such_not_as_a_payment() -> None:
    view = view_of(store_card(KEPT))
    assert (view.state, view.code, view.card_stored, view.money) == ("approved", "card_stored", "yes", "none")
    assert view.text.en == "Card stored."


def test_a_card_without_a_token_is_not_announced_as_kept() -> None:
    view = view_of(store_card(replace(KEPT, token=None)))
    assert (view.code, view.card_stored) == ("approved", "no")


def test_a_closed_day_is_announced_as_such_not_as_a_payment() -> None:
    row = replace(store_card(KEPT), op="reconcile", operation=Reconcile(operation_id=ID))
    assert (view_of(row).code, view_of(row).text.en) == ("reconciled", "End of day completed.")
    assert view_of(replace(row, code="totals_differ")).code == "totals_differ"
