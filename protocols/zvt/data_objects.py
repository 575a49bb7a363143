"""What most messages are made of: data objects called BMPs (PA00P015 ch. 8), and TLV inside one of them.

Formats: digits are strings as sent ("000463"), amounts integers of minor units, single bytes integers, texts
`str`. `None` means that the object was absent. Card numbers are masked when they are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from protocols.zvt import text
from protocols.zvt.tlv import Container, TlvNode, every, find


class Slot(NamedTuple):
    """Where a BMP stood on the wire. `hint` holds an unusual spelling of its value, so that it can be
    repeated; `superseded` means that `hint` is a whole earlier occurrence of a BMP that came twice."""

    bmp: int
    hint: bytes | None = None
    superseded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Common to all APDUs. What is only remembered from the wire takes no part in comparisons.

    `masked` counts the whole card numbers that were masked while decoding; `incomplete` says that the tail
    could not be read and was dropped; `extended` that the length came in the three-byte form.
    """

    command: ClassVar[int]
    incomplete: bool = False
    masked: int = field(default=0, compare=False)
    extended: bool = field(default=False, compare=False, repr=False)
    charset: str = field(default=text.DEFAULT, compare=False, repr=False)
    order: tuple[Slot, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlvCarrier(Message):
    """A message that may hold a TLV container (BMP 06). `()` is an empty container, None is none at all."""

    tlv: Container | None = None

    @property
    def card_token(self) -> str | None:
        """1F14 card identification item, hexadecimal in capitals: no clear card data."""
        return self._digits(0x1F14)

    @property
    def long_trace(self) -> str | None:
        """1F2B trace number of more than six digits; to be used when `trace` is 000000."""
        return self._digits(0x1F2B)

    @property
    def uid(self) -> str | None:
        """4C unique id of a contactless card, hexadecimal in capitals."""
        return self._digits(0x4C)

    @property
    def aid(self) -> str | None:
        """43 application id, inside 60 or directly in the container."""
        return self._digits(0x43)

    @property
    def application_label(self) -> str | None:
        """44 preferred name of the application, else 42 its label."""
        return self._text(0x44) or self._text(0x42)

    @property
    def technology(self) -> int | None:
        """1F12 how the card was presented: 00 magnetic stripe, 01 chip, 02 contactless."""
        return self._number(0x1F12)

    @property
    def cvm(self) -> int | None:
        """1F10 how the cardholder was verified: 00 not, 01 signature, 02 online PIN, 03.. offline PIN."""
        return self._number(0x1F10)

    @property
    def receipt_type(self) -> int | None:
        """1F07: 01 merchant, 02 customer, 03 administrative."""
        return self._number(0x1F07)

    @property
    def error_code(self) -> str | None:
        """1F16 extended error code, hexadecimal in capitals."""
        return self._digits(0x1F16)

    @property
    def error_text(self) -> str | None:
        """1F17 extended error text."""
        return self._text(0x1F17)

    @property
    def serial_number(self) -> str | None:
        """1F42 serial number of the device, inside E4, hexadecimal in capitals."""
        return self._digits(0x1F42)

    @property
    def device_name(self) -> str | None:
        """1F40 name of the device, inside E4."""
        return self._text(0x1F40)

    @property
    def tlv_terminal_id(self) -> str | None:
        """1F44 terminal id, eight digits: a status enquiry's completion has it here, not in BMP 29."""
        return self._digits(0x1F44)

    @property
    def terminal_clock(self) -> str | None:
        """The terminal's own time as YYYYMMDDhhmmss: 1F0E and 1F0F inside 34 or 2E."""
        for tag in (0x34, 0x2E):
            day, hour = find(self.tlv, tag, 0x1F0E), find(self.tlv, tag, 0x1F0F)
            if day is not None and hour is not None:
                return day.digits + hour.digits
        return None

    @property
    def display_lines(self) -> tuple[str, ...]:
        """The text for the display: tags 07 inside 24."""
        shown = find(self.tlv, 0x24)
        return tuple(self._say(line) for line in shown.children if line.tag == 0x07) if shown else ()

    @property
    def print_lines(self) -> tuple[tuple[int, str], ...]:
        """The lines for printing: (attribute, text) per tag 07 inside 25. A 09 holds for what follows in its
        25; its top bit, which ends a receipt, for one line."""
        return tuple(self._walk_print())

    @property
    def ends_receipt(self) -> bool:
        """Whether a 09 with the top bit set stands behind all lines (seen: 81, 8F, FF; 80 is reserved)."""
        entries = [entry for block in self.tlv or () if block.tag == 0x25 for entry in block.children]
        return bool(entries) and entries[-1].tag == 0x09 and entries[-1].value[:1] > b"\x80"

    @property
    def text_charset(self) -> str:
        """The charset of texts in this container: tag 14 at its top, else what was negotiated."""
        named = find(self.tlv, 0x14)
        return text.by_number(named.number, self.charset) if named else self.charset

    def _walk_print(self) -> Iterator[tuple[int, str]]:
        for block in self.tlv or ():
            if block.tag != 0x25:
                continue
            attribute = 0
            for entry in block.children:
                if entry.tag == 0x09:
                    attribute = entry.number
                elif entry.tag == 0x07:
                    yield attribute, self._say(entry)
                    attribute &= 0x7F

    def _say(self, entry: TlvNode) -> str:
        return text.decode(entry.value, self.text_charset)

    def _first(self, tag: int) -> TlvNode | None:
        return next(every(self.tlv, tag), None)

    def _digits(self, tag: int) -> str | None:
        entry = self._first(tag)
        return entry.digits if entry else None

    def _number(self, tag: int) -> int | None:
        entry = self._first(tag)
        return entry.number if entry else None

    def _text(self, tag: int) -> str | None:
        entry = self._first(tag)
        return self._say(entry) if entry else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataObjects(TlvCarrier):
    """The BMPs of a message, each under its name (number and format in `fields`).

    `currency` is the ISO 4217 number, three digits: "124". `pan` is digits and stars, at most the first six
    and the last four digits known. Of tracks only the length in bytes is kept. `others` are the BMPs without
    a name here: (number, value as sent).
    """

    result_code: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    payment_type: int | None = None
    service: int | None = None
    goods_timeout_s: int | None = None
    max_status: int | None = None
    trace: str | None = None
    original_trace: str | None = None
    time_hhmmss: str | None = None
    date_mmdd: str | None = None
    date_yymmdd: str | None = None
    receipt: str | None = None
    turnover: str | None = None
    terminal_id: str | None = None
    vu_number: str | None = None
    authorisation: str | None = None
    additional_text: str | None = None
    pan: str | None = field(default=None, repr=False)
    expiry_yymm: str | None = None
    card_sequence: str | None = None
    card_type: int | None = None
    network_card_type: int | None = None
    card_name: str | None = None
    host_result: int | None = None
    totals: bytes | None = None
    card_direction: int | None = None
    reader_activation: int | None = None
    dialog_control: int | None = None
    track1_length: int | None = None
    track2_length: int | None = None
    track3_length: int | None = None
    others: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)

    @property
    def zvt_card_type(self) -> int | None:
        """BMP 8A; where that is absent, or FF because the number is too big for it, tag 41."""
        return self._number(0x41) if self.card_type in (None, 0xFF) else self.card_type

    @property
    def told(self) -> str | None:
        """The terminal's own words: BMP 3C, else an extended error (1F17) or the display (24)."""
        words = self.additional_text or self.error_text or " ".join(self.display_lines)
        return words.strip("\x00 ") or None

    @property
    def last_four(self) -> str | None:
        """The last four digits of the card, when the terminal shows them all."""
        tail = (self.pan or "").rsplit("*", 1)[-1][-4:]
        return tail if len(tail) == 4 and tail.isdecimal() else None
