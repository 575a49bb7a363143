"""A cash register by a stranger: blocking, written from PA00P015 alone (as Portalum.Zvt and ecrterm are).

with tcp_register("127.0.0.1", port) as ecr:
    ecr.register("be", "0124")
    paid = ecr.run("0601", amount(1250))
    assert paid.end.command == "060f"
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.foreign_wire import LIMIT_S, OK, Apdu, SerialWire, TcpWire, Wire, apdu, container

PASSWORD = "000000"
# Commands that the terminal only answers; 06 C0 ends with its 04 0F.
_NO_COMPLETION = ("0602", "06b0", "06e0", "0850")


@dataclass
class Dialogue:
    """All that one command brought."""

    answer: Apdu
    heard: list[Apdu] = field(default_factory=list)

    @property
    def end(self) -> Apdu:
        """Its last message."""
        return self.heard[-1]

    @property
    def commands(self) -> list[str]:
        """What came, in order."""
        return [one.command for one in self.heard]

    @property
    def result(self) -> Apdu:
        """The last 04 0F."""
        return self.all("040f")[-1]

    @property
    def code(self) -> int:
        """The result that the last 04 0F tells."""
        return self.result.fields[0x27][0]

    @property
    def statuses(self) -> list[int]:
        """The intermediate statuses."""
        return [one.data[0] for one in self.all("04ff")]

    def all(self, command: str) -> list[Apdu]:
        """Every message of this command."""
        return [one for one in self.heard if one.command == command]


class ForeignEcr:
    """One register on one wire. `answers` are its answers by command instead of 80 00 00, used up in
    order."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.answers: dict[str, list[bytes]] = {}

    def register(
        self, config: str, currency: str = "", *, service: str = "", more: str = "", pw: str = PASSWORD
    ) -> Dialogue:
        """06 00."""
        return self.run("0600", pw + config + currency + service + more)

    def run(self, command: str, data: str = "", *, extended: bool = False) -> Dialogue:
        """Send a command and go through its whole dialogue."""
        self.wire.send(apdu(command, data, extended=extended))
        return self.follow(command)

    def follow(self, command: str) -> Dialogue:
        """The dialogue of a command that was sent."""
        dialogue = Dialogue(self.wire.next())
        assert dialogue.answer.raw[0] in (0x80, 0x84), dialogue.answer.raw.hex()
        if dialogue.answer.raw[0] != 0x80 or command in _NO_COMPLETION:
            return dialogue
        ends = ("060f", "061e", "040f") if command == "06c0" else ("060f", "061e")
        while not dialogue.heard or dialogue.end.command not in ends:
            dialogue.heard.append(self.hear())
        return dialogue

    def hear(self) -> Apdu:
        """The terminal's next message, answered."""
        one = self.wire.next()
        assert one.raw[0] not in (0x80, 0x84), f"an answer to nothing: {one.raw.hex()}"
        planned = self.answers.get(one.command)
        self.wire.send(planned.pop(0) if planned else OK)
        return one

    def until(self, command: str) -> Apdu:
        """Answer what comes before this one, and leave this one without an answer."""
        while (one := self.wire.next()).command != command:
            if one.raw[0] not in (0x80, 0x84):
                self.wire.send(OK)
        return one

    def last(self) -> Dialogue:
        """06 20, silent: what the terminal stored last."""
        return self.run("0620", PASSWORD + "0303")


def commands_taken(*commands: str) -> str:
    """The container of a registration that lists what the register understands (tag 26)."""
    inside = "".join(f"0a02{command}" for command in commands)
    return container(f"26{len(inside) // 2:02x}{inside}")


@contextmanager
def tcp_register(host: str, port: int) -> Iterator[ForeignEcr]:
    """A register on a new TCP connection."""
    wire = TcpWire(socket.create_connection((host, port), LIMIT_S))
    try:
        yield ForeignEcr(wire)
    finally:
        wire.close()


@contextmanager
def serial_register(path: str) -> Iterator[ForeignEcr]:
    """A register on a serial line."""
    wire = SerialWire(os.open(path, os.O_RDWR | os.O_NOCTTY))
    try:
        yield ForeignEcr(wire)
    finally:
        wire.close()
