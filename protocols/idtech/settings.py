"""Reading and changing a reader's settings (SecureMag manual 80096504-001, 6.2 and 6.3).

    02 'R' id 03 LRC               what a setting holds: 06 02 id length data 03 LRC, or 15 where it has none
    02 'S' id length data 03 LRC   change it: 06, or 15

The LRC is over all before it but the 06. Commands go by SET_REPORT and answers come by GET_REPORT on the
control pipe, in feature reports of 8 bytes filled up with zeros (USB HID Technical Reference, report
descriptor). How an answer longer than one report goes on is not documented: it is taken from as many reports
as it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.core.checksums import lrc
from protocols.core.errors import FramingError
from protocols.idtech.framing import ETX, STX

FEATURE_SIZE: Final = 8
_GET, _SET = 0x52, 0x53
_ACK, _NAK, _UNSUPPORTED = 0x06, 0x15, 0x16


class Setting(IntEnum):
    """The settings that matter here. Digits as values are ASCII: 30 is 0."""

    PAN_DIGITS_BEFORE = 0x49  # shown of the number at its beginning: up to 6, as delivered 4
    PAN_DIGITS_AFTER = 0x4A  # shown at its end: up to 4
    MASK_CHARACTER = 0x4B
    SHOW_EXPIRY = 0x50  # 30 hides it in the mask, as delivered; 31 shows it
    KSN = 0x51
    SEND_TRACK_LRC = 0x6F  # 31 sends the LRC character of each track
    SECURITY_LEVEL = 0x7E
    FORCE_ENCRYPTION = 0x84  # bits: 0-2 tracks 1-3, 3 track 3 of payment cards, 4 the new mask
    OUTPUT_FORMAT = 0x85  # 31 is the enhanced one


@dataclass(frozen=True, slots=True)
class Get:
    """What does it hold?"""

    setting: int


@dataclass(frozen=True, slots=True)
class Set:
    """Hold this."""

    setting: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Value:
    """A setting holds this."""

    setting: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """06: changed."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """15, or 16: unknown setting, wrong length or wrong value."""


Command = Get | Set
Answer = Value | Taken | NotTaken

ENHANCED_OUTPUT: Final = Set(Setting.OUTPUT_FORMAT, b"1")


def encrypt_always(bits: int) -> Set:
    """Encrypt the tracks of these bits whatever the card is. The value is one byte."""
    return Set(Setting.FORCE_ENCRYPTION, bytes([bits]))


def build_command(command: Command) -> bytes:
    """The bytes of a command."""
    if isinstance(command, Get):
        return _closed(bytes([STX, _GET, command.setting]))
    return _closed(bytes([STX, _SET, command.setting, len(command.value)]) + command.value)


def parse_command(data: bytes) -> Command:
    """A command, whatever zeros follow it. Raises FramingError `bad_command`."""
    size, command = 0, _command_in(data)
    if command is not None:
        size = 5 if isinstance(command, Get) else 6 + len(command.value)
    if (
        command is None
        or len(data) < size
        or data[size - 2] != ETX
        or lrc(data[: size - 1]) != data[size - 1]
    ):
        raise FramingError("bad_command", "neither 02 'R' nor 02 'S' with its end and its LRC")
    return command


def _command_in(data: bytes) -> Command | None:
    if len(data) >= 5 and data[:2] == bytes([STX, _GET]):
        return Get(data[2])
    if len(data) >= 6 and data[:2] == bytes([STX, _SET]):
        return Set(data[2], data[4 : 4 + data[3]])
    return None


def build_answer(answer: Answer) -> bytes:
    """The bytes of an answer."""
    if isinstance(answer, Value):
        head = bytes([STX, answer.setting, len(answer.value)])
        return bytes([_ACK]) + _closed(head + answer.value)
    return bytes([_ACK if isinstance(answer, Taken) else _NAK])


def parse_answer(data: bytes) -> Answer | None:
    """An answer, whatever zeros follow it; None while more must come. A lone 06 followed by zeros is Taken.
    Raises FramingError `bad_answer`."""
    if not data or not any(data):
        return None
    if data[0] in (_NAK, _UNSUPPORTED):
        return NotTaken()
    if data[0] != _ACK or (len(data) > 1 and data[1] not in (STX, 0)):
        raise FramingError("bad_answer", "an answer begins with 06 or 15")
    if len(data) > 1 and data[1] == 0:
        return Taken()
    if len(data) < 4 or len(data) < 6 + data[3]:
        return None
    size = 6 + data[3]
    if data[size - 2] != ETX or lrc(data[1 : size - 1]) != data[size - 1]:
        raise FramingError("bad_answer", "the end or the LRC of the answer is wrong")
    return Value(data[2], data[4 : 4 + data[3]])


def level_of(value: bytes) -> int | None:
    """The security level, told as a digit or as a number: 0 keys exhausted, 1 no key, 2 key loaded,
    3 encrypting, 4 encrypting after authentication. None for anything else."""
    if len(value) != 1:
        return None
    level = value[0] - 0x30 if value[0] >= 0x30 else value[0]
    return level if 0 <= level <= 4 else None


def ksn_of(value: bytes) -> str | None:
    """The key serial number, told as 10 bytes or as 20 hexadecimal characters: upper-case hexadecimal."""
    if len(value) == 10:
        return value.hex().upper()
    text = value.decode("ascii", "replace").upper()
    return text if len(text) == 20 and all(digit in "0123456789ABCDEF" for digit in text) else None


def _closed(head: bytes) -> bytes:
    ended = head + bytes([ETX])
    return ended + bytes([lrc(ended)])
