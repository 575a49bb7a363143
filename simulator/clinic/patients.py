"""Finding patients: by names and e-mail, with or without accents, or by a telephone number."""

from __future__ import annotations

import re
import unicodedata

from simulator.clinic.database import Database, Row

_SHOWN = 100
_FEWEST_DIGITS = 3
_NUMBER = re.compile(r"[\d\s().+-]+")


def search(db: Database, wanted: str) -> list[Row]:
    """Those whose names and e-mail have every word of it, or whose telephone number has its digits; everybody
    for nothing. By last name, and no more than a page shows."""
    words = _plain(wanted.replace(",", " ")).split()
    digits = _digits(wanted) if _NUMBER.fullmatch(wanted) else ""
    found = [
        row
        for row in db.all("SELECT * FROM patients")
        if _has(row, words) or (len(digits) >= _FEWEST_DIGITS and digits in _digits(row["phone"]))
    ]
    return sorted(found, key=lambda row: (_plain(row["last_name"]), _plain(row["first_name"])))[:_SHOWN]


def _has(row: Row, words: list[str]) -> bool:
    told = _plain(f"{row['first_name']} {row['last_name']} {row['email']}")
    return all(word in told for word in words)


def _plain(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
