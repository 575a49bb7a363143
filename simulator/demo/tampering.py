"""TAMPER=1: change one line of the ledger, as somebody might who has the file. The judge must notice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_ADDED_MINOR = 100


@dataclass(frozen=True, slots=True)
class Tampered:
    """What was changed: the line's number from 1, its amount before and after."""

    number: int
    before_minor: int
    after_minor: int


def tamper(ledger: Path) -> Tampered | None:
    """Add a dollar to the last charge. None where there is no charge."""
    lines = ledger.read_text(encoding="utf-8").splitlines()
    for place in reversed(range(len(lines))):
        line = json.loads(lines[place])
        if line["kind"] == "charge":
            before = line["amount_minor"]
            line["amount_minor"] = before + _ADDED_MINOR
            lines[place] = json.dumps(line, ensure_ascii=False)
            ledger.write_text("\n".join(lines) + "\n", encoding="utf-8")
            return Tampered(place + 1, before, line["amount_minor"])
    return None
