"""What stands before the row of BMPs in each command, and the few commands that are not a row at all.

Sources: PA00P015 chapters 2 and 3; where units in the field differ, the comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from protocols.core.errors import DecodingError, LocalError
from protocols.core.scrub import scrub_bytes
from protocols.zvt import messages as m
from protocols.zvt import text, tlv
from protocols.zvt.bmp import LLL, length_at, length_of
from protocols.zvt.codes import BMP_COMMANDS
from protocols.zvt.data_objects import DataObjects, Message
from protocols.zvt.fields import BMPS, ONLY_TLV, TLV, WITHOUT_DISPLAY
from protocols.zvt.walker import Reading, write_bmp, write_row

_CURRENCY = BMPS[0x49]
_WRONG_CURRENCY = 0x6F
_MOST_GUESSES = 16  # where in a print line a container might begin


class Layout(NamedTuple):
    """How one command is read from the data of its APDU (data, reading) and written."""

    kind: type[Message]
    read: Callable[[bytes, Reading], None]
    write: Callable[[Any], bytes]


def _need(data: bytes, size: int, what: str) -> None:
    if len(data) < size:
        raise DecodingError("too_short", f"{what} takes {size} bytes or more, {len(data)} came", len(data))


def _packed(value: str, size: int, what: str) -> bytes:
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise LocalError("bad_value", f"{what} takes {2 * size} digits")
    return raw


def _octet(value: int, what: str) -> bytes:
    if not 0 <= value <= 0xFF:
        raise LocalError("bad_value", f"{what} is {value}; 0 to 255 fit into its byte")
    return bytes((value,))


# --- a row of BMPs, perhaps behind a password -------------------------------------------------------


def _read_row(data: bytes, reading: Reading) -> None:
    reading.walk_leniently(data, 0)


def _read_guarded(data: bytes, reading: Reading) -> None:
    _need(data, 3, "the password")
    reading.values["password"] = data[:3].hex().upper()
    reading.walk_leniently(data, 3)


def _read_perhaps_guarded(data: bytes, reading: Reading) -> None:
    if data:
        _read_guarded(data, reading)


def _write_guarded(message: m.Registration | m.StatusEnquiry | m.OtherCommand) -> bytes:
    password = message.password
    return (b"" if password is None else _packed(password, 3, "the password")) + write_row(message)


def _read_result(data: bytes, reading: Reading) -> None:
    """04 0F: once the result is read nothing that follows may lose it."""
    try:
        reading.walk_leniently(data, 0)
    except DecodingError:
        if "result_code" not in reading.values:
            raise
        reading.incomplete = True


# --- commands with bytes of their own in front ------------------------------------------------------


def _read_registration(data: bytes, reading: Reading) -> None:
    """Password, config, currency, BMPs; the currency may be left out, even with BMPs behind (seen)."""
    _need(data, 4, "a registration")
    reading.values |= {"password": data[:3].hex().upper(), "config": data[3]}
    if len(data) > 4:
        _read_currency_and_row(data, 4, reading)


def _read_currency_and_row(data: bytes, at: int, reading: Reading) -> None:
    """A currency without its number, and a row; or the row alone: the first that reads to its end."""
    if _is_container(data, at):
        reading.walk(data, at)
        return
    with_it = Reading(reading.charset, values={"currency": data[at : at + 2].hex().removeprefix("0")})
    without = Reading(reading.charset)
    for trial, start in ((with_it, at + 2), (without, at)):
        try:
            trial.walk(data, start)
        except DecodingError:
            continue
        if start <= len(data):
            reading.take(trial)
            return
    _need(data, at + 2, "a command with a currency")
    reading.take(Reading(reading.charset, values={"currency": with_it.values["currency"]}))
    reading.walk_leniently(data, at + 2)


def _write_registration(message: m.Registration) -> bytes:
    head = _packed(message.password, 3, "the password") + _octet(message.config, "config")
    placed = _currency_in_front(message)
    if placed:
        head += write_bmp(_CURRENCY, message.currency, message.charset)[1:]
    return head + write_row(message, placed)


def _currency_in_front(message: DataObjects) -> frozenset[str]:
    """The currency stands without its BMP number, unless it was read with it."""
    as_bmp = message.currency is None or any(slot.bmp == _CURRENCY.number for slot in message.order)
    return frozenset() if as_bmp else frozenset(("currency",))


def _read_card(data: bytes, reading: Reading) -> None:
    if data:
        reading.values["timeout_s"] = data[0]
        reading.walk_leniently(data, 1)


def _write_card(message: m.ReadCard) -> bytes:
    head = b"" if message.timeout_s is None else _octet(message.timeout_s, "timeout_s")
    return head + write_row(message)


def _read_intermediate(data: bytes, reading: Reading) -> None:
    """Status, minutes, container. Some units and one example of the specification leave out the minutes."""
    _need(data, 1, "an intermediate status")
    reading.values["status"] = data[0]
    if len(data) == 1:
        return
    if data[1] == TLV:
        trial = Reading(reading.charset)
        try:
            trial.walk(data, 1, ONLY_TLV)
        except DecodingError:
            pass
        else:
            reading.take(trial)
            return
    tens, ones = divmod(data[1], 16)
    if tens < 10 and ones < 10:
        reading.values["timeout_minutes"] = tens * 10 + ones
    else:
        reading.incomplete = True  # no time is worth losing a prompt for
    reading.walk_leniently(data, 2, ONLY_TLV)


def _write_intermediate(message: m.IntermediateStatus) -> bytes:
    head = _octet(message.status, "status")
    if message.timeout_minutes is not None:
        if not 0 <= message.timeout_minutes <= 99:
            raise LocalError("bad_value", f"timeout_minutes is {message.timeout_minutes}; 0 to 99 fit")
        head += bytes.fromhex(f"{message.timeout_minutes:02d}")
    return head + write_row(message)


def _read_aborted(data: bytes, reading: Reading) -> None:
    """Result, the wanted currency when it is 6F, BMPs. Nothing at all is seen too."""
    if not data:
        return
    reading.values["result_code"] = data[0]
    if data[0] == _WRONG_CURRENCY and len(data) > 1:
        _read_currency_and_row(data, 1, reading)
    else:
        reading.walk_leniently(data, 1)


def _write_aborted(message: m.AbortedByTerminal) -> bytes:
    if message.result_code is None:
        return write_row(message)
    head, placed = _octet(message.result_code, "result_code"), frozenset(("result_code",))
    if message.result_code == _WRONG_CURRENCY and (front := _currency_in_front(message)):
        head, placed = head + write_bmp(_CURRENCY, message.currency, message.charset)[1:], placed | front
    return head + write_row(message, placed)


def _read_completion(data: bytes, reading: Reading) -> None:
    """A row of BMPs, or the answer to a status enquiry: [software] status [container].

    A single byte is a status, even 06. With more bytes, what reads as a row to its end is a row.
    """
    at = _read_software(data, reading)
    if at == 0 and len(data) != 1:
        trial, failure = Reading(reading.charset), None
        try:
            trial.walk(data, 0, WITHOUT_DISPLAY)
        except DecodingError as error:
            failure = error
        if failure is None or trial.slots:
            reading.take(trial)
            if failure is not None and failure.code != "unknown_bmp":
                raise failure
            reading.incomplete = reading.incomplete or failure is not None
            return
    if at < len(data):
        reading.values["terminal_status"] = data[at]
        reading.walk_leniently(data, at + 1)


def _read_software(data: bytes, reading: Reading) -> int:
    if len(data) < 3 or min(data[:3]) < 0xF0:
        return 0
    length, start = length_at(data, 0, len(data), LLL)
    if start + length > len(data):
        raise DecodingError("too_short", f"the software version needs {length} bytes", start)
    clean, found = scrub_bytes(data[start : start + length])
    reading.masked += found
    reading.values["software"] = text.decode(clean, reading.charset)
    return start + length


def _write_completion(message: m.Completion) -> bytes:
    head = b""
    if message.software is not None:
        name = text.encode(message.software, message.charset)
        head = length_of(len(name), LLL) + name
    if message.terminal_status is not None:
        head += _octet(message.terminal_status, "terminal_status")
    return head + write_row(message)


def _is_container(data: bytes, at: int) -> bool:
    """Whether a container begins here and ends exactly with the data."""
    if data[at] != TLV:
        return False
    try:
        length, start = tlv.read_length(data, at + 1, len(data))
        if start + length != len(data):
            return False
        tlv.read_container(data, start, len(data))
    except DecodingError:
        return False
    return True


def _read_print_line(data: bytes, reading: Reading) -> None:
    """Attribute, text, perhaps a container; behind attribute FF the text is one byte, a number."""
    _need(data, 1, "a print line")
    reading.values["attribute"] = data[0]
    end = _container_behind(data, 2 if data[0] == 0xFF else 1)
    clean, found = scrub_bytes(data[1:end])
    reading.masked += found
    reading.charset = text.fitting(clean, reading.charset)
    reading.values["text"] = text.decode(clean, reading.charset)
    reading.walk(data, end, ONLY_TLV)


def _container_behind(data: bytes, at: int) -> int:
    for _ in range(_MOST_GUESSES):
        at = data.find(TLV, at)
        if at < 0:
            break
        if _is_container(data, at):
            return at
        at += 1
    return len(data)


def _write_print_line(message: m.PrintLine) -> bytes:
    return (
        _octet(message.attribute, "attribute")
        + text.encode(message.text, message.charset)
        + write_row(message)
    )


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
    m.IntermediateStatus: (_read_intermediate, _write_intermediate),
    m.Completion: (_read_completion, _write_completion),
    m.AbortedByTerminal: (_read_aborted, _write_aborted),
    m.PrintLine: (_read_print_line, _write_print_line),
    m.PrintBlock: (_read_only_tlv, write_row),
}

LAYOUTS: Mapping[int, Layout] = {
    code: Layout(m.OtherCommand, _read_perhaps_guarded if guarded else _read_row, _write_guarded)
    for code, guarded in BMP_COMMANDS.items()
} | {kind.command: Layout(kind, *how) for kind, how in _HOW.items()}
