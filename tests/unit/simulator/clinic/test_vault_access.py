"""What the clinic believes of a receipt: only what says all that it must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.moneris.messages import Receipt, ResolveData
from simulator.clinic.vault_access import Declined, Verified, lasting_token, verification

VERIFIED = Receipt(
    receipt_id="o-1",
    response_code="027",
    iso="00",
    trans_type="06",
    complete="true",
    timed_out="false",
    trans_id="7-0_0",
    card_type="M",
    issuer_id="ABCX1",
    avs_result_code="Z",
    cvd_result_code="1M",
    resolved=(ResolveData(masked_pan="5454***5454", expdate="3012"),),
)
KEPT = Receipt(data_key="token", response_code="001", complete="true", timed_out="false", res_success="true")


def test_a_verification_that_says_all() -> None:
    assert verification(VERIFIED, "o-1") == Verified(
        transaction="7-0_0",
        issuer_id="ABCX1",
        brand="Mastercard",
        last_four="5454",
        expiry_yymm="3012",
        avs="Z",
        cvd="1M",
    )


@pytest.mark.parametrize("other", [
    {"receipt_id": "o-2"}, {"trans_type": "00"}, {"complete": "false"}, {"timed_out": "true"},
    {"trans_id": None}, {"response_code": "x"}, {"response_code": None},
])  # fmt: skip
def test_a_verification_that_does_not_is_not_believed(other: dict[str, str | None]) -> None:
    assert verification(replace(VERIFIED, **other), "o-1") is None  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(("other", "why"), [
    ({"response_code": "481", "iso": "05"}, "declined"),
    ({"response_code": "482", "iso": "54"}, "expired"),
    ({"cvd_result_code": "1N"}, "security_code"),
    ({"cvd_result_code": "1D"}, "security_code"),
    ({"avs_result_code": "N"}, "postal_code"),
    ({"response_code": None, "message": "Invalid data key"}, "refused"),
])  # fmt: skip
def test_why_a_card_is_not_kept(other: dict[str, str | None], why: str) -> None:
    assert verification(replace(VERIFIED, **other), "o-1") == Declined(why)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(("other", "told"), [
    ({}, "token"),
    ({"complete": "false"}, None),
    ({"data_key": None}, None),
    ({"response_code": None}, None),
    ({"response_code": None, "message": "API token mismatch"}, None),
    ({"res_success": "false"}, Declined("refused")),
    ({"response_code": "050"}, Declined("refused")),
    ({"response_code": None, "message": "Cannot find previous transaction"}, Declined("refused")),
])  # fmt: skip
def test_a_lasting_token(other: dict[str, str | None], told: str | Declined | None) -> None:
    assert lasting_token(replace(KEPT, **other)) == told  # type: ignore[arg-type]  # by name
