"""The judge's rules, each broken by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.contract import messages
from protocols.contract.messages import Place, Stamp
from protocols.contract.wording import words
from simulator.acquirer.lines import Line
from simulator.demo.agreement import compare
from tests.unit.simulator.demo.paper import EPOCH, NOW, TOPICS, Paper, line, operation


def complaints(lines: list[Line], paper: Paper) -> list[str]:
    """What the judge holds against them, in English."""
    return [finding.phrase.en for finding in compare(lines, paper.traffic()) if not finding.good]


def the_one_complaint(lines: list[Line], paper: Paper) -> str:
    found = complaints(lines, paper)
    assert len(found) == 1, found
    return found[0]


def test_a_ledger_and_reports_that_fit_agree_and_every_charge_is_named() -> None:
    paper = Paper().sale(1).sale(2, amount_minor=8000).sale(3, "declined")
    findings = compare([line(1), line(2, 8000)], paper.traffic())
    assert all(finding.good for finding in findings)
    text = "\n".join(finding.phrase.en for finding in findings)
    assert "line 1: a charge of $47.50" in text
    assert "line 2: a charge of $80.00" in text
    assert "payments without a charge: 1" in text


def test_nothing_to_compare_is_no_agreement() -> None:
    assert "Nothing to compare" in the_one_complaint([], Paper().sale(1, "declined"))


def test_a_charge_that_nobody_reported() -> None:
    complaint = the_one_complaint([line(1), line(2, 900)], Paper().sale(1))
    assert complaint == "Ledger, line 2: a charge of $9.00 that nobody reported to the clinic."


def test_a_second_charge_for_one_command_is_called_by_its_name() -> None:
    paper = Paper().sale(1).command(1)
    complaint = the_one_complaint([line(1), line(2)], paper)
    assert "line 2" in complaint
    assert "same card as line 1" in complaint
    assert "Charged twice?" in complaint


def test_a_reported_payment_that_the_ledger_does_not_know() -> None:
    complaint = the_one_complaint([line(1)], Paper().sale(1).sale(2))
    assert "the ledger knows nothing of it" in complaint
    assert operation(2)[-6:] in complaint


def test_another_amount_names_the_line_and_both_amounts() -> None:
    complaint = the_one_complaint([line(1, 4850)], Paper().sale(1))
    assert complaint.startswith("Ledger, line 1: a charge of $48.50")
    assert "a sale of $47.50" in complaint


@pytest.mark.parametrize(
    "changed", [{"kind": "refund"}, {"currency": "USD"}, {"card": "************4444"}, {"amount_minor": 1}]
)
def test_every_field_that_must_fit_is_looked_at(changed: dict[str, object]) -> None:
    assert "line 1" in the_one_complaint([line(1, **changed)], Paper().sale(1))  # type: ignore[arg-type]  # fields of a line


def test_without_the_terminals_numbers_a_payment_is_found_by_what_it_did() -> None:
    paper = Paper().sale(1, evidence={"source": "human"}).sale(2, amount_minor=8000)
    assert complaints([line(1), line(2, 8000)], paper) == []
    assert len(complaints([line(1, 4000), line(2, 8000)], paper)) == 2


def test_what_the_terminal_undid_of_its_own_accord_never_happened() -> None:
    lines = [
        line(1),
        line(2, 8000, reason="unacknowledged"),
        replace(line(3, 8000, kind="reversal", reason="unacknowledged"), reverses=line(2).id),
    ]
    assert complaints(lines, Paper().sale(1).sale(2, "not_started", amount_minor=8000)) == []
    assert "the ledger knows nothing" in complaints(lines, Paper().sale(1).sale(2, amount_minor=8000))[0]


def test_a_reversal_that_was_asked_for_is_a_line_and_an_operation() -> None:
    lines = [line(1), replace(line(2, kind="reversal"), reverses=line(1).id)]
    paper = Paper().sale(1).fact(2, "approved", "reversal", money="returned")
    assert complaints(lines, paper) == []
    assert "a reversal of $47.50 that nobody reported" in the_one_complaint(lines, Paper().sale(1))


def test_a_repeated_fact_counts_once() -> None:
    assert complaints([line(1)], Paper().sale(1).again(1, "approved").again(1, "approved")) == []


def test_a_repeated_fact_with_another_content() -> None:
    paper = Paper().sale(1).again(1, "approved", amount_minor=9999)
    assert "repeated with another content" in the_one_complaint([line(1)], paper)


def test_two_ends_of_one_operation() -> None:
    paper = Paper().sale(1).fact(1, "declined").fact(1, "approved")
    assert "reported as ended 3 times" in the_one_complaint([line(1)], paper)


@pytest.mark.parametrize("state", ["accepted", "in_doubt", "needs_human"])
def test_an_operation_that_was_left_open(state: str) -> None:
    complaint = the_one_complaint([line(1)], Paper().sale(1).command(2).fact(2, state))
    assert complaint.endswith(f"was left open: {state}.")


def test_a_correction_outranks_the_end_that_it_corrects() -> None:
    text = words("corrected")
    data = {
        "operation_id": operation(1),
        "was": "declined",
        "state": "approved",
        "money": "charged",
        "code": "corrected",
        "text": {"fr": text.fr, "en": text.en},
        "evidence": {"source": "late_message", "seen": {"receipt": "0001"}},
    }
    stamp, place = Stamp("x", NOW), Place(EPOCH, 99, 1)
    correction = messages.event(TOPICS, "corrected", data, stamp, terminal="t-1", place=place)
    paper = Paper().sale(1, "declined")
    assert len(complaints([line(1)], paper)) == 1
    assert complaints([line(1)], paper.message(correction)) == []


def test_a_line_taken_out_of_the_ledger() -> None:
    found = complaints([line(1), line(3)], Paper().sale(1).sale(3))
    assert found == ["Ledger, line 2: its id is 52500042-3, 52500042-2 was expected; a line is missing."]


@pytest.mark.card_numbers_on_purpose
def test_a_card_number_in_the_traffic_or_the_ledger() -> None:
    paper = Paper().sale(1).raw("clinics/v1/clinic-1/agent-1/agent/agent-1/health", "{}")
    assert complaints([line(1)], paper)[0] == "Traffic, line 4: this message is not of the contract."
    paper = Paper().sale(1, terminal_text="4111 1111 1111 1111")
    assert "Traffic, line 3: there is a card number" in the_one_complaint([line(1)], paper)
    assert "Ledger, line 1: there is a card number" in the_one_complaint(
        [line(1, card="4111111111111111")], Paper().sale(1)
    )


def test_every_complaint_exists_in_french_and_differs_from_the_english() -> None:
    paper = Paper().sale(1).sale(2).fact(3, "in_doubt").again(3, "accepted")
    for finding in compare([line(1, 1), line(4)], paper.traffic()):
        assert finding.phrase.fr != finding.phrase.en
        assert "{" not in finding.phrase.fr + finding.phrase.en
