"""What is swept: each way in which a sale can end, under each booking policy, on each wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from tests.support.broker import Broker
from tests.support.station import Plan, Scalar, Wire
from tests.sweep.stage import Stage
from tests.sweep.terminal_stage import terminal_stage

Policy = Literal["reverse", "keep", "refuse"]
Ending = Literal["approved", "declined", "timed_out", "aborted", "refused", "found_out"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
ENDINGS: tuple[Ending, ...] = get_args(Ending)

_AT_ONCE: Mapping[str, Scalar] = {"how": "tap", "after_s": 0.0, "pin_after_s": 0.0, "remove_after_s": 0.0}
_NOBODY: Mapping[str, Scalar] = {"leaves": "before_card"}
# A terminal that soon sees that nobody answers it.
_IMPATIENT: Mapping[str, Scalar] = {"t2_s": 1.2, "t3_s": 1.5}
# What becomes of a result that nobody acknowledged. On a serial line the terminal repeats it, and an agent
# that is back in time acknowledges it after all.
_UNACKNOWLEDGED: Mapping[Policy, str] = {"reverse": "cancelled", "keep": "approved", "refuse": "declined"}


@dataclass(frozen=True, slots=True)
class _Way:
    """How terminal and cardholder are set for a sale that ends so. `state`: as it is told."""

    state: str
    cardholder: Mapping[str, Scalar] = field(default_factory=lambda: _AT_ONCE)
    terminal: Mapping[str, Scalar] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Scalar]] = ()


_WAYS: Mapping[Ending, _Way] = {
    "approved": _Way("approved"),
    "declined": _Way("declined", {**_AT_ONCE, "card": "declined"}),
    "timed_out": _Way("cancelled", _NOBODY, {"card_timeout_s": 0.5}),
    # The abort comes as soon as a card is asked for; where it is lost the terminal's own patience ends.
    "aborted": _Way("cancelled", _NOBODY, {"card_timeout_s": 3.0}),
    "refused": _Way(
        "not_started", faults=({"when": "command", "what": "busy", "command": "sale", "times": 0},)
    ),
    # The cable goes before the result is acknowledged: what became of it the agent must find out.
    "found_out": _Way(
        "approved",
        faults=({"when": "result_sent", "what": "cut", "command": "sale", "seconds": 0.3, "times": 0},),
    ),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One wire, ending and policy."""

    wire: Wire
    ending: Ending
    policy: Policy

    @property
    def name(self) -> str:
        """For a folder and for people."""
        return f"{self.wire}-{self.ending}-{self.policy}"

    @property
    def states(self) -> frozenset[str]:
        """How an undisturbed sale may end here."""
        told = _WAYS[self.ending].state
        return frozenset({told, _UNACKNOWLEDGED[self.policy]} if self.ending == "found_out" else {told})

    def staged(self, broker: Broker, folder: Path) -> AbstractAsyncContextManager[Stage]:
        """A house with the terminal of this cell, in which sales end so."""
        return terminal_stage(broker, folder, self.plan(), aborts=self.ending == "aborted")

    def plan(self) -> Plan:
        """The terminal of this cell."""
        way = _WAYS[self.ending]
        scenario = {"booking_policy": self.policy, **_IMPATIENT, **way.terminal}
        return Plan(wire=self.wire, scenario=scenario, cardholder=way.cardholder, faults=way.faults)
