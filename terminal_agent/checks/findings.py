"""What a check found, and what the command's exit code says of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["settings", "state", "journal", "clock", "broker", "terminal", "unit"]
Level = Literal["ok", "warning", "failed"]

# In this order: the first part that failed gives the exit code.
EXIT_CODES: Mapping[Part, int] = {
    "settings": 2,
    "state": 3,
    "journal": 3,
    "broker": 4,
    "terminal": 5,
    "clock": 6,
    "unit": 7,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `name` says which (a terminal's id, a file), `text` what was found and,
    if it is not well, what to do; `code` is stable; `facts` are for machines."""

    part: Part
    name: str
    level: Level
    text: str
    code: str = "ok"
    facts: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "part": self.part,
            "name": self.name,
            "level": self.level,
            "code": self.code,
            "text": self.text,
            **({"facts": dict(self.facts)} if self.facts else {}),
        }


def exit_code(findings: Iterable[Finding]) -> int:
    """0 when nothing failed (warnings are no failure), else the code of the first part that did."""
    failed = {finding.part for finding in findings if finding.level == "failed"}
    return next((code for part, code in EXIT_CODES.items() if part in failed), 0)
