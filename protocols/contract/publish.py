"""Write docs/contract from the contract, or (`--check`) tell whether it is still what the contract says."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from protocols.contract.asyncapi import document
from protocols.contract.catalogue import entries
from protocols.contract.page import page
from protocols.contract.schemas import message_schema

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "contract"


def rendered() -> Mapping[str, str]:
    """Every published file: its path below docs/contract -> its text."""
    schemas = {f"schemas/{entry.name}.json": _json(message_schema(entry)) for entry in entries()}
    return {"README.md": page(), "asyncapi.json": _json(document()), **schemas}


def differences(folder: Path) -> list[str]:
    """The files that are missing, different, or no longer part of the contract."""
    wanted = rendered()
    wrong = [
        name
        for name, text in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return wrong + sorted(found - wanted.keys())


def write(folder: Path) -> None:
    """Write every file and remove what is no longer part of the contract."""
    for name in differences(folder):
        (folder / name).unlink(missing_ok=True)
    for name, text in rendered().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str], folder: Path = PUBLISHED) -> int:
    """Exit codes: 0 done or equal, 1 they differ, 2 wrong use."""
    if arguments == ["--check"]:
        wrong = differences(folder)
        for name in wrong:
            sys.stderr.write(f"{folder / name} is not what the contract says; run `make schemas`\n")
        return 1 if wrong else 0
    if arguments:
        sys.stderr.write("usage: python -m protocols.contract.publish [--check]\n")
        return 2
    write(folder)
    return 0


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
