"""Whether somebody keeps this machine's clock right: the kernel knows (adjtimex(2), Linux)."""

from __future__ import annotations

import ctypes
import sys
from typing import Literal

Synchronised = Literal["yes", "no", "unknown"]
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
STRUCT_TIMEX_BYTES = 208  # on 64-bit Linux; asked with more room than that, nothing is set (modes = 0)


def synchronised() -> Synchronised:
    """Ask the kernel; "unknown" where there is no such question to ask."""
    if not sys.platform.startswith("linux"):
        return "unknown"
    question = ctypes.create_string_buffer(2 * STRUCT_TIMEX_BYTES)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(question)
    if state < 0:
        return "unknown"
    return "no" if state == TIME_ERROR else "yes"
