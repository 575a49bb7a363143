"""Requests as pieces, receipts by name, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from protocols.core.card import Sealed
from protocols.core.errors import DecodingError, LocalError
from protocols.core.vault import StatusOf
from protocols.moneris.codec import (
    Pieces,
    cents,
    dollars,
    read_receipt,
    read_request,
    write_receipt,
    write_request,
)
from protocols.moneris.messages import RECEIPT_TAGS, Receipt, ResolveData
from protocols.moneris.requests import transaction_of
from tests.support.vault_paper import CREDENTIALS, KEYED, OPTIONS, no_show, purchase, receipt, verify
from tests.support.vectors import load


def _joined(pieces: Pieces) -> bytes:
    return pieces.head + (bytes(pieces.frame.view()) if pieces.frame else b"") + pieces.tail


def test_the_frame_goes_out_of_its_own_buffer_and_the_length_counts_it() -> None:
    asked = verify()
    pieces = write_request(transaction_of(asked, OPTIONS), CREDENTIALS)
    assert pieces.frame is asked.frame
    assert len(pieces) == len(_joined(pieces))
    assert KEYED not in pieces.head + pieces.tail


def test_the_first_use_is_told_with_an_empty_issuer_id() -> None:
    document = _joined(write_request(transaction_of(verify(), OPTIONS), CREDENTIALS))
    inner = ElementTree.fromstring(document).find("enc_card_verification")
    assert inner is not None
    assert [element.tag for element in inner] == [
        "order_id", "cust_id", "enc_track2", "device_type", "crypt_type", "cof_info",
    ]  # fmt: skip
    cof = {element.tag: element.text for element in inner.iterfind("cof_info/*")}
    assert cof == {"payment_indicator": "C", "payment_information": "0", "issuer_id": None}
    assert inner.findtext("enc_track2") == KEYED.decode()


def test_a_no_show_is_told_with_the_kept_issuer_id() -> None:
    asked = read_request(_joined(write_request(transaction_of(no_show(), OPTIONS), CREDENTIALS)))
    assert asked.tag == "res_purchase_cc"
    assert asked.fields["amount"] == "40.00"
    assert asked.fields["crypt_type"] == "1"
    cof = {name: value for name, value in asked.fields.items() if name.startswith("cof_info/")}
    assert cof == {
        "cof_info/payment_indicator": "U",
        "cof_info/payment_information": "2",
        "cof_info/issuer_id": "139X3130ASCXAS9",
    }


@pytest.mark.parametrize(("keyed", "tag"), [(True, "enc_purchase"), (False, "enc_track2_purchase")])
def test_a_keyed_frame_and_a_swiped_one_are_different_purchases(keyed: bool, tag: str) -> None:
    asked = read_request(_joined(write_request(transaction_of(purchase(keyed=keyed), OPTIONS), CREDENTIALS)))
    assert asked.tag == tag
    assert ("pos_code" in asked.fields, "crypt_type" in asked.fields) == (not keyed, keyed)


def test_a_status_check_carries_the_order_alone() -> None:
    pieces = write_request(transaction_of(StatusOf("A1-1", "purchase_frame"), OPTIONS), CREDENTIALS)
    asked = read_request(_joined(pieces))
    assert (asked.tag, asked.status_check, dict(asked.fields)) == (
        "enc_track2_purchase", True, {"order_id": "A1-1"},
    )  # fmt: skip


def test_texts_are_escaped() -> None:
    odd = replace(no_show(), customer='<a> & "b"')
    document = _joined(write_request(transaction_of(odd, OPTIONS), CREDENTIALS))
    assert ElementTree.fromstring(document).findtext("res_purchase_cc/cust_id") == '<a> & "b"'


def test_a_frame_with_a_name_that_xml_would_take_for_its_own_stands_in_a_cdata_section() -> None:
    frame = b"%*4242********4242^SMITH & <SONS>^?*"
    document = _joined(write_request(transaction_of(verify(frame), OPTIONS), CREDENTIALS))
    found = ElementTree.fromstring(document).findtext("enc_card_verification/enc_track2")
    assert found == frame.decode()


@pytest.mark.parametrize("frame", [b"02\x00", b"02\xe9", b"a]]>b"])
def test_a_frame_that_is_no_text_is_not_written(frame: bytes) -> None:
    with pytest.raises(LocalError, match="a frame holds"):
        write_request(transaction_of(verify(frame), OPTIONS), CREDENTIALS)


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\ud83d", "\ufffe"])
def test_a_text_that_xml_cannot_carry_is_not_written(character: str) -> None:
    with pytest.raises(LocalError, match="order_id holds a control character"):
        write_request(transaction_of(StatusOf(f"a{character}b", "refund"), OPTIONS), CREDENTIALS)


@pytest.mark.parametrize("entry", load("moneris"), ids=lambda entry: str(entry["id"]))
def test_captured_receipts_are_read_as_another_parser_reads_them(entry: dict[str, str]) -> None:
    found = read_receipt(entry["xml"].encode())
    held = ElementTree.fromstring(entry["xml"])
    for name, tag in RECEIPT_TAGS.items():
        text = held.findtext(f"receipt/{tag}")
        assert getattr(found, name) == (None if text in (None, "", "null") else text)
    assert len(found.resolved) == len(held.findall("receipt/ResolveData"))


def test_every_card_of_a_list_stands_by_itself() -> None:
    cards = "".join(
        f"<ResolveData><data_key>k{n}</data_key><masked_pan>4242***424{n}</masked_pan></ResolveData>"
        for n in range(3)
    )
    found = read_receipt(f"<response><receipt><Message>m</Message>{cards}</receipt></response>".encode())
    assert [card.data_key for card in found.resolved] == ["k0", "k1", "k2"]
    assert found.resolved[2].masked_pan == "4242***4242"


def test_a_receipt_is_written_as_it_is_read() -> None:
    made = Receipt(message="a & b", response_code="027", resolved=(ResolveData(masked_pan="4242***4242"),))
    assert read_receipt(write_receipt(made)) == made
    held = ElementTree.fromstring(write_receipt(made)).find("receipt")
    assert held is not None
    assert (held.findtext("BankTotals"), held.findtext("Ticket")) == ("null", "null")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"<response><receipt><ISO>00</ISO></receipt>", "not_xml"),
        (b"", "not_xml"),
        (b'<?xml version="1.0" encoding="none"?><response/>', "not_xml"),
        (b'<?xml version="1.0" encoding="shift_jis"?><response/>', "not_xml"),
        (b'<?xml version="1.0" encoding="idna"?><response/>', "not_xml"),
        (b"<html><body>busy</body></html>", "wrong_root"),
        (b"<response></response>", "no_receipt"),
        (b"<!DOCTYPE r [<!ENTITY a 'b'>]><response><receipt><ISO>&a;</ISO></receipt></response>", "doctype"),
        (b"<response>" + b"<a>" * 20 + b"</a>" * 20 + b"</response>", "too_deep"),
        (b"<response>" + b" " * (1 << 20) + b"</response>", "too_large"),
        (receipt(ISO="00") .replace(b"</receipt>", b"<ISO>05</ISO></receipt>"), "told_twice"),
    ],
)  # fmt: skip
def test_what_is_no_receipt_is_refused_and_not_shown(document: bytes, code: str) -> None:
    with pytest.raises(DecodingError) as caught:
        read_receipt(document)
    assert caught.value.code == code
    assert "busy" not in str(caught.value)


PLAIN = receipt(Message="déjà", ResponseCode="027").decode()


@pytest.mark.parametrize(
    "document",
    [
        PLAIN.encode(),
        b"\r\n  " + PLAIN.encode(),
        b"\xef\xbb\xbf\n" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.replace("?>", ' encoding="ISO-8859-1"?>').encode("latin-1"),
        PLAIN.replace("?>", ' encoding="windows-1252"?>').encode("cp1252"),
        PLAIN.replace("027", "<![CDATA[ 02]]><!-- c -->7\n").encode(),
        PLAIN.replace("<response>", '<response xmlns="urn:x" version="2">').encode(),
    ],
)
def test_a_receipt_is_read_however_it_is_set_in_xml(document: bytes) -> None:
    found = read_receipt(document)
    assert (found.message, found.response_code) == ("déjà", "027")


@pytest.mark.parametrize(
    ("inner", "count"),
    [("", 0), ("<note>a</note>", 0), ("<refund/><purchase/>", 2), ("<a><b/></a><c><d/></c>", 2)],
)
def test_a_request_holds_one_transaction(inner: str, count: int) -> None:
    with pytest.raises(DecodingError, match=f"holds one transaction, this one {count}"):
        read_request(f"<request><store_id>a</store_id>{inner}</request>".encode())


@pytest.mark.parametrize(
    ("inner", "tag"),
    [
        ("<res_get_expiring/>", "res_get_expiring"),
        ("<unknown>1</unknown><empty/><res_delete><data_key>k</data_key></res_delete>", "res_delete"),
    ],
)
def test_what_a_client_says_beside_its_transaction_is_passed_over(inner: str, tag: str) -> None:
    assert read_request(f"<request>{inner}</request>".encode()).tag == tag


def test_credentials_and_frames_are_never_shown() -> None:
    asked = verify()
    pieces = write_request(transaction_of(asked, OPTIONS), CREDENTIALS)
    shown = f"{CREDENTIALS!r} {CREDENTIALS.api_token} {CREDENTIALS.store_id:>3} {pieces!r} {asked!r}"
    assert "yesguy" not in shown
    assert "store5" not in shown
    assert KEYED.decode()[:8] not in shown
    with pytest.raises(TypeError, match="never compared"):
        assert CREDENTIALS.api_token == CREDENTIALS.api_token
    with pytest.raises(TypeError, match="never pickled"):
        CREDENTIALS.api_token.__reduce__()
    assert isinstance(pieces.frame, Sealed)


@pytest.mark.parametrize(("minor", "text"), [(0, "0.00"), (5, "0.05"), (1250, "12.50"), (100_000, "1000.00")])
def test_amounts_have_two_decimals(minor: int, text: str) -> None:
    assert dollars(minor) == text
    assert cents(text) == minor


@pytest.mark.parametrize("text", ["", "-1.00", "1.5", "1,50", "1.00 CAD", "1234567890.00", "1.-1"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert cents(text) is None
