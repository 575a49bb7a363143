"""The JSON Schema of the settings file, for editors and for those who make settings by machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from terminal_agent.settings.whole import Settings

PUBLISHED = Path(__file__).resolve().parents[2] / "config" / "settings.schema.json"
USAGE = "usage: python -m terminal_agent.settings --schema | --check"


def schema() -> dict[str, Any]:
    """The schema, JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Settings.model_json_schema(),
        "title": "Settings of the terminal agent",
    }


def rendered() -> str:
    """The schema as the text that is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str], published: Path = PUBLISHED) -> int:
    """Write the published schema, or tell whether it is still the model's."""
    if arguments == ["--schema"]:
        published.write_text(rendered(), encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        if published.is_file() and published.read_text(encoding="utf-8") == rendered():
            return 0
        sys.stderr.write(f"{published} is not what the settings say; run `make schemas`\n")
        return 1
    sys.stderr.write(USAGE + "\n")
    return 2
