"""Print lines and blocks become whole receipts, scrubbed, and never more than fits."""

from __future__ import annotations

import pytest

from protocols.zvt.messages import PrintBlock, PrintLine
from protocols.zvt.receipts import ReceiptCollector
from protocols.zvt.tlv import TlvNode, node

# Attributes (PA00P015 ch. 3.5): 00 normal, 80 reserved, 81 and more end a receipt, FF feeds lines.
NORMAL, RESERVED, END, FEED = 0x00, 0x80, 0x81, 0xFF
MERCHANT, CUSTOMER, ADMIN = 1, 2, 3


def line(text: str, attribute: int = NORMAL, kind: int | None = None) -> PrintLine:
    tlv = None if kind is None else (node(0x1F07, bytes([kind])),)
    return PrintLine(attribute=attribute, text=text, tlv=tlv)


def block(*texts: str, kind: int | None = None, end: bool = False) -> PrintBlock:
    parts: list[TlvNode] = [] if kind is None else [node(0x1F07, bytes([kind]))]
    lines = [node(0x07, text.encode("ascii")) for text in texts]
    if end:
        lines.insert(-1, node(0x09, bytes([END])))
    return PrintBlock(tlv=(*parts, node(0x25, *lines)))


def collected(*messages: PrintLine | PrintBlock) -> list[tuple[str, tuple[str, ...]]]:
    collector = ReceiptCollector()
    for message in messages:
        collector.add(message)
    return [(receipt.kind, receipt.lines) for receipt in collector.receipts()]


def test_nothing_printed_is_no_receipt() -> None:
    assert collected() == []
    assert collected(line("", FEED), line("  ")) == []


def test_lines_up_to_the_end_are_one_receipt_and_what_follows_is_the_customers() -> None:
    assert collected(line("A"), line("B", END), line("C"), line("D", END)) == [
        ("merchant", ("A", "B")),
        ("customer", ("C", "D")),
    ]


def test_what_the_terminal_did_not_end_counts_as_one() -> None:
    assert collected(line("A"), line("B")) == [("merchant", ("A", "B"))]


def test_the_reserved_attribute_ends_nothing() -> None:
    assert collected(line("A", RESERVED), line("B")) == [("merchant", ("A", "B"))]


def test_line_feeds_are_as_many_empty_lines() -> None:
    assert collected(line("A"), line("\x03", FEED), line("B")) == [("merchant", ("A", "", "", "", "B"))]
    assert collected(line("A"), line("", FEED), line("B")) == [("merchant", ("A", "", "B"))]


def test_a_text_that_is_no_number_of_line_feeds_is_the_last_line() -> None:
    assert collected(line("A"), line("THANK YOU", FEED), line("B", END)) == [
        ("merchant", ("A", "THANK YOU")),
        ("customer", ("B",)),
    ]


@pytest.mark.parametrize(("kind", "word"), [(MERCHANT, "merchant"), (CUSTOMER, "customer"), (ADMIN, "admin")])
def test_the_kind_is_what_the_terminal_says(kind: int, word: str) -> None:
    assert collected(line("A", kind=kind), line("B", END)) == [(word, ("A", "B"))]
    assert collected(block("A", "B", kind=kind)) == [(word, ("A", "B"))]


def test_a_block_of_another_kind_begins_another_receipt() -> None:
    assert collected(block("A", kind=MERCHANT), block("B", kind=MERCHANT), block("C", kind=CUSTOMER)) == [
        ("merchant", ("A", "B")),
        ("customer", ("C",)),
    ]


def test_a_block_may_end_a_receipt_itself() -> None:
    assert collected(block("A", "B", kind=MERCHANT, end=True), block("C")) == [
        ("merchant", ("A", "B")),
        ("customer", ("C",)),
    ]


@pytest.mark.parametrize("attribute", [0x81, 0x8F, 0xFF])
def test_an_attribute_behind_its_lines_ends_the_receipt_of_a_block(attribute: int) -> None:
    lines = [node(0x07, b"A"), node(0x07, b"B"), node(0x09, bytes([attribute]))]
    ended = PrintBlock(tlv=(node(0x25, *lines),))
    assert collected(ended, ended) == [("merchant", ("A", "B")), ("customer", ("A", "B"))]


def test_an_attribute_in_front_of_several_lines_ends_one_receipt() -> None:
    lines = [node(0x09, bytes([0xC1])), node(0x07, b"A"), node(0x07, b"B")]
    message = PrintBlock(tlv=(node(0x25, *lines), node(0x25, node(0x07, b"C"))))
    assert message.print_lines == ((0xC1, "A"), (0x41, "B"), (0x00, "C"))
    assert collected(message) == [("merchant", ("A",)), ("customer", ("B", "C"))]


def test_card_numbers_are_masked_and_counted() -> None:
    collector = ReceiptCollector()
    collector.add(line("CARD 4242424242424242"))
    assert collector.receipts()[0].lines == ("CARD ************4242",)
    assert collector.masked == 1


def test_asking_twice_gives_the_same() -> None:
    collector = ReceiptCollector()
    collector.add(line("A"))
    assert collector.receipts() == collector.receipts()


def test_a_terminal_that_prints_for_ever_fills_no_memory() -> None:
    collector = ReceiptCollector()
    collector.add(line("X" * 60_000))
    for _ in range(3_000):
        collector.add(line("X" * 201))
    lines = [text for receipt in collector.receipts() for text in receipt.lines]
    assert len(lines) == 2_000
    assert max(map(len, lines)) == 200
