"""The judge's rules for what a vault books: charges by token, and the cards that it keeps."""

from __future__ import annotations

import pytest

from simulator.acquirer.lines import Line
from simulator.demo.agreement import compare
from tests.unit.simulator.demo.paper import Paper, line, operation

TOKEN = "ab" * 16
KEPT = {"value": TOKEN, "kind": "chargeable", "scope": "merchant-1"}
ORDER, TRANSACTION = operation(5), "7-0_0"


def booked(number: int, kind: str, **changes: object) -> Line:
    """A line of the vault's, of the order that both orders below are."""
    values = {"terminal": "store5", "receipt": TRANSACTION, "trace": "", "turnover": "", "order": ORDER}
    return line(number, **{"kind": kind, **values, **changes})  # type: ignore[arg-type]  # fields of a line


def kept(paper: Paper) -> Paper:
    return paper.fact(4, "approved", "store_card", token=KEPT, money="none", evidence=None)


def charged(paper: Paper, **changes: object) -> Paper:
    evidence = {"source": "dialogue", "seen": {"order_id": ORDER, "transaction": TRANSACTION}}
    return paper.fact(5, "approved", "charge_card", **{"evidence": evidence, **changes})


def complaints(vault: list[Line], paper: Paper) -> list[str]:
    found = compare([line(1)], paper.traffic(), vault)
    return [finding.phrase.en for finding in found if not finding.good]


STORED = booked(2, "token_stored", amount_minor=0, token=TOKEN, order=operation(4))
WHOLE = [booked(1, "verification", amount_minor=0, order=operation(4)), STORED, booked(3, "charge")]


def test_a_card_kept_and_charged_agrees_and_the_charge_is_named() -> None:
    paper = charged(kept(Paper().sale(1)))
    findings = compare([line(1)], paper.traffic(), WHOLE)
    assert all(finding.good for finding in findings)
    text = "\n".join(finding.phrase.en for finding in findings)
    assert "Ledger, line 1: a charge of $47.50" in text
    assert "Vault, line 3: a charge of $47.50" in text
    assert "cards kept at the vault: 1" in text


@pytest.mark.parametrize(
    ("vault", "complaint"),
    [
        (WHOLE[:2], "the ledger knows nothing of it"),
        ([WHOLE[0], WHOLE[1], booked(3, "charge", amount_minor=9)], "Vault, line 3: a charge of $0.09"),
        ([*WHOLE, booked(4, "charge", order=operation(6), receipt="8-0_0")], "Charged twice?"),
        ([WHOLE[0], booked(2, "charge")], "reported a stored card"),
        ([STORED, WHOLE[2]], "Vault, line 1: its id is store5-2"),
    ],
)
def test_what_does_not_fit_is_named(vault: list[Line], complaint: str) -> None:
    found = complaints(vault, charged(kept(Paper().sale(1))))
    assert any(complaint in one for one in found), found


def test_a_card_that_an_agent_kept_and_nobody_told() -> None:
    assert complaints([WHOLE[0], STORED], Paper().sale(1)) == [
        "Vault, line 2: a stored card that nobody reported to the clinic."
    ]


def test_a_card_that_the_clinic_itself_kept_is_no_agents_to_tell() -> None:
    online = booked(1, "token_stored", amount_minor=0, token=TOKEN, order="", receipt="")
    assert complaints([online], Paper().sale(1)) == []
