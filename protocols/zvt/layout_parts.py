"""The bytes in front of a row of BMPs: bytes, passwords, a currency without its number."""

from __future__ import annotations

from protocols.core.errors import DecodingError, LocalError
from protocols.zvt import tlv
from protocols.zvt.data_objects import DataObjects
from protocols.zvt.fields import BMPS, TLV
from protocols.zvt.walker import Reading, write_bmp

CURRENCY = BMPS[0x49]


def need(data: bytes, size: int, what: str) -> None:
    """Raise DecodingError `too_short` unless so many bytes came."""
    if len(data) < size:
        raise DecodingError("too_short", f"{what} takes {size} bytes or more, {len(data)} came", len(data))


def packed(value: str, size: int, what: str) -> bytes:
    """Digits as bytes; LocalError `bad_value` unless there are just so many."""
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise LocalError("bad_value", f"{what} takes {2 * size} digits")
    return raw


def octet(value: int, what: str) -> bytes:
    """One byte; LocalError `bad_value` when the number does not fit."""
    if not 0 <= value <= 0xFF:
        raise LocalError("bad_value", f"{what} is {value}; 0 to 255 fit into its byte")
    return bytes((value,))


def is_container(data: bytes, at: int) -> bool:
    """Whether a container begins here and ends exactly with the data."""
    if at >= len(data) or data[at] != TLV:
        return False
    try:
        length, start = tlv.read_length(data, at + 1, len(data))
        if start + length != len(data):
            return False
        tlv.read_container(data, start, len(data))
    except DecodingError:
        return False
    return True


def read_currency_and_row(data: bytes, at: int, reading: Reading) -> None:
    """A currency without its number, and a row; or the row alone: the first that reads to its end."""
    if is_container(data, at):
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
    need(data, at + 2, "a command with a currency")
    reading.take(Reading(reading.charset, values={"currency": with_it.values["currency"]}))
    reading.walk_leniently(data, at + 2)


def write_currency(message: DataObjects) -> bytes:
    """The currency without its number."""
    return write_bmp(CURRENCY, message.currency, message.charset)[1:]


def currency_in_front(message: DataObjects) -> frozenset[str]:
    """The currency stands without its BMP number, unless it was read with it."""
    as_bmp = message.currency is None or any(slot.bmp == CURRENCY.number for slot in message.order)
    return frozenset() if as_bmp else frozenset(("currency",))
