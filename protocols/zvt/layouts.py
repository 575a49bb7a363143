"""What stands before the row of BMPs in each command, and the few commands that are not a row at all.

Sources: PA00P015 chapters 2 and 3; where units in the field differ, the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from protocols.core.errors import DecodingError
from protocols.zvt import messages as m
from protocols.zvt import terminal_layouts as terminal
from protocols.zvt.codes import BMP_COMMANDS
from protocols.zvt.data_objects import Message
from protocols.zvt.fields import ONLY_TLV
from protocols.zvt.layout_parts import (
    currency_in_front,
    need,
    octet,
    packed,
    read_currency_and_row,
    write_currency,
)
from protocols.zvt.walker import Reading, write_row


class Layout(NamedTuple):
    """How one command is read from the data of its APDU (data, reading) and written."""

    kind: type[Message]
    read: Callable[[bytes, Reading], None]
    write: Callable[[Any], bytes]


# --- a row of BMPs, perhaps behind a password -------------------------------------------------------


def _read_row(data: bytes, reading: Reading) -> None:
    reading.walk_leniently(data, 0)


def _read_guarded(data: bytes, reading: Reading) -> None:
    need(data, 3, "the password")
    reading.values["password"] = data[:3].hex().upper()
    reading.walk_leniently(data, 3)


def _read_perhaps_guarded(data: bytes, reading: Reading) -> None:
    if data:
        _read_guarded(data, reading)


def _write_guarded(message: m.Registration | m.StatusEnquiry | m.OtherCommand) -> bytes:
    password = message.password
    return (b"" if password is None else packed(password, 3, "the password")) + write_row(message)


def _read_result(data: bytes, reading: Reading) -> None:
    """04 0F: once the result is read nothing beside it may lose it, nor one object the others."""
    reading.forgives = True
    failure = None
    try:
        reading.walk_leniently(data, 0)
    except DecodingError as error:
        failure, reading.incomplete = error, True
    failure = reading.forgiven or failure
    if failure is not None and "result_code" not in reading.values:
        raise failure


# --- commands with bytes of their own in front ------------------------------------------------------


def _read_registration(data: bytes, reading: Reading) -> None:
    """Password, config, currency, BMPs; the currency may be left out, even with BMPs behind (seen)."""
    need(data, 4, "a registration")
    reading.values |= {"password": data[:3].hex().upper(), "config": data[3]}
    if len(data) > 4:
        read_currency_and_row(data, 4, reading)


def _write_registration(message: m.Registration) -> bytes:
    head = packed(message.password, 3, "the password") + octet(message.config, "config")
    placed = currency_in_front(message)
    if placed:
        head += write_currency(message)
    return head + write_row(message, placed)


def _read_card(data: bytes, reading: Reading) -> None:
    if data:
        reading.values["timeout_s"] = data[0]
        reading.walk_leniently(data, 1)


def _write_card(message: m.ReadCard) -> bytes:
    head = b"" if message.timeout_s is None else octet(message.timeout_s, "timeout_s")
    return head + write_row(message)


def _read_only_tlv(data: bytes, reading: Reading) -> None:
    reading.walk_leniently(data, 0, ONLY_TLV)


def _read_nothing(data: bytes, reading: Reading) -> None:
    reading.incomplete = bool(data)


_ROW, _GUARDED = (_read_row, write_row), (_read_guarded, _write_guarded)
_HOW: Mapping[type[Message], tuple[Callable[[bytes, Reading], None], Callable[[Any], bytes]]] = {
    m.Registration: (_read_registration, _write_registration),
    m.Authorization: _ROW,
    m.LogOff: (_read_nothing, lambda _: b""),
    m.RepeatReceipt: _GUARDED,
    m.Preauthorisation: _ROW,
    m.PartialReversal: _ROW,
    m.BookTotal: _ROW,
    m.PreauthReversal: _ROW,
    m.Reversal: _GUARDED,
    m.Refund: _GUARDED,
    m.EndOfDay: _GUARDED,
    m.Diagnosis: _ROW,
    m.SelfTest: _ROW,
    m.SetClock: _GUARDED,
    m.Initialisation: _GUARDED,
    m.Abort: _ROW,
    m.ReadCard: (_read_card, _write_card),
    m.StatusEnquiry: (_read_perhaps_guarded, _write_guarded),
    m.SetEcrClock: _ROW,
    m.StatusInformation: (_read_result, write_row),
    m.IntermediateStatus: (terminal.read_intermediate, terminal.write_intermediate),
    m.Completion: (terminal.read_completion, terminal.write_completion),
    m.AbortedByTerminal: (terminal.read_aborted, terminal.write_aborted),
    m.PrintLine: (terminal.read_print_line, terminal.write_print_line),
    m.PrintBlock: (_read_only_tlv, write_row),
}

LAYOUTS: Mapping[int, Layout] = {
    code: Layout(m.OtherCommand, _read_perhaps_guarded if guarded else _read_row, _write_guarded)
    for code, guarded in BMP_COMMANDS.items()
} | {kind.command: Layout(kind, *how) for kind, how in _HOW.items()}
