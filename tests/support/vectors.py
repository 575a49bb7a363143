"""The wire examples of `tests/vectors`, by protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "vectors"


def load(protocol: str) -> list[dict[str, Any]]:
    """All entries of one protocol's file."""
    entries: list[dict[str, Any]] = json.loads((_FOLDER / f"{protocol}.json").read_text(encoding="utf-8"))
    return entries
