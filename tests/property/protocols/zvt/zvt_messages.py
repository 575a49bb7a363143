"""Strategies: ZVT messages, and bytes that come close to being some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from protocols.zvt import codes
from protocols.zvt import messages as m
from protocols.zvt.bmp import CONTAINER, length_of
from protocols.zvt.data_objects import Message
from protocols.zvt.fields import BMPS
from protocols.zvt.tlv import TlvNode

octets = st.integers(0, 255)
words = st.text("abcXYZ éä!.,", max_size=40)


def digits(count: int) -> st.SearchStrategy[str]:
    """So many decimal digits."""
    return st.text("0123456789", min_size=count, max_size=count)


# Not 6xx: 06 begins a container too, and no currency that a terminal takes is numbered so.
currencies = st.sampled_from(("124", "840", "978", "756"))
leaves = st.builds(
    TlvNode,
    tag=st.sampled_from((0x07, 0x08, 0x09, 0x14, 0x4C, 0x43, 0x1F07, 0x1F10, 0x1F14, 0x1F2B, 0x1F8000)),
    value=st.binary(max_size=11),  # too short for a card number
)
branches: st.SearchStrategy[TlvNode] = st.recursive(
    leaves,
    lambda inner: st.builds(
        TlvNode,
        tag=st.sampled_from((0x24, 0x25, 0x2F, 0x60, 0xE4)),
        children=st.lists(inner, min_size=1, max_size=4).map(tuple),
    ),
    max_leaves=8,
)
containers = st.none() | st.lists(branches, max_size=5).map(tuple)

_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "amount_minor": st.integers(0, 10**12 - 1),
    "currency": digits(3),
    "payment_type": octets,
    "trace": digits(6),
    "time_hhmmss": digits(6),
    "date_mmdd": digits(4),
    "receipt": digits(4) | st.just("FFFF"),
    "turnover": digits(6),
    "terminal_id": digits(8),
    "vu_number": words.map(lambda text: text[:15].ljust(15)),
    "authorisation": st.text("ABC123", max_size=8),
    "additional_text": words,
    "pan": st.sampled_from(("************1111", "411111******1111", "4111***********")),
    "expiry_yymm": digits(4),
    "card_type": octets,
    "card_name": words,
    "host_result": octets,
    "totals": st.binary(max_size=60),
    "track2_length": st.integers(0, 40),
    "others": st.lists(
        st.tuples(st.sampled_from((0x05, 0xD0, 0xF9)), st.binary(min_size=1, max_size=1)), max_size=3
    ).map(tuple),
}


def rows(without: frozenset[str] = frozenset()) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the data objects, each with a value of its format."""
    return st.fixed_dictionaries(
        {}, optional={name: values for name, values in _FIELDS.items() if name not in without}
    )


def with_row(kind: Callable[..., Message], without: frozenset[str] = frozenset(), **front: Any) -> Any:
    """Messages of a kind: what stands in front, a row, a container."""
    return st.builds(
        lambda row, tlv, head: kind(**row, **head, tlv=tlv),
        rows(without),
        containers,
        st.fixed_dictionaries(front),
    )


messages: st.SearchStrategy[Message] = st.one_of(
    with_row(m.Authorization),
    with_row(m.Preauthorisation),
    with_row(m.StatusInformation, result_code=octets),
    with_row(m.Reversal, password=digits(6)),
    with_row(m.ReadCard, timeout_s=octets),
    with_row(m.StatusEnquiry, password=digits(6)),
    with_row(m.AbortedByTerminal, result_code=st.sampled_from((0x05, 0x6C, 0xB8, 0xFF))),
    st.builds(m.AbortedByTerminal, result_code=st.just(0x6F), currency=currencies, tlv=containers),
    st.builds(
        m.Registration,
        password=digits(6),
        config=octets,
        currency=currencies,
        service=st.none() | octets,
        tlv=containers,
    ),
    st.builds(
        m.Completion,
        software=st.none() | words,
        terminal_status=st.sampled_from((0x00, 0x51, 0x9C, 0xDC)),
        tlv=containers,
    ),
    st.builds(m.IntermediateStatus, status=octets, timeout_minutes=st.integers(0, 99), tlv=containers),
    st.builds(m.PrintLine, attribute=st.integers(0, 254), text=words, tlv=containers),
    st.builds(m.PrintBlock, tlv=containers),
    st.builds(m.Positive, data=st.binary(max_size=11)),
    st.builds(m.Negative, code=octets, data=st.binary(max_size=11)),
    st.builds(m.Opaque, code=st.just(0x0FA1), data=st.binary(max_size=5)),
)


# --- bytes that come close --------------------------------------------------------------------------


@st.composite
def _bmp(draw: st.DrawFn) -> bytes:
    entry = draw(st.sampled_from(sorted(BMPS.values(), key=lambda entry: entry.number)))
    size = entry.format.size
    if size > 0:
        value = draw(st.binary(min_size=size, max_size=size))
    elif size == CONTAINER:
        content = draw(st.binary(max_size=20))
        value = bytes((len(content),)) + content
    else:
        content = draw(st.binary(max_size=20))
        value = length_of(len(content), size) + content
    return bytes((entry.number,)) + value


_data = st.one_of(
    st.binary(max_size=40),
    st.lists(_bmp(), max_size=6).map(b"".join),
    st.tuples(st.binary(max_size=4), st.lists(_bmp(), max_size=4).map(b"".join)).map(b"".join),
)


def _apdu(code: int, data: bytes) -> bytes:
    return code.to_bytes(2, "big") + b"\xff" + len(data).to_bytes(2, "little") + data


near_apdus = st.builds(_apdu, st.sampled_from(sorted(codes.COMMAND_NAMES)) | st.integers(0, 0xFFFF), _data)
