"""A dialogue of the terminal as a generator: it yields what it waits for and gets what came.

    answer = yield AwaitAnswer()          the ECR's answer to the message just sent, None when none came
    act = yield AwaitAct(until, kinds)    a cardholder's act of these kinds, None at `until`

The terminal may also throw into it: LinkLostError (the ECR's socket closed), StoppedError (06 B0 honoured). A
script never sleeps or reads a clock, so that a test can run it in no time at all.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from simulator.cardholder import Act

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AwaitAnswer:
    """Wait for 80 00 or 84 xx. `within_s` None is T3."""

    within_s: float | None = None


@dataclass(frozen=True, slots=True)
class AwaitAct:
    """Wait until a time, or until the cardholder does one of these. No kinds: a mere pause."""

    until: float
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """The ECR's answer: `code` 00 for 80 00 00 and 84 00 00, else the error id of 84 xx."""

    code: int
    data: bytes = b""


Want = AwaitAnswer | AwaitAct
Given = Answer | Act | None
Script = Generator[Want, Given, T]


class LinkLostError(Exception):
    """The ECR's socket is closed: the dialogue is over (PA00P016 TCP: counts as aborted)."""


class PowerLostError(Exception):
    """A fault pulled the plug in the middle of a dialogue."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"power cut for {seconds} s")
        self.seconds = seconds


class StoppedError(Exception):
    """The transaction ends without one: `code` is BMP 27 (6C abort, host codes, …)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"stopped with result {code:02X}")
        self.code = code
