"""Requests and receipts to and from XML (field sheet on gateways).

A request that carries a frame is written as pieces, so that the frame goes out of the very buffer in which
the reader's bytes were put; it is never joined to anything. Both directions are here: the agent writes
requests and reads receipts, a gateway reads requests and writes receipts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from xml.sax.saxutils import escape

from protocols.core.card import Sealed
from protocols.core.errors import DecodingError, LocalError
from protocols.moneris.credentials import Credentials
from protocols.moneris.messages import (
    RECEIPT_TAGS,
    AvsInfo,
    CofInfo,
    Receipt,
    ResolveData,
    StatusCheck,
    Transaction,
)
from protocols.moneris.reading import leaves

_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'
# What XML 1.0 (2.2) has no place for: control characters, halves of surrogate pairs, two that are none.
_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER_TOLD = ("BankTotals", "Ticket")  # of other products; every receipt has them all the same
_BESIDE = ("store_id", "api_token", "app_version", "status_check")


@dataclass(frozen=True, slots=True)
class Pieces:
    """A request as it goes out: head, frame, tail, one after the other. Without a frame it is all head."""

    head: bytes = field(repr=False)
    frame: Sealed | None = None
    tail: bytes = field(default=b"", repr=False)

    def __len__(self) -> int:
        return len(self.head) + (0 if self.frame is None else len(self.frame)) + len(self.tail)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a gateway reads it. `fields` by name; those of an inner group as "avs_info/avs_zipcode".
    Nothing of it is shown: it holds a token and perhaps card data."""

    store_id: str
    api_token: str = field(repr=False)
    tag: str
    fields: Mapping[str, str] = field(repr=False)
    status_check: bool = False


# --- requests -------------------------------------------------------------------------------------------


def write_request(transaction: Transaction, credentials: Credentials) -> Pieces:
    """The document for a transaction. Raises LocalError for a text or frame that XML cannot carry."""
    status = isinstance(transaction, StatusCheck)
    texts: list[str] = [
        _PROLOGUE,
        "<request>",
        _element("store_id", credentials.store_id.disclose()),
        _element("api_token", credentials.api_token.disclose()),
        _element("status_check", "true") if status else "",
        f"<{transaction.tag}>",
    ]
    frame, head = None, ""
    for name, value in _values(transaction):
        if isinstance(value, Sealed):
            opening, closing = _around(value)
            frame, head = value, "".join(texts) + f"<{name}>{opening}"
            texts = [f"{closing}</{name}>"]
        else:
            texts.append(_group(name, value))
    tail = "".join((*texts, f"</{transaction.tag}>", "</request>"))
    if frame is None:
        return Pieces(tail.encode())
    return Pieces(head.encode(), frame, tail.encode())


def _values(
    message: Transaction | AvsInfo | CofInfo,
) -> Iterator[tuple[str, str | Sealed | AvsInfo | CofInfo]]:
    for declared in fields(message):
        value = getattr(message, declared.name)
        if value is not None and declared.name != "tag":
            yield declared.name, value


def _group(name: str, value: str | Sealed | AvsInfo | CofInfo) -> str:
    if isinstance(value, str):
        return _element(name, value)
    if isinstance(value, Sealed):
        raise LocalError("frame_nested", f"{name} holds a frame inside a group; a frame stands by itself")
    return f"<{name}>{''.join(_group(inner, held) for inner, held in _values(value))}</{name}>"


def _element(name: str, text: str) -> str:
    if _NO_XML.search(text):
        raise LocalError("not_xml_text", f"{name} holds a control character, which XML cannot carry")
    return f"<{name}>{escape(text)}</{name}>"


