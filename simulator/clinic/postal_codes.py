"""Canadian postal codes: as people type them, as they are kept (upper-case, without a space), as they are
written (in two halves)."""

from __future__ import annotations

import re

_POSTAL_CODE = re.compile(r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][0-9][ABCEGHJ-NPRSTV-Z][0-9]")


def read_postal_code(text: str) -> str | None:
    """The code, or None for what is none."""
    plain = "".join(text.split()).upper()
    return plain if _POSTAL_CODE.fullmatch(plain) else None


def write_postal_code(code: str | None) -> str:
    """A code that was kept, as it is written on letters; nothing for none."""
    return f"{code[:3]} {code[3:]}" if code else ""
