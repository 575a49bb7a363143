"""Whatever a client sends, the vault neither raises nor books what was not asked, and serves on."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulator.acquirer.ledger import MemoryLedger
from simulator.vault.desk import VaultDesk
from simulator.vault.entry_page import EntryPage
from simulator.vault.http_side import Act, HangUp, HttpSide, Write
from tests.support.vault_shop import NOW, VISA, frame_of, opens

NAMES = st.sampled_from(
    ["order_id", "amount", "enc_track2", "pan", "expdate", "data_key", "txn_number", "cof_info", "x"]
)
TAGS = st.sampled_from(
    [
        "purchase",
        "enc_purchase",
        "refund",
        "purchasecorrection",
        "res_tokenize_cc",
        "res_add_token",
        "res_add_cc",
        "enc_res_add_cc",
        "enc_res_update_cc",
        "res_temp_add",
        "preauth",
        "completion",
        "nonsense",
    ]
)
TEXTS = st.text("0123456789.<>&-ot=", max_size=20)
GOOD = (
    "<request><store_id>store5</store_id><api_token>yesguy</api_token><enc_purchase><order_id>A1</order_id>"
    f"<amount>20.00</amount><enc_track2>{frame_of(VISA).decode()}</enc_track2></enc_purchase></request>"
).encode()
POST = (
    b"POST /gateway2/servlet/MpgRequest HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD
)


def _desk() -> tuple[VaultDesk, MemoryLedger]:
    ledger = MemoryLedger()
    return VaultDesk(ledger=ledger, opens=opens), ledger


@given(st.binary(max_size=300))
def test_garbage_gets_an_error_receipt_and_books_nothing(garbage: bytes) -> None:
    desk, ledger = _desk()
    assert b"<Complete>false</Complete>" in desk.answer(garbage, NOW).reply
    assert ledger.lines() == ()
    assert b"<ResponseCode>027" in desk.answer(GOOD, NOW).reply


@given(TAGS, st.dictionaries(NAMES, TEXTS), st.booleans())
def test_a_request_of_nonsense_is_answered(tag: str, fields: dict[str, str], escaped: bool) -> None:
    desk, _ = _desk()
    held = "".join(
        f"<{name}>{text.replace('&', '&amp;').replace('<', '&lt;') if escaped else text}</{name}>"
        for name, text in fields.items()
    )
    account = "<store_id>store5</store_id><api_token>yesguy</api_token>"
    reply = desk.answer(f"<request>{account}<{tag}>{held}</{tag}></request>".encode(), NOW).reply
    assert reply.startswith(b"<?xml")


@given(st.binary(max_size=200))
def test_what_is_no_http_ends_the_connection_at_most(garbage: bytes) -> None:
    desk, ledger = _desk()
    side = HttpSide(desk, EntryPage(desk))
    acts = [*side.receive(garbage, NOW), *side.receive(b"", NOW)]
    assert isinstance(acts[-1], HangUp)
    assert ledger.lines() == ()


@given(st.lists(st.integers(0, len(POST)), max_size=10))
def test_however_a_request_is_split_it_is_done_once(cuts: list[int]) -> None:
    desk, ledger = _desk()
    side = HttpSide(desk)
    acts: list[Act] = []
    for start, end in pairwise(sorted({0, *cuts, len(POST)})):
        acts += side.receive(POST[start:end], NOW)
    (write,) = acts
    assert isinstance(write, Write)
    assert b"<ResponseCode>027" in write.data
    assert [line.kind for line in ledger.lines()] == ["charge"]


@given(st.integers(0, len(POST) - 1))
def test_a_request_that_is_cut_anywhere_is_not_done(cut: int) -> None:
    desk, ledger = _desk()
    side = HttpSide(desk)
    side.receive(POST[:cut], NOW)
    side.receive(b"", NOW)
    assert ledger.lines() == ()
