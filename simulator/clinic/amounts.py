"""Amounts as people here type them: "47,50" in French, "47.50" in English; kept as integer cents."""

from __future__ import annotations

import re

from protocols.contract.fields import Locale

# Spaces part thousands in French, commas in English; either mark parts the cents, of which there are two.
_FORMS = {
    "fr": re.compile(r"(\d{1,3}(?: \d{3})+|\d{1,7})(?:[.,](\d{2}))?"),
    "en": re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,7})(?:[.,](\d{2}))?"),
}
_MARKS = {"fr": ",", "en": "."}


def read_amount(text: str, language: Locale) -> int | None:
    """The cents of an amount that somebody typed; None for what is no amount or could be two."""
    plain = re.sub(r"\s", " ", text).replace("$", "").strip()
    found = _FORMS[language].fullmatch(plain)
    if found is None:
        return None
    dollars = re.sub(r"\D", "", found[1])
    return int(dollars) * 100 + int(found[2] or 0)


def write_amount(amount_minor: int, language: Locale) -> str:
    """Cents as they stand in a field, without a sign."""
    return f"{amount_minor // 100}{_MARKS[language]}{amount_minor % 100:02}"
