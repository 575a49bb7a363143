"""The aims, and whether they are met. A miss is told as a miss; it fails nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SPANS = {"first_byte_ms": "command → first byte", "outcome_ms": "last byte → outcome"}
_FLOOR_TIMES = {"p50": 1.5, "p99": 3.0}
_OF_ONE = 2.0


@dataclass(frozen=True, slots=True)
class Aim:
    """One number beside what it should be. `at_least`: more is better. `measured` None: could not be."""

    name: str
    measured: float | None
    aim: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is."""
        if self.measured is None:
            return False
        return self.measured >= self.aim if self.at_least else self.measured <= self.aim

    def row(self) -> dict[str, Any]:
        """For the file."""
        return {
            "name": self.name,
            "measured": self.measured,
            "aim": self.aim,
            "bound": "at_least" if self.at_least else "at_most",
            "unit": self.unit,
            "met": self.met,
        }


def aims(results: Mapping[str, Any]) -> Iterator[Aim]:
    """All of them, in the order of the page."""
    latency = results["latency"]
    for terminals, found in latency.items():
        for span, words in _SPANS.items():
            for share, times in _FLOOR_TIMES.items():
                yield Aim(
                    f"{words}, {terminals} at once, {share}", found["ratio"][span][share], times, "× floor"
                )
    for span, words in _SPANS.items():
        yield from _beside_one(latency, span, words)
    memory, idle = results["memory"], results["idle_cpu"]
    yield Aim("decoding", results["decoding"]["apdus_per_s"], 17_000, "APDU/s", at_least=True)
    yield Aim("start to ready", results["start"]["ready_s"]["median"], 1.0, "s")
    yield Aim("memory idle, RSS", memory["idle_rss_mib"], 45.0, "MiB")
    yield Aim("memory idle, PSS", memory["idle_pss_mib"], 45.0, "MiB")
    yield Aim("memory per further terminal, RSS", memory["per_further_terminal_rss_mib"], 1.0, "MiB")
    yield Aim("memory per further terminal, PSS", memory["per_further_terminal_pss_mib"], 1.0, "MiB")
    replugged = results["reader"]["replugged_s"]
    yield Aim("reader unplugged in a swipe → ready", replugged and replugged["median"], 2.0, "s")
    for name, words in (("save_ms", "click on Save"), ("pay_ms", "click on Pay")):
        clicked = results["clinic"][name]
        yield Aim(f"{words} → terminal's prompt, p50", clicked and clicked["p50"], 150.0, "ms")
    yield Aim("CPU idle, one terminal", idle["one_terminal_percent"], 0.3, "% of a core")


def _beside_one(latency: Mapping[str, Any], span: str, words: str) -> Iterator[Aim]:
    """The p99 of many against that of one, where both were measured."""
    counts = sorted(latency, key=int)
    if len(counts) > 1:
        one, many = (latency[count]["agent"][span]["p99"] for count in (counts[0], counts[-1]))
        yield Aim(f"{words}, p99 of {counts[-1]} at once", round(many / one, 2), _OF_ONE, "× that of one")
