"""The person at the terminal: presents a card, types a PIN, takes the card back, or walks away.

Two ways to drive one: a plan (`Visit`, from a scenario), or acts that come from keys and the control
channel. Time is an argument; the only randomness is a seeded jitter on the plan's delays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from simulator.cards import CARDS, TestCard, Way

ActKind = Literal["insert", "tap", "swipe", "keyed", "pin", "key", "remove"]
Prompt = Literal["card", "pin", "key", "remove"]
Leaves = Literal["never", "before_card", "at_pin", "with_card"]
PinEntry = Literal["right", "wrong", "cancel"]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the cardholder does. `card` with insert, tap, swipe and keyed; `value` is right, wrong
    or cancel with pin, and with key its name (ok, stop) or the digits typed."""

    kind: ActKind
    card: TestCard | None = None
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one cardholder does, each delay in seconds after the terminal's prompt.

    `number` says for which card request since the start it is; 0 is every one without its own. `leaves`:
    walks away before_card, at_pin (the card stays in), or with_card (takes it out before the PIN).
    """

    number: int = 0
    card: str = "visa"
    how: Way = "insert"
    after_s: float = 1.5
    pin: tuple[PinEntry, ...] = ("right",)
    pin_after_s: float = 2.0
    remove_after_s: float = 1.0
    key: str = "ok"
    key_after_s: float = 1.5
    leaves: Leaves = "never"


class Cardholder:
    """Acts by plan. Without visits nobody comes by plan: acts are then given by hand."""

    def __init__(self, visits: Sequence[Visit] = (Visit(),), seed: int = 0, jitter: float = 0.0) -> None:
        self._visits = {visit.number: visit for visit in visits}
        self._random = Random(seed)
        self._jitter = jitter
        self._requests = 0
        self._visit: Visit | None = None
        self._tries = 0
        self._planned: list[tuple[float, Act]] = []

    def arrive(self) -> None:
        """The terminal wants a card for a new request: the next visit begins."""
        self._requests += 1
        self._visit = self._visits.get(self._requests, self._visits.get(0))
        self._tries = 0
        self._planned.clear()

    def prompted(self, prompt: Prompt, now: float) -> None:
        """The terminal asks for something; what the plan says is done after its delay."""
        visit = self._visit
        if visit is None:
            return
        if prompt == "card" and visit.leaves != "before_card":
            self._plan(now, visit.after_s, Act(visit.how, CARDS[visit.card]))
        elif prompt == "pin":
            self._type_pin(visit, now)
        elif prompt == "key":
            self._plan(now, visit.key_after_s, Act("key", value=visit.key))
        elif prompt == "remove" and visit.leaves != "at_pin":
            self._plan(now, visit.remove_after_s, Act("remove"))

    def next_deadline(self) -> float | None:
        """When the next planned act is due."""
        return min(at for at, _ in self._planned) if self._planned else None

    def due(self, now: float) -> tuple[Act, ...]:
        """The planned acts whose time has come, in order."""
        ready = sorted((item for item in self._planned if item[0] <= now), key=lambda item: item[0])
        self._planned = [item for item in self._planned if item[0] > now]
        return tuple(act for _, act in ready)

    def cancel(self) -> None:
        """The request is over: nothing is planned any more, except to take the card back."""
        self._planned = [item for item in self._planned if item[1].kind == "remove"]

    def _type_pin(self, visit: Visit, now: float) -> None:
        if visit.leaves == "at_pin":
            return
        if visit.leaves == "with_card":
            self._plan(now, visit.pin_after_s, Act("remove"))
            return
        typed = visit.pin[min(self._tries, len(visit.pin) - 1)]
        self._tries += 1
        self._plan(now, visit.pin_after_s, Act("pin", value=typed))

    def _plan(self, now: float, delay_s: float, act: Act) -> None:
        factor = 1 + self._random.uniform(-self._jitter, self._jitter) if self._jitter else 1.0
        self._planned.append((now + delay_s * factor, act))
