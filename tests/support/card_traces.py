"""Looking for what a card number may have left behind, in every form in which it could be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.house import House


def forms_of(number: str) -> Mapping[str, bytes]:
    """A card number as digits, grouped, as hexadecimal of its text, as packed digits, and as numbers."""
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    packed = number if len(number) % 2 == 0 else f"{number}f"
    forms = {
        "digits": number.encode(),
        "spaced": " ".join(groups).encode(),
        "dashed": "-".join(groups).encode(),
        "packed": bytes.fromhex(packed),
        "hex": number.encode().hex().encode(),
        "hex, upper case": number.encode().hex().upper().encode(),
        "hex, spaced": number.encode().hex(" ").encode(),
        "packed, spaced": bytes.fromhex(packed).hex(" ").encode(),
        "escaped": "".join(f"\\x{part}" for part in bytes.fromhex(packed).hex(" ").split()).encode(),
        "wide": number.encode("utf-16-le"),
        "number": int(number).to_bytes(8, "big").lstrip(b"\0"),
        "number, little end": int(number).to_bytes(8, "little").rstrip(b"\0"),
    }
    return {name: form for name, form in forms.items() if len(form) >= 6}


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
    blobs |= {f"agent's file {path.name}": path.read_bytes() for path in _files(house.agent.state_dir)}
    for number, one in enumerate(house.traffic.heard):
        blobs[f"message {number} on {one.topic}"] = one.payload
    for name, station in house.stations.items():
        blobs[f"log of {name}"] = station.program.log.read_bytes()
        if station.ledger.exists():
            blobs[f"ledger of {name}"] = station.ledger.read_bytes()
    return blobs


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
