"""Broken promises, and whose fault they are.

    ProtocolError                 a promise of a wire or of a caller was broken
    ├── LocalError                we are wrong: a bug, or a call out of order
    └── RemoteError               they are wrong: bytes or messages outside the specification
        ├── FramingError          the frame itself is malformed
        └── DecodingError         the frame is sound, what it holds is not

A decline is never an exception. Texts never echo the bytes: they may be card data.
"""

from __future__ import annotations

from typing import Literal

Fault = Literal["ours", "peer", "operator"]
Effect = Literal["none", "unknown"]


class ProtocolError(Exception):
    """`code` is stable; `effect` says whether money may have moved because of it."""

    fault: Fault = "peer"
    effect: Effect = "unknown"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LocalError(ProtocolError):
    """We broke the contract."""

    fault: Fault = "ours"


class RemoteError(ProtocolError):
    """The peer broke the specification."""


class FramingError(RemoteError):
    """A frame with a bad checksum, length or delimiter."""


class DecodingError(RemoteError):
    """A sound frame whose content breaks the specification; `at` is the byte offset."""

    def __init__(self, code: str, message: str, at: int | None = None) -> None:
        super().__init__(code, message if at is None else f"{message} (at byte {at})")
        self.at = at
