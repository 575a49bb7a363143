"""The table of BMPs (PA00P015 ch. 8): number, name of the attribute in our messages, format.

BMPs without a name are kept in `others`. A BMP that is missing here cannot be skipped: it has no length.
"""

from __future__ import annotations

from typing import NamedTuple

from protocols.zvt.bmp import (
    CONTAINER,
    LL,
    LLL,
    Format,
    amount,
    approval,
    byte,
    card_number,
    currency,
    digits,
    exact,
    hidden,
    padded_words,
    plain,
    track,
    words,
)

OTHERS, TLV = "others", 0x06


class Bmp(NamedTuple):
    """One entry: where its value is kept, and how it is written."""

    number: int
    name: str
    format: Format


_BYTE, _NOT_READ = byte(), Format(CONTAINER, lambda raw, _: raw, lambda value, _: bytes(value))

# In the order in which we write them when nothing else is known: the result first, the container last.
_NAMED = (
    Bmp(0x27, "result_code", _BYTE),
    Bmp(0x87, "receipt", digits(2)),
    Bmp(0x04, "amount_minor", amount()),
    Bmp(0x49, "currency", currency()),
    Bmp(0x19, "payment_type", _BYTE),
    Bmp(0x03, "service", _BYTE),
    Bmp(0x01, "goods_timeout_s", _BYTE),
    Bmp(0x02, "max_status", _BYTE),
    Bmp(0x0B, "trace", digits(3)),
    Bmp(0x37, "original_trace", digits(3)),
    Bmp(0xAA, "date_yymmdd", digits(3)),
    Bmp(0x0C, "time_hhmmss", digits(3)),
    Bmp(0x0D, "date_mmdd", digits(2)),
    Bmp(0x0E, "expiry_yymm", digits(2)),
    Bmp(0x17, "card_sequence", digits(2)),
    Bmp(0x22, "pan", card_number()),
    Bmp(0x2D, "track1_length", track(LL)),
    Bmp(0x23, "track2_length", track(LL)),
    Bmp(0x24, "track3_length", track(LLL)),
    Bmp(0x29, "terminal_id", digits(4)),
    Bmp(0x2A, "vu_number", padded_words(15)),
    Bmp(0x3B, "authorisation", approval()),
    Bmp(0x3C, "additional_text", words(LLL)),
    Bmp(0x88, "turnover", digits(3)),
    Bmp(0x8A, "card_type", _BYTE),
    Bmp(0x8C, "network_card_type", _BYTE),
    Bmp(0x8B, "card_name", words(LL, end=b"\0")),
    Bmp(0xA0, "host_result", _BYTE),
    Bmp(0x60, "totals", exact(LLL)),
    Bmp(0xD2, "card_direction", _BYTE),
    Bmp(0xFA, "reader_activation", _BYTE),
    Bmp(0xFC, "dialog_control", _BYTE),
    Bmp(TLV, "tlv", _NOT_READ),
)
_UNNAMED = {
    exact(1): (0x05, 0xD0, 0xD3, 0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFB, 0xFD),
    exact(3): (0x3D,),
    exact(5): (0xBA,),
    exact(8): (0xEB,),
    hidden(2): (0x3A,),
    hidden(LL): (0xD1,),
    plain(LL): (0x4C, 0xA7, *range(0xE1, 0xE9), *range(0xF1, 0xF9)),
    plain(LLL): (0x2E, 0x92, 0x9A, 0xAF),
}

BMPS = {entry.number: entry for entry in _NAMED} | {
    number: Bmp(number, OTHERS, form) for form, numbers in _UNNAMED.items() for number in numbers
}
NAMED = tuple(_NAMED)
ONLY_TLV = {TLV: BMPS[TLV]}

# From D0 on they belong to displays and input; a completion has none, and terminal statuses look like them.
WITHOUT_DISPLAY = {number: entry for number, entry in BMPS.items() if number < 0xD0}
