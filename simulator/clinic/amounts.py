"""Amounts as people here type them, "47,50" or "47.50 $"; kept as integer cents."""

from __future__ import annotations

import re

from protocols.contract.fields import Locale

# Two digits after a comma or a point are cents; a space (French) or a comma (English) before three digits
# parts thousands, so no form has two meanings.
_AMOUNT = re.compile(r"\$? ?(\d{1,3}(?:[ ,]\d{3})+|\d{1,7})(?:[.,](\d{2}))? ?\$?")
_MARKS = {"fr": ",", "en": "."}


def read_amount(text: str) -> int | None:
    """The cents of an amount that somebody typed; None for what is none."""
    found = _AMOUNT.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    return int(re.sub(r"\D", "", found[1])) * 100 + int(found[2] or 0)


def write_amount(amount_minor: int, language: Locale) -> str:
    """Cents as they stand in a field, without a sign."""
    return f"{amount_minor // 100}{_MARKS[language]}{amount_minor % 100:02}"
