"""Ledger lines and recorded traffic written by hand, for the judge to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from protocols.contract import messages
from protocols.contract.messages import Message, Place, Stamp
from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from protocols.contract.wording import words
from simulator.acquirer.lines import Entry, Line, numbered
from simulator.demo.traffic import Traffic, traffic_of

NOW = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
TOPICS = AgentTopics("clinic-1", "agent-1")
EPOCH = make_ulid(1, bytes(10))
TERMINAL = "52500042"


def operation(number: int) -> str:
    """An operation's id."""
    return make_ulid(1000 + number, bytes(10))


def line(number: int, amount_minor: int = 4750, **changes: Any) -> Line:
    """A charge, the terminal's line of that number; its receipt has the same number."""
    values: dict[str, Any] = {
        "kind": "charge",
        "at": NOW,
        "terminal": TERMINAL,
        "amount_minor": amount_minor,
        "currency": "CAD",
        "receipt": f"{number:04d}",
        "trace": f"{number:06d}",
        "turnover": f"{number:06d}",
        "brand": "visa",
        "card": "************1111",
    }
    return numbered(Entry(**{**values, **changes}), number)


class Paper:
    """A record in the making. Facts number themselves."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._seq = 0

    def command(self, number: int, op: str = "sale", **data: Any) -> Paper:
        """A command, once; write it again for a repetition."""
        body = {"operation_id": operation(number), "amount_minor": 4750, "currency": "CAD", **data}
        message = messages.command(TOPICS, op, body, Stamp("c", NOW), node="backend", terminal="t-1")
        return self.message(message)

    def fact(self, number: int, state: str, op: str = "sale", **changes: Any) -> Paper:
        """A fact about an operation; by default with the terminal's numbers as in `line(number)`."""
        self._seq += 1
        return self.again(number, state, op, **changes)

    def again(self, number: int, state: str, op: str = "sale", **changes: Any) -> Paper:
        """A fact under the number of the one before: a re-publication."""
        text = words(state)
        body: dict[str, Any] = {
            "operation_id": operation(number),
            "op": op,
            "terminal": "t-1",
            "state": state,
            "code": state,
            "text": {"fr": text.fr, "en": text.en},
            "money": "charged" if state == "approved" else "none",
            "amount_minor": 4750,
            "currency": "CAD",
            "card": {"brand": "visa", "last_four": "1111"},
            "evidence": {
                "source": "dialogue",
                "seen": {"receipt": f"{number:04d}", "trace": f"{number:06d}"},
            },
        }
        place = Place(EPOCH, self._seq, 1)
        data = {**body, **changes}
        return self.message(
            messages.event(TOPICS, "operation", data, Stamp("e", NOW), terminal="t-1", place=place)
        )

    def sale(self, number: int, state: str = "approved", **changes: Any) -> Paper:
        """A whole sale: asked, accepted, ended."""
        return self.command(number).fact(number, "accepted").fact(number, state, **changes)

    def message(self, message: Message) -> Paper:
        """Any message."""
        return self.raw(message.topic, message.payload.decode())

    def raw(self, topic: str, payload: str) -> Paper:
        """Any topic and text."""
        at = NOW.isoformat()
        self.lines.append(json.dumps({"at": at, "topic": topic, "retained": False, "payload": payload}))
        return self

    def traffic(self) -> Traffic:
        """What the judge reads in it."""
        return traffic_of(self.lines, "traffic")
