"""Reversal, capture, release, and the enquiry for open pre-authorisations."""

from __future__ import annotations

import pytest

from simulator.acquirer.totals import balance, live_charges, open_holds
from tests.unit.simulator.ecr import Ecr, registration, sale

PREAUTH = "06220A04000000005000490124"


@pytest.fixture
def ecr() -> Ecr:
    """A registered terminal."""
    one = Ecr()
    one.ask(registration())
    return one


def _reverse(receipt: str) -> str:
    return "063009000000490124870000"[:-4] + receipt


def test_a_payment_is_reversed_by_its_receipt_once(ecr: Ecr) -> None:
    ecr.ask(sale(1250))
    heard = ecr.ask(_reverse("0001"))
    result = next(apdu for apdu in heard if apdu.startswith("040F"))
    assert result[6:10] == "2700"
    assert "04000000001250" in result
    assert "37000001" in result
    assert "0E0000" not in result, "the expiry is not known here and is left out"
    assert heard[-1] == "060F00"
    charge, reversal = ecr.ledger.lines()
    assert reversal.kind == "reversal"
    assert reversal.reverses == charge.id
    assert ecr.ask(_reverse("0001"))[-1] == "061E01B4"
    assert len(ecr.ledger.lines()) == 2


def test_without_a_receipt_the_last_transaction_is_reversed(ecr: Ecr) -> None:
    ecr.ask(sale(1250))
    assert ecr.ask("063003000000")[-1] == "060F00"
    assert live_charges(ecr.ledger.lines()) == ()


@pytest.mark.parametrize(
    ("apdu", "code"), [("063006000000870042", "B5"), ("06300D000000" + "870001" + "04000000001200", "B7")]
)
def test_a_reversal_of_nothing_or_of_another_amount_is_refused(ecr: Ecr, apdu: str, code: str) -> None:
    ecr.ask(sale(1250))
    assert ecr.ask(apdu)[-1] == "061E01" + code
    assert len(ecr.ledger.lines()) == 1


def test_a_reversal_after_the_end_of_day_is_impossible(ecr: Ecr) -> None:
    ecr.ask(sale(1250))
    ecr.ask("065003000000")
    assert ecr.ask(_reverse("0001"))[-1] == "061E01B5"


def test_a_hold_is_captured_in_part_with_the_amount_used(ecr: Ecr) -> None:
    ecr.ask(PREAUTH)
    heard = ecr.ask("06240A" + "870001" + "04000000003000")
    assert heard[-1] == "060F00"
    hold, capture = ecr.ledger.lines()
    assert (capture.kind, capture.amount_minor, capture.reverses) == ("capture", 3000, hold.id)
    assert open_holds(ecr.ledger.lines()) == ()
    assert ecr.ask("06240A" + "870001" + "04000000003000")[-1] == "061E01B8"


def test_or_with_the_amount_not_used(ecr: Ecr) -> None:
    ecr.ask(PREAUTH)
    ecr.ask("06230A" + "870001" + "04000000002000")
    assert balance(ecr.ledger.lines()) == {"CAD": 3000}


def test_more_than_was_held_cannot_be_captured(ecr: Ecr) -> None:
    ecr.ask(PREAUTH)
    assert ecr.ask("06240A" + "870001" + "04000000005001")[-1] == "061E01B7"
    assert ecr.ask("06230A" + "870001" + "04000000005000")[-1] == "061E01B7"
    assert len(open_holds(ecr.ledger.lines())) == 1


def test_a_hold_is_released(ecr: Ecr) -> None:
    ecr.ask(PREAUTH)
    assert ecr.ask("062503870001")[-1] == "060F00"
    assert [line.kind for line in ecr.ledger.lines()] == ["hold", "release"]
    assert ecr.ask("062503870001")[-1] == "061E01B8"


def test_a_hold_is_no_payment_that_06_30_could_reverse(ecr: Ecr) -> None:
    ecr.ask(PREAUTH)
    assert ecr.ask(_reverse("0001"))[-1] == "061E01B8"


def test_a_capture_can_be_reversed_and_its_hold_is_open_for_the_bank_again(ecr: Ecr) -> None:
    ecr.ask(PREAUTH)
    ecr.ask("06240A" + "870001" + "04000000003000")
    assert ecr.ask(_reverse("0002"))[-1] == "060F00"
    assert balance(ecr.ledger.lines()) == {}


def test_open_preauthorisations_are_listed(ecr: Ecr) -> None:
    assert ecr.ask("06230387FFFF") == ["800000", "061E04B887FFFF"]
    ecr.ask(PREAUTH)
    ecr.ask(PREAUTH)
    assert ecr.ask("06230387FFFF") == ["800000", "061E0DB8060A230808020001" + "08020002"]


def test_without_tlv_only_one_of_them_is_named() -> None:
    ecr = Ecr()
    ecr.ask(registration(tlv=None))
    ecr.ask(PREAUTH)
    assert ecr.ask("06230387FFFF") == ["800000", "061E04B8870001"]


def test_a_follow_up_nobody_acknowledges_is_undone_by_the_policy(ecr: Ecr) -> None:
    ecr.ask(sale(1250))
    ecr.answer = lambda apdu: None if apdu.startswith("040F") else "800000"
    ecr.ask(_reverse("0001"))
    assert [line.kind for line in ecr.ledger.lines()] == ["charge", "reversal", "reversal"]
    assert balance(ecr.ledger.lines()) == {"CAD": 1250}
