"""What recorded MQTT traffic says: commands, facts in effect, and anything that looks like a card number.

Reads the file of simulator.demo.recorder. Facts are published again until they are acknowledged; in effect
each (agent, epoch, seq) is one fact, and all its deliveries must say the same.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocols.contract.envelope import Envelope, MalformedError, unpack
from protocols.contract.events import FACTS, Corrected
from protocols.contract.messages import read
from protocols.contract.operation import OperationView
from protocols.contract.topics import Address, TopicError, parse
from protocols.core.scrub import scrub
from simulator.cards import CARDS

# A token is 64 hexadecimal digits: digits in a row within it are no card number.
_TOKEN = re.compile(r"(?=[0-9a-f]*[a-f])[0-9a-f]{64}")
Places = dict[tuple[str, str | None, int | None], object]
"""(agent, epoch, seq) -> what the fact says."""
Contents = dict[tuple[str, str], Counter[str]]
"""(operation, op) -> how often each content came."""
_NUMBERS = tuple(card.number for card in CARDS.values())


class TrafficError(Exception):
    """A traffic file that cannot be what the recorder wrote: names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, however often it was delivered. `contents`: how many different ones came under its id."""

    operation_id: str
    op: str
    deliveries: int
    contents: int


@dataclass(frozen=True, slots=True)
class Told:
    """A fact about an operation in effect. `line` is that of its first delivery, from 1."""

    line: int
    seq: int
    view: OperationView


@dataclass(slots=True)
class Traffic:
    """All that a verdict needs. `leaks` and `broken` are line numbers; `changed` names facts."""

    messages: int = 0
    asked: dict[str, Asked] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    corrected: list[Corrected] = field(default_factory=list)
    repeats: int = 0
    changed: list[str] = field(default_factory=list)
    leaks: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)


def read_traffic(path: Path) -> Traffic:
    """What the file says. Raises TrafficError, OSError."""
    with path.open(encoding="utf-8") as lines:
        return traffic_of(lines, str(path))


def traffic_of(lines: Iterable[str], name: str) -> Traffic:
    """The same from its lines."""
    traffic = Traffic()
    places: Places = {}
    contents: Contents = {}
    for number, text in enumerate(lines, 1):
        record = _record(text, f"{name}, line {number}")
        traffic.messages += 1
        if _shows_card_number(record):
            traffic.leaks.append(number)
        message = _message(record)
        if message is None:
            traffic.broken.append(number)
        elif message[0].channel == "cmd":
            _ask(contents, *message)
        elif message[0].channel == "evt" and message[0].leaf in FACTS:
            _tell(traffic, places, number, *message)
    traffic.asked = {
        one: Asked(one, op, sum(seen.values()), len(seen)) for (one, op), seen in contents.items()
    }
    return traffic


def shows_card_number(text: str) -> bool:
    """Whether one of our test cards' numbers is in a text, or anything else with the shape of one."""
    return any(number in text for number in _NUMBERS) or scrub(text)[1] > 0


def _record(text: str, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(text)
    except ValueError:
        raise TrafficError(f"{where}: not JSON; the recorder writes one object a line") from None
    if not isinstance(record, dict) or not isinstance(record.get("topic"), str):
        raise TrafficError(f"{where}: expected an object with a topic and a payload")
    return record


def _message(record: Mapping[str, Any]) -> tuple[Address, Envelope] | None:
    """The message as the contract has it; None for one that the contract does not know."""
    try:
        return parse(record["topic"]), unpack(str(record.get("payload", "")).encode(), max_bytes=1 << 20)
    except (TopicError, MalformedError):
        return None


def _ask(contents: Contents, address: Address, envelope: Envelope) -> None:
    operation_id = envelope.data.get("operation_id")
    if address.kind == "terminal" and isinstance(operation_id, str):
        content = json.dumps(envelope.data, sort_keys=True)
        contents.setdefault((operation_id, address.leaf), Counter())[content] += 1


def _tell(
    traffic: Traffic,
    places: Places,
    number: int,
    address: Address,
    envelope: Envelope,
) -> None:
    place = (address.agent, envelope.epoch, envelope.seq)
    if place in places:
        traffic.repeats += 1
        if places[place] != envelope.data:
            traffic.changed.append(f"{envelope.epoch}-{envelope.seq}")
        return
    places[place] = envelope.data
    if address.leaf == "operation":
        traffic.told.append(Told(number, envelope.seq or 0, read(OperationView, envelope)))
    elif address.leaf == "corrected":
        traffic.corrected.append(read(Corrected, envelope))


def _shows_card_number(record: Mapping[str, Any]) -> bool:
    payload = str(record.get("payload", ""))
    if any(number in payload or number in record["topic"] for number in _NUMBERS):
        return True
    if "payload_hex" in record:
        raw = bytes.fromhex(record["payload_hex"]).decode("latin-1")
        return shows_card_number(raw)
    try:
        leaves = _leaves(json.loads(payload))
    except ValueError:
        return shows_card_number(payload)
    return any(scrub(leaf)[1] > 0 for leaf in leaves if not _TOKEN.fullmatch(leaf))


def _leaves(value: object) -> Iterator[str]:
    """Every text and number in a JSON value, names included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
