"""The commands of the terminal that are more than a row of BMPs (PA00P015 ch. 3)."""

from __future__ import annotations

from protocols.core.errors import DecodingError, LocalError
from protocols.core.scrub import scrub_bytes
from protocols.zvt import messages as m
from protocols.zvt import text
from protocols.zvt.bmp import LLL, length_at, length_of
from protocols.zvt.fields import ONLY_TLV, TLV, WITHOUT_DISPLAY
from protocols.zvt.layout_parts import (
    currency_in_front,
    is_container,
    need,
    octet,
    read_currency_and_row,
    write_currency,
)
from protocols.zvt.walker import Reading, write_row

_WRONG_CURRENCY = 0x6F
_MOST_GUESSES = 16  # where in a print line a container might begin


def read_intermediate(data: bytes, reading: Reading) -> None:
    """Status, minutes, container. Some units and one example of the specification leave out the minutes."""
    need(data, 1, "an intermediate status")
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


def write_intermediate(message: m.IntermediateStatus) -> bytes:
    """Status, minutes, container."""
    head = octet(message.status, "status")
    if message.timeout_minutes is not None:
        if not 0 <= message.timeout_minutes <= 99:
            raise LocalError("bad_value", f"timeout_minutes is {message.timeout_minutes}; 0 to 99 fit")
        head += bytes.fromhex(f"{message.timeout_minutes:02d}")
    return head + write_row(message)


def read_aborted(data: bytes, reading: Reading) -> None:
    """Result, the wanted currency when it is 6F, BMPs. Nothing at all is seen too."""
    if not data:
        return
    reading.values["result_code"] = data[0]
    if data[0] == _WRONG_CURRENCY and len(data) > 1:
        read_currency_and_row(data, 1, reading)
    else:
        reading.walk_leniently(data, 1)


def write_aborted(message: m.AbortedByTerminal) -> bytes:
    """Result, currency when it is 6F, BMPs."""
    if message.result_code is None:
        return write_row(message)
    head, placed = octet(message.result_code, "result_code"), frozenset(("result_code",))
    if message.result_code == _WRONG_CURRENCY and (front := currency_in_front(message)):
        head, placed = head + write_currency(message), placed | front
    return head + write_row(message, placed)


def read_completion(data: bytes, reading: Reading) -> None:
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


def write_completion(message: m.Completion) -> bytes:
    """[Software] [status] BMPs."""
    head = b""
    if message.software is not None:
        name = text.encode(message.software, message.charset)
        head = length_of(len(name), LLL) + name
    if message.terminal_status is not None:
        head += octet(message.terminal_status, "terminal_status")
    return head + write_row(message)


def read_print_line(data: bytes, reading: Reading) -> None:
    """Attribute, text, perhaps a container; behind attribute FF the text is one byte, a number."""
    need(data, 1, "a print line")
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
        if is_container(data, at):
            return at
        at += 1
    return len(data)


def write_print_line(message: m.PrintLine) -> bytes:
    """Attribute, text, container."""
    return (
        octet(message.attribute, "attribute")
        + text.encode(message.text, message.charset)
        + write_row(message)
    )
