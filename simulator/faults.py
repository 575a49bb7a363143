"""Faults as plain data: at which moment, what goes wrong, how often.

A moment is a point of the terminal's dialogue; a fault is taken there and used up. Moments, in their order:

    command        a command came, nothing is answered yet (silence, busy and refuse belong here)
    answered       80 00 00 is sent, the work begins
    card           the terminal waits for a card
    host           the card is read, the host is about to be asked (decline, partial)
    before_result  04 0F is next (whole_card_numbers, repeat_result)
    result_sent    04 0F is written, the ECR has not answered it
    result_acked   the ECR answered 04 0F; if prints follow, nothing is booked yet
    booked         the money is booked, 06 0F is next
    completed      06 0F or 06 1E is written

What can go wrong, with `seconds` 0 meaning until it is restored by hand:

    cut        the link goes for `seconds`: a pty hangs up, a socket is closed
    mute       the cable is out for `seconds`: bytes are lost both ways and nobody is told
    power_cut  the terminal dies for `seconds`; only its state file and the ledger survive
    silence    nothing happens for `seconds`; at `command` that command is never answered
    delay      everything after this moment is late by `seconds`
    busy       answers 84 9C; refuse: answers 84 and `value`
    decline    the host answers `value`; partial: it approves `value` minor units only
    repeat_result       sends 04 0F once more
    whole_card_numbers  forgets to mask the card number in 04 0F and in the receipts
    nak, lose_ack       serial: what becomes of the next frame from the ECR
    bad_crc, twice      serial: what becomes of the next frame to the ECR
    split               writes the next message byte by byte
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

Moment = Literal[
    "command", "answered", "card", "host", "before_result", "result_sent", "result_acked", "booked",
    "completed",
]  # fmt: skip
Trouble = Literal[
    "cut", "mute", "power_cut", "silence", "delay", "busy", "refuse", "decline", "partial", "repeat_result",
    "whole_card_numbers", "nak", "lose_ack", "bad_crc", "twice", "split",
]  # fmt: skip
LINE_TROUBLES = frozenset({"nak", "lose_ack", "bad_crc", "twice", "split"})
"""Faults of the wire, handed down to the line as they are."""

COMMANDS = (
    "any", "registration", "log_off", "status", "sale", "preauth", "capture", "release", "reversal", "refund",
    "read_card", "repeat_receipt", "end_of_day", "diagnosis", "initialisation", "set_clock", "reset",
    "print_config", "abort", "display", "language", "preauth_enquiry", "totals",
)  # fmt: skip
"""Names of the commands that a fault may be limited to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned trouble. `times` 0 is for ever; `nth` 0 is each command of that name."""

    when: Moment
    what: Trouble
    times: int = 1
    command: str = "any"
    nth: int = 0
    seconds: float = 0.0
    value: int = 0


class Planned(Protocol):
    """What every kind of fault has in common: see Fault."""

    @property
    def when(self) -> str: ...
    @property
    def times(self) -> int: ...
    @property
    def command(self) -> str: ...
    @property
    def nth(self) -> int: ...


F = TypeVar("F", bound=Planned)


class FaultBook(Generic[F]):
    """What is still to go wrong. Counts commands by name, so that a fault can wait for the third sale."""

    def __init__(self, planned: Iterable[F] = ()) -> None:
        self._open: list[tuple[F, int]] = [(fault, fault.times) for fault in planned]
        self._seen: dict[str, int] = {}
        self._command = "any"

    def begin(self, command: str) -> None:
        """A command of this name has come."""
        self._command = command
        for name in (command, "any"):
            self._seen[name] = self._seen.get(name, 0) + 1

    def add(self, fault: F) -> None:
        """Plan one more, from the control channel. Its `nth` counts from the beginning of the run."""
        self._open.append((fault, fault.times))

    def take(self, moment: str) -> tuple[F, ...]:
        """The faults that strike now; each loses one of its times."""
        struck = []
        for place, (fault, left) in enumerate(self._open):
            if fault.when == moment and self._applies(fault):
                struck.append(fault)
                self._open[place] = (fault, left - 1 if left else 0)
        self._open = [(f, left) for f, left in self._open if left or not f.times]
        return tuple(struck)

    def _applies(self, fault: F) -> bool:
        if fault.command not in ("any", self._command):
            return False
        return fault.nth in (0, self._seen.get(fault.command, 0))
