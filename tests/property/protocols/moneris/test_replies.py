"""Replies in any order, escape and split: the same verdict, and cut at any byte never a verdict at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocols.core.errors import DecodingError
from protocols.core.session import Closed, Opened, Received
from protocols.core.vault import NoAnswer, StatusOf, VaultAnswer
from protocols.moneris.codec import read_receipt, read_request, write_receipt, write_request
from protocols.moneris.messages import RECEIPT_TAGS, Receipt
from protocols.moneris.requests import transaction_of
from protocols.moneris.results import answer_of
from protocols.moneris.vault import MonerisVault
from tests.support.vault_paper import (
    APPROVED,
    CREDENTIALS,
    LINK,
    OPTIONS,
    PEER,
    http,
    no_show,
    purchase,
    receipt,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
Form = Callable[[str], str]
FORMS: tuple[Form, ...] = (
    lambda text: text,
    lambda text: f"<![CDATA[{text}]]>",
    lambda text: "".join(f"&#{ord(character)};" for character in text),
    lambda text: f"\n\t {text} \n",
)


def _through(reply: bytes, cuts: list[int], *, closed: bool) -> VaultAnswer | NoAnswer | None:
    """What a vault makes of a reply that comes in these pieces."""
    vault = MonerisVault(OPTIONS, CREDENTIALS)
    vault.ask(purchase(), 0.0)
    vault.handle(Opened(LINK, PEER), 0.0)
    places = sorted({0, *(cut % (len(reply) + 1) for cut in cuts), len(reply)})
    for start, end in pairwise(places):
        vault.handle(Received(LINK, reply[start:end]), 0.0)
    if closed:
        vault.handle(Closed(LINK, "peer_closed: gone", sent=True), 0.0)
    return vault.take_answer()


@given(st.permutations(sorted(APPROVED)), st.lists(st.sampled_from(FORMS), min_size=20, max_size=20))
def test_elements_in_any_order_and_any_way_of_writing_them_mean_the_same(
    order: list[str], forms: list[Callable[[str], str]]
) -> None:
    shuffled = receipt(**{tag: form(APPROVED[tag]) for tag, form in zip(order, forms, strict=False)})
    assert answer_of(purchase(), read_receipt(shuffled), OPTIONS) == answer_of(
        purchase(), read_receipt(receipt(**APPROVED)), OPTIONS
    )


@given(st.lists(st.integers(0, 1 << 16), max_size=12), st.sampled_from(["027", "481", "null"]))
def test_however_a_reply_is_split_it_means_the_same(cuts: list[int], code: str) -> None:
    reply = http(receipt(**{**APPROVED, "ResponseCode": code}))
    assert _through(reply, cuts, closed=False) == _through(reply, [], closed=False)


@given(st.integers(0, 1 << 16), st.booleans())
def test_a_reply_that_is_cut_at_any_byte_is_no_answer(cut: int, lengthless: bool) -> None:
    body = receipt(**APPROVED)
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + body if lengthless else http(body)
    found = _through(reply[: cut % len(reply)], [], closed=True)
    assert isinstance(found, NoAnswer)
    assert found.sent


@given(st.binary(max_size=300))
def test_garbage_is_never_a_verdict(garbage: bytes) -> None:
    found = _through(http(garbage), [], closed=True)
    assert isinstance(found, NoAnswer)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(RECEIPT_TAGS, TEXT)))
def test_no_receipt_raises_and_only_a_whole_approval_is_done(told: dict[str, Any]) -> None:
    document = write_receipt(Receipt(**told))
    for request in (purchase(), no_show(), StatusOf("A1-1", "refund")):
        try:
            answer = answer_of(request, read_receipt(document), OPTIONS)
        except DecodingError:
            continue
        assert answer.verdict != "done" or told["complete"].strip().lower() == "true"


@given(TEXT, TEXT)
def test_a_request_is_read_as_it_was_written(order_id: str, token: str) -> None:
    asked = replace(no_show(), order_id=order_id, token=token)
    found = read_request(write_request(transaction_of(asked, OPTIONS), CREDENTIALS).head)
    assert (found.fields["order_id"], found.fields["data_key"]) == (order_id.strip(), token.strip())
