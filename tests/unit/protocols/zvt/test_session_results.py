"""What the results of a sale come to: several of one, and one told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Sale
from protocols.core.values import Money
from tests.support.zvt_script import OK, Script, status

SALE = Sale(operation_id="op-1", amount=Money(1250))
ACK = "800000"


def committed_sale() -> Script:
    """A sale is on the line."""
    script = Script()
    script.greet()
    script.begin(SALE)
    script.note()
    return script


@pytest.mark.parametrize(("result", "approved"), [("00", "yes"), ("05", None)])
def test_the_mark_of_a_result_says_whether_it_was_an_approval(result: str, approved: str | None) -> None:
    script = committed_sale()
    script.hear(OK, status(result, "0042"))
    seen = next(fact for fact in script.facts if isinstance(fact, Mark) and fact.stage == "result_seen")
    assert seen.keys.get("approved") == approved


@pytest.mark.parametrize(
    ("results", "end", "stage"),
    [
        (("55", "00"), "060F00", "Approved"),  # the PIN was wrong at first
        (("00", "00"), "060F00", "Approved"),
        (("00", "6C"), "060F00", "Unknown"),
        (("00", "6C"), "061E016C", "Unknown"),
        (("00", "6C", "00"), "060F00", "Approved"),
        (("55", "6C"), "061E016C", "Cancelled"),
    ],
)
def test_of_several_results_the_last_counts_unless_one_before_was_an_approval(
    results: tuple[str, ...], end: str, stage: str
) -> None:
    script = committed_sale()
    script.hear(OK, *(status(result, "0042") for result in results), end)
    assert script.stages[-1] == stage


def test_the_last_result_told_once_more_is_no_result_of_the_next_sale() -> None:
    script = committed_sale()
    script.hear(OK, status("00", "0042"), "060F00")
    script.begin(replace(SALE, operation_id="op-2"))
    script.note("0042")
    script.hear(OK, status("00", "0042"))
    assert script.stages[-1] == "Unknown"
    assert script.sent[-1] == ACK
