"""Looking for what a card number may have left behind, in every form in which it could be written."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from tests.support.card_forms import packed, text_forms
from tests.support.house import House


@cache
def forms_of(number: str) -> Mapping[str, bytes]:
    """A card number in all its texts, as packed digits both ways round, and as a binary number."""
    texts = {name: text for name, text in text_forms(number).items() if not name.startswith("base64")}
    forms = {name: text.encode("latin-1") for name, text in texts.items() if "tag" not in name}
    for offset in range(3):
        forms[f"base64, offset {offset}"] = _within_base64(number.encode(), offset)
        forms[f"base64 of packed, offset {offset}"] = _within_base64(packed(number), offset)
    turned = packed(number).hex()
    forms |= {
        "packed": packed(number),
        "packed, nibbles turned": bytes.fromhex(
            "".join(turned[at + 1] + turned[at] for at in range(0, len(turned), 2))
        ),
        "number": int(number).to_bytes(8, "big").lstrip(b"\0"),
        "number, little end": int(number).to_bytes(8, "little").rstrip(b"\0"),
    }
    once = {form: name for name, form in reversed(forms.items()) if len(form) >= 6}
    return {name: form for form, name in once.items()}


def _within_base64(data: bytes, offset: int) -> bytes:
    """The letters that depend on the data alone, whatever stands around it."""
    coded = base64.b64encode(b"\0" * offset + data + b"\0" * 3)
    return coded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6]


def traces(number: str, blobs: Mapping[str, bytes]) -> list[str]:
    """Where the number was found, and in which form: never the number itself."""
    return [
        f"{where}: {name}"
        for where, data in blobs.items()
        for name, form in forms_of(number).items()
        if form in data
    ]


def left_by(house: House) -> dict[str, bytes]:
    """All that a point of service leaves behind: logs, every file of the agent's, every message."""
    blobs = {"agent's log": house.agent.log.read_bytes()}
    blobs |= {f"agent's file {path.name}": path.read_bytes() for path in _files(house.agent.folder)}
    for number, one in enumerate(house.traffic.heard):
        blobs[f"message {number} on {one.topic}"] = one.payload
    for name, station in house.stations.items():
        blobs[f"log of {name}"] = station.program.log.read_bytes()
        if station.ledger.exists():
            blobs[f"ledger of {name}"] = station.ledger.read_bytes()
    return blobs


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
