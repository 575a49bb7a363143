"""The verdict of a sweep on one order that was struck."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from protocols.contract.wording import words
from simulator.acquirer.lines import Line
from tests.support.booked import booked
from tests.support.vault_truth import assert_true_at_vault
from tests.sweep.judging import Told, effects, judged

CHARGE = booked("charge", "1", reason="U/2")
KEPT = booked("token_stored", "2", token="t0")


def told(op: str, state: str, **keys: Any) -> OperationView:
    """A final view."""
    code = keys.pop("code", state)
    asked = (
        {}
        if op in ("store_card", "verify_card", "delete_card")
        else {"amount_minor": 4750, "currency": "CAD"}
    )
    return OperationView(
        operation_id="01JD9QZ4X8M3K7N5P2R6T0V1WY",
        op=op,
        state=state,
        code=code,
        text=words("approved"),
        **{**asked, **keys},
    )


def token(value: str) -> dict[str, str]:
    """As it stands in a view."""
    return {"value": value, "kind": "chargeable", "scope": "merchant-1"}


def rejected() -> Reply:
    """One that was never taken."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Reply(op="sale", verdict="rejected", code="expired", text=words("expired"), at=at)


def verdict(view: Told, lines: Sequence[Line], before: int = 0) -> str:
    """At a vault."""
    return judged(view, lines, before, lambda one, since: assert_true_at_vault(one, lines, since))[0]


def test_two_of_a_kind_are_double_whatever_was_told() -> None:
    assert verdict(None, [CHARGE, booked("charge", "2")]) == "double"
    assert (
        verdict(told("refund", "approved", money="returned"), [booked("refund", "1"), booked("refund", "2")])
        == "double"
    )


def test_nothing_told_is_lost_and_whatever_stands_behind_a_rejection_is_wrong() -> None:
    assert verdict(None, [CHARGE]) == "lost"
    assert verdict(rejected(), [CHARGE]) == "wrong"
    assert verdict(rejected(), [KEPT]) == "wrong"
    assert verdict(rejected(), [CHARGE], 1) == "true"


def test_what_is_left_to_a_human_is_not_decided() -> None:
    left = told("charge_card", "needs_human")
    assert verdict(left, [CHARGE]) == "human"
    assert verdict(left, [CHARGE, booked("charge", "2")]) == "double"


def test_what_was_undone_and_what_is_older_does_not_stand() -> None:
    undone = booked("reversal", "2", reverses="1")
    assert effects([CHARGE, undone], 0) == []
    assert effects([CHARGE, undone], 1) == [undone]
    assert effects([KEPT, booked("token_deleted", "3", token="t0")], 0) == [
        booked("token_deleted", "3", token="t0")
    ]


@pytest.mark.parametrize(
    ("view", "line"),
    [
        (told("charge_card", "approved", money="charged"), CHARGE),
        (told("store_card", "approved", card_stored="yes", token=token("t0")), KEPT),
        (told("verify_card", "approved"), booked("verification", "1")),
        (told("delete_card", "approved"), booked("token_deleted", "1", token="t0")),
    ],
    ids=["charge", "store", "verify", "delete"],
)
def test_approved_is_true_only_with_its_line_and_nothing_else_only_without(
    view: OperationView, line: Line
) -> None:
    assert verdict(view, [line]) == "true"
    assert verdict(view, []) == "wrong"
    kept = {"card_stored": "no"} if view.op == "store_card" else {}
    not_done = told(view.op, "not_started", **kept)
    assert verdict(not_done, [line]) == "wrong"
    assert verdict(not_done, []) == "true"


def test_a_card_that_is_kept_under_another_token_than_was_told_is_wrong() -> None:
    view = told("store_card", "approved", card_stored="yes", token=token("t1"))
    assert verdict(view, [KEPT]) == "wrong"


@pytest.mark.parametrize(("op", "kind"), [("verify_card", "verification"), ("delete_card", "token_deleted")])
def test_what_cannot_be_asked_for_may_have_been_done_though_it_was_interrupted(op: str, kind: Any) -> None:
    view = told(op, "cancelled", code="interrupted")
    assert verdict(view, []) == "true"
    assert verdict(view, [booked(kind, "1", token="t0")]) == "true"
    assert verdict(view, [KEPT]) == "wrong"
