"""Operations as commands, compared with literal APDUs (PA00P015 ch. 2)."""

from __future__ import annotations

import pytest

from protocols.core.card import EntryMode
from protocols.core.errors import LocalError
from protocols.core.operations import (
    Capture,
    Diagnose,
    Original,
    Preauth,
    Reconcile,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
)
from protocols.core.values import Money
from protocols.zvt import requests
from protocols.zvt.codec import encode
from protocols.zvt.options import ZvtOptions
from protocols.zvt.steps import Errand

OPTIONS = ZvtOptions(password="123456")
PAID = Original("01PAID", "sale", Money(1_250), {"receipt": "0041"})
HELD = Original("01HELD", "preauth", Money(4_000), {"receipt": "0040"})
SALE = Sale(operation_id="op", amount=Money(1_250))


def apdu(request_: Request, options: ZvtOptions = OPTIONS) -> str:
    return encode(requests.command_for(request_, options)).hex().upper()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (SALE, "06010C" + "04000000001250" + "490124" + "1940"),
        (Refund(operation_id="op", amount=Money(1_250)), "06310D" + "123456" + "04000000001250" + "490124"),
        (Preauth(operation_id="op", amount=Money(4_000)), "06220C" + "04000000004000" + "490124" + "1940"),
        (
            Reversal(operation_id="op", original=PAID),
            "063010" + "123456" + "870041" + "04000000001250" + "490124",
        ),
        (Reversal(operation_id="op", original=HELD), "06250D" + "870040" + "04000000004000" + "490124"),
        (
            Capture(operation_id="op", original=HELD, amount=Money(3_000)),
            "06240D" + "870040" + "04000000003000" + "490124",
        ),
        (Reconcile(operation_id="op"), "065003" + "123456"),
        (Diagnose(operation_id="op"), "067000"),
        (Diagnose(operation_id="op", initialise=True), "069303" + "123456"),
    ],
)
def test_each_operation_has_its_command(request_: Request, expected: str) -> None:
    ours, theirs = apdu(request_), expected
    assert ours[:6] == theirs[:6]
    assert len(ours) == len(theirs)
    # The order of data objects is free (ch. 1.5): the same ones, each whole.
    assert sorted(_objects(ours[6:])) == sorted(_objects(theirs[6:]))


def _objects(body: str) -> list[str]:
    """Split by hand: password, then 87 (2 bytes), 04 (6), 49 (2), 19 (1)."""
    lengths, found, at = {"87": 2, "04": 6, "49": 2, "19": 1}, [], 0
    while at < len(body):
        size = 6 if body[at : at + 6] == "123456" else 2 + 2 * lengths[body[at : at + 2]]
        found.append(body[at : at + size])
        at += size
    return found


def test_a_capture_by_partial_reversal_gives_back_what_was_not_used() -> None:
    capture = Capture(operation_id="op", original=HELD, amount=Money(3_000))
    sent = apdu(capture, ZvtOptions(capture_with="partial_reversal"))
    assert sent.startswith("0623")
    assert "04000000001000" in sent


@pytest.mark.parametrize(
    ("modes", "allowed"),
    [
        (("insert", "tap", "swipe"), None),
        (("tap",), "1F600104"),
        (("insert", "swipe"), "1F600103"),
        ((), None),
    ],
)
def test_a_card_is_read_with_a_request_for_its_token(
    modes: tuple[EntryMode, ...], allowed: str | None
) -> None:
    sent = apdu(StoreCard(operation_id="op", entry_modes=modes))
    assert sent.startswith("06C0")
    assert sent[6:8] == "3C"  # sixty seconds
    assert "1F150180" in sent
    assert ("1F60" in sent) == (allowed is not None)
    assert allowed is None or allowed in sent


def test_registration_offers_what_we_take_and_names_the_currency() -> None:
    sent = encode(requests.registration(OPTIONS)).hex().upper()
    assert sent == "060016" + "123456" + "BE" + "0124" + "060E260C0A0204FF0A0206D10A0206D3"


def test_the_last_result_is_told_and_not_printed() -> None:
    assert encode(requests.last_result(OPTIONS)).hex().upper() == "062005" + "123456" + "0303"


@pytest.mark.parametrize(
    ("errand", "command"),
    [
        (Errand.REGISTER, "0600"),
        (Errand.ENQUIRE, "0501"),
        (Errand.NOTE, "0620"),
        (Errand.READ, "0620"),
        (Errand.WORK, "0601"),
    ],
)
def test_each_errand_has_its_command(errand: Errand, command: str) -> None:
    assert encode(requests.command_of(errand, SALE, OPTIONS)).hex()[:4] == command


@pytest.mark.parametrize(
    "request_",
    [
        Reversal(operation_id="op", original=Original("01PAID", "sale", Money(1), {})),
        Capture(operation_id="op", original=Original("01HELD", "preauth", Money(1), {}), amount=Money(1)),
    ],
)
def test_an_original_without_a_receipt_number_cannot_be_named(request_: Request) -> None:
    with pytest.raises(LocalError, match="has no receipt number") as refused:
        apdu(request_)
    assert refused.value.code == "original_without_receipt"


def test_another_currency_than_the_terminals_is_never_sent() -> None:
    with pytest.raises(LocalError, match="is in USD, its terminal in CAD") as refused:
        apdu(Sale(operation_id="op", amount=Money(1, "USD")))
    assert refused.value.code == "wrong_currency"


def test_no_command_undoes_anything_by_implication() -> None:
    for request_ in (SALE, StoreCard(operation_id="op"), Refund(operation_id="op", amount=Money(1))):
        assert "1F1F" not in apdu(request_)


def test_the_password_is_in_no_repr() -> None:
    assert "123456" not in repr(requests.last_result(OPTIONS))
    assert "123456" not in repr(OPTIONS)
