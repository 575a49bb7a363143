"""APDUs to messages and back (PA00P015 ch. 1.4): class, instruction, length, data."""

from __future__ import annotations

from protocols.zvt import text
from protocols.zvt.data_objects import Message


def encode(message: Message) -> bytes:
    """The APDU of a message. Raises LocalError when a field holds what the wire cannot say."""
    raise NotImplementedError


def decode(apdu: bytes, *, from_terminal: bool, charset: str = text.DEFAULT) -> Message:
    """The message in one whole APDU. Raises DecodingError and nothing else, for any bytes."""
    raise NotImplementedError