def _around(frame: Sealed) -> tuple[str, str]:
    """What must stand around a frame: nothing, or a CDATA section where a masked track holds what XML would
    take for its own (a cardholder's name may). Looks byte by byte; nothing is copied."""
    special, previous = False, (0, 0)
    for byte in frame.view():
        if not 0x20 <= byte < 0x7F:
            raise LocalError(
                "frame_not_text", "a frame holds a byte that is no printable ASCII; it is not sent"
            )
        if byte == 0x3E and previous == (0x5D, 0x5D):
            raise LocalError("frame_not_text", "a frame holds the end of a CDATA section; it is not sent")
        special = special or byte in b"&<>"
        previous = (previous[1], byte)
    return ("<![CDATA[", "]]>") if special else ("", "")


def read_request(document: bytes) -> Asked:
    """What a client asks, by name and in any order. The transaction is the element that holds others; an
    empty one is it where nothing else could be. Raises DecodingError."""
    beside: dict[str, str] = {}
    bare: dict[str, None] = {}
    groups: dict[str, None] = {}
    values: dict[str, str] = {}
    for leaf in leaves(document, "request"):
        name = leaf.path[0]
        if name in _BESIDE:
            beside[name] = leaf.text
        elif len(leaf.path) > 1:
            groups[name] = None
            values["/".join(leaf.path[1:])] = leaf.text
        elif not leaf.text:
            bare[name] = None
    tags = list(groups or bare)
    if len(tags) != 1:
        raise DecodingError("no_transaction", f"a request holds one transaction, this one {len(tags)}")
    status = beside.get("status_check", "").lower() == "true"
    return Asked(beside.get("store_id", ""), beside.get("api_token", ""), tags[0], values, status)


# --- receipts -------------------------------------------------------------------------------------------


def read_receipt(document: bytes) -> Receipt:
    """The receipt in a response. Raises DecodingError, also where one element is told twice and differs."""
    known = {tag: name for name, tag in RECEIPT_TAGS.items()}
    told: dict[str, str | None] = {}
    cards: dict[int, dict[str, str | None]] = {}
    for leaf in leaves(document, "response"):
        text = None if leaf.text in ("", "null") else leaf.text
        match leaf.path:
            case ("receipt", tag) if tag in known:
                _put(told, known[tag], text)
            case ("receipt", "ResolveData", name) if name in ResolveData.__dataclass_fields__:
                _put(cards.setdefault(leaf.container, {}), name, text)
    if not told:
        raise DecodingError("no_receipt", "the response holds no receipt")
    return Receipt(**told, resolved=tuple(ResolveData(**card) for card in cards.values()))


def _put(into: dict[str, str | None], name: str, text: str | None) -> None:
    if name in into and into[name] != text:
        raise DecodingError("told_twice", f"the receipt tells {name} twice, and not the same")
    into[name] = text


def write_receipt(receipt: Receipt) -> bytes:
    """A response with one receipt; absent values are written as the text "null", as the gateway does."""
    texts = [_PROLOGUE, "<response><receipt>"]
    for name, tag in RECEIPT_TAGS.items():
        value = getattr(receipt, name)
        if value is not None or not name.startswith("status_"):
            texts.append(_element(tag, "null" if value is None else value))
    texts.extend(_element(tag, "null") for tag in _NEVER_TOLD)
    texts.extend(map(_resolved, receipt.resolved))
    return "".join((*texts, "</receipt></response>")).encode()


def _resolved(card: ResolveData) -> str:
    inner = "".join(
        _element(declared.name, getattr(card, declared.name) or "")
        for declared in fields(card)
        if declared.name not in ("data_key", "payment_type") or getattr(card, declared.name) is not None
    )
    return f"<ResolveData>{inner}</ResolveData>"


# --- amounts --------------------------------------------------------------------------------------------


def dollars(amount_minor: int) -> str:
    """An amount as the gateway writes it: dollars, a point, two decimals."""
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


def cents(text: str) -> int | None:
    """Minor units of an amount on the wire; None where it is not one."""
    whole, point, part = text.partition(".")
    if not (whole.isascii() and whole.isdecimal() and len(whole) <= 9):
        return None
    if point and not (len(part) == 2 and part.isascii() and part.isdecimal()):
        return None
    return int(whole) * 100 + int(part or 0)
