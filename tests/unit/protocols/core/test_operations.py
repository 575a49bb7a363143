"""What may be asked of a terminal, by name and by amount."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import (
    NAMES,
    Attempt,
    Capture,
    Diagnose,
    Original,
    Preauth,
    Reconcile,
    Recover,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
    amount_of,
)
from protocols.core.values import Money

HELD = Original("01HELD", "preauth", Money(4_000), {"receipt": "0007"})


def test_every_request_has_a_name_of_its_own() -> None:
    assert set(NAMES) == set(get_args(Request))
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize(
    ("request_", "amount"),
    [
        (Sale(operation_id="a", amount=Money(1)), Money(1)),
        (Refund(operation_id="a", amount=Money(2)), Money(2)),
        (Preauth(operation_id="a", amount=Money(3)), Money(3)),
        (Capture(operation_id="a", original=HELD, amount=Money(4)), Money(4)),
        (Reversal(operation_id="a", original=HELD), HELD.amount),
        (StoreCard(operation_id="a"), None),
        (Reconcile(operation_id="a"), None),
        (Diagnose(operation_id="a"), None),
    ],
)
def test_what_an_operation_would_move(request_: Request, amount: Money | None) -> None:
    assert amount_of(request_) == amount


def test_a_recovery_goes_by_the_name_and_language_of_what_it_seeks() -> None:
    sale = Sale(operation_id="01SALE", amount=Money(1), locale="en")
    attempt = Attempt(3, "AB3", datetime(2026, 11, 22, tzinfo=UTC))
    recover = Recover(operation=sale, attempt=attempt, marks=(Mark("01SALE", 3, "committed"),))
    assert (recover.operation_id, recover.locale) == ("01SALE", "en")
