"""APDUs to messages and back (PA00P015, APDU structure): class, instruction, length, data.

The length is one byte, or FF and two bytes, low byte first. Which commands there are and how each is laid
out is in `layouts`; the formats of their data are in `fields` and `tlv`.
"""

from __future__ import annotations

from dataclasses import MISSING, fields

from protocols.core.errors import DecodingError, LocalError
from protocols.core.scrub import scrub_bcd, scrub_bytes
from protocols.zvt import codes, text
from protocols.zvt.data_objects import Message
from protocols.zvt.layouts import LAYOUTS, Layout
from protocols.zvt.messages import (
    AbortedByTerminal,
    Completion,
    IntermediateStatus,
    Negative,
    Opaque,
    OtherCommand,
    Positive,
    PrintBlock,
    PrintLine,
)
from protocols.zvt.walker import Reading

_POSITIVE, _NEGATIVE = 0x8000, 0x84
_LONG = 0xFF  # announces the two-byte length
_LONGEST = 0xFFFF
_SALVAGED = frozenset((IntermediateStatus, PrintLine, PrintBlock, AbortedByTerminal, Completion))


def encode(message: Message) -> bytes:
    """The APDU of a message. Raises LocalError `bad_value` or `too_long` for what the wire cannot say."""
    if isinstance(message, Negative):
        if not 0 <= message.code <= 0xFF:
            raise LocalError("bad_value", f"error code {message.code}; 0 to 255 fit")
        code, data = _NEGATIVE << 8 | message.code, message.data
    elif isinstance(message, Opaque):
        code, data = message.code, message.data
    elif isinstance(message, Positive):
        code, data = _POSITIVE, message.data
    else:
        code = message.code if isinstance(message, OtherCommand) else message.command
        layout = LAYOUTS.get(code)
        if layout is None or layout.kind is not type(message):
            raise LocalError(
                "bad_value", f"{type(message).__name__} cannot say {code:04X}; send it as Opaque"
            )
        data = layout.write(message)
    if not 0 <= code <= 0xFFFF:
        raise LocalError("bad_value", f"code {code:X} does not fit into class and instruction")
    return code.to_bytes(2, "big") + _length(len(data), message.extended) + data


def _length(length: int, extended: bool) -> bytes:
    if length > _LONGEST:
        raise LocalError("too_long", f"{length} bytes of data; an APDU holds {_LONGEST}")
    if length >= _LONG or extended:
        return bytes((_LONG,)) + length.to_bytes(2, "little")
    return bytes((length,))


def decode(
    apdu: bytes, *, from_terminal: bool, charset: str = text.DEFAULT, salvage: bool = False
) -> Message:
    """The message in one whole APDU. Raises DecodingError and nothing else, for any bytes.

    Card numbers are masked and counted in `masked`. Codes of the error: too_short, length_mismatch,
    wrong_direction, bmp_truncated, bad_length_digit, bad_digit, tlv_truncated, tlv_bad_length, tlv_too_deep.

    `salvage` is for a dialogue that must go on: a malformed prompt, print or end comes out `incomplete`,
    with what could be read of it. Anything else that is malformed is an error all the same, because
    answering it would acknowledge a result that nobody has read.
    """
    start, extended = _header(apdu)
    code, data = apdu[0] << 8 | apdu[1], apdu[start:]
    reading = Reading(charset)
    layout = LAYOUTS.get(code)
    if layout is not None:
        _check_direction(code, from_terminal)
        try:
            layout.read(data, reading)
        except DecodingError:
            if not (salvage and layout.kind in _SALVAGED and _has_front(layout.kind, reading)):
                raise
            reading.incomplete = True
        return _built(layout, code, reading, extended)
    if code >> 8 == _NEGATIVE:
        data, masked = scrub_bytes(data)
        return Negative(code=code & 0xFF, data=data, masked=masked, extended=extended)
    if code == _POSITIVE:
        data, masked = scrub_bytes(data)
        return Positive(data=data, masked=masked, extended=extended)
    _check_direction(code, from_terminal)
    data, in_text = scrub_bytes(data)
    data, packed = scrub_bcd(data)
    return Opaque(code=code, data=data, masked=in_text + packed, extended=extended)


def _header(apdu: bytes) -> tuple[int, bool]:
    """Where the data begins, and whether the length came in its long form."""
    size = len(apdu)
    if size < 3 or (apdu[2] == _LONG and size < 5):
        raise DecodingError("too_short", f"an APDU has a header of 3 or 5 bytes, {size} came", size)
    extended = apdu[2] == _LONG
    length, start = (apdu[3] | apdu[4] << 8, 5) if extended else (apdu[2], 3)
    if size != start + length:
        raise DecodingError(
            "length_mismatch", f"the APDU says {length} bytes of data, {size - start} came", 2
        )
    return start, extended and length < _LONG


def _check_direction(code: int, from_terminal: bool) -> None:
    """Our own bytes may come back to us (an echoing adapter); they must not pass for the other side's."""
    known = code in codes.COMMAND_NAMES and code not in codes.FROM_EITHER
    if known and (code in codes.ONLY_FROM_TERMINAL) != from_terminal:
        sender = "the ECR" if from_terminal else "the terminal"
        raise DecodingError(
            "wrong_direction", f"{codes.command_name(code)} ({code:04X}) is sent by {sender} only", 0
        )


def _has_front(kind: type[Message], reading: Reading) -> bool:
    """Whether the fields without which there is no such message were read."""
    return all(entry.name in reading.values for entry in fields(kind) if entry.default is MISSING)


def _built(layout: Layout, code: int, reading: Reading, extended: bool) -> Message:
    values = reading.values
    if reading.others:
        values["others"] = tuple(reading.others)
    if layout.kind is OtherCommand:
        values["code"] = code
    return layout.kind(
        **values,
        incomplete=reading.incomplete,
        masked=reading.masked,
        extended=extended,
        charset=reading.charset,
        order=tuple(reading.slots),
    )
