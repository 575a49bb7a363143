"""A simulated terminal as a real process; its cardholder does what a test says through the control socket.

station = Station(Plan(wire="pty"), folder)
station.start(); await station.ready()
await station.present("visa", "tap")
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from simulator.acquirer.ledger import read
from simulator.acquirer.lines import Line
from simulator.zvt import prompts
from tests.support.broker import free_port
from tests.support.programs import Program
from tests.support.waiting import eventually_asked

Wire = Literal["pty", "tcp"]
Scalar = str | int | float | bool

TERMINAL_ID = "52500042"
# Nobody dawdles: what takes time is what a test waits for.
QUICK: Mapping[str, Scalar] = {"host_s": 0.0, "step_s": 0.0}
# Waits until a test presents a card, then types the PIN and takes the card back at once.
BY_HAND: Mapping[str, Scalar] = {"leaves": "before_card", "pin_after_s": 0.0, "remove_after_s": 0.0}
_ASKS_FOR_CARD = set(prompts.TEXTS[prompts.INSERT_CARD])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A terminal as the test wants it. `scenario` are keys of the simulator's [terminal] table."""

    wire: Wire = "pty"
    language: Literal["fr", "en"] = "fr"
    terminal_id: str = TERMINAL_ID
    scenario: Mapping[str, Scalar] = field(default_factory=dict)
    cardholder: Mapping[str, Scalar] = field(default_factory=lambda: BY_HAND)
    faults: Sequence[Mapping[str, Scalar]] = ()

    def text(self) -> str:
        """The scenario file."""
        told = {**QUICK, "language": self.language, "terminal_id": self.terminal_id, **self.scenario}
        parts = ['title = "A test"', table("[terminal]", told), table("[[cardholder]]", self.cardholder)]
        return "\n".join([*parts, *(table("[[fault]]", fault) for fault in self.faults)])


class Station:
    """One simulated terminal. Its ledger, state and port outlive its process."""

    def __init__(self, plan: Plan, folder: Path, *, ledger: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.plan = plan
        self.folder = folder
        self.ledger = ledger or folder / "ledger.jsonl"
        self.tty = folder / "tty"
        self.port = free_port() if plan.wire == "tcp" else 0
        self._control = folder / "control"
        self._scenario = folder / "scenario.toml"
        self._scenario.write_text(plan.text(), encoding="utf-8")
        self.program = Program([], folder / "terminal.log")

    def start(self, tty: Path | None = None) -> None:
        """Start it; on a serial line under another path, if one is given."""
        self.tty = tty or self.tty
        where = (
            ["--serial", str(self.tty)] if self.plan.wire == "pty" else ["--tcp", f"127.0.0.1:{self.port}"]
        )
        self.program.arguments = [
            *("-m", "simulator.cli", "zvt", *where, "--scenario", str(self._scenario)),
            *("--ledger", str(self.ledger), "--state", str(self.folder / "state.json")),
            *("--control", str(self._control)),
        ]
        self.program.start()

    async def ready(self) -> None:
        """Wait until it can be connected to."""
        await eventually_asked(self._answers, "the simulated terminal is up")

    def stop(self) -> None:
        """End it."""
        self.program.stop()

    def lines(self) -> tuple[Line, ...]:
        """What is booked so far."""
        return read(self.ledger) if self.ledger.exists() else ()

    @property
    def notes(self) -> list[str]:
        """What it noted for its technician, in order."""
        marked = (line.split(" note ", 1) for line in self.program.said.splitlines())
        return [parts[1].strip() for parts in marked if len(parts) == 2]

    def count(self, command: str) -> int:
        """How many commands of this name it has heard."""
        return self.notes.count(f"command: {command}")

    # --- the control socket -------------------------------------------------------------------------

    async def do(self, verb: str, **more: object) -> dict[str, Any]:
        """One request to the control socket (see simulator.control)."""
        reader, writer = await asyncio.open_unix_connection(self._control)
        try:
            writer.write(json.dumps({"do": verb, **more}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await reader.readline())
        finally:
            writer.close()
        assert answer["ok"], answer
        return answer

    async def present(self, card: str = "visa", how: str = "tap") -> None:
        """Wait until it asks for a card, and present one: again and again, as people do, while it still asks.
        A card that was put in stays in."""
        await eventually_asked(self.asks_for_card, "the terminal asks for a card")
        await self.do("act", act=how, card=card)

        async def taken() -> bool:
            if not await self.asks_for_card():
                return True
            if how != "insert":
                await self.do("act", act=how, card=card)
            return False

        await eventually_asked(taken, "the terminal takes the card")

    async def asks_for_card(self) -> bool:
        """Whether its display asks for a card now."""
        display: list[str] = (await self.do("status"))["display"]
        return bool(_ASKS_FOR_CARD & set(display))

    async def fault(self, when: str, what: str, **more: Scalar) -> None:
        """Plan something to go wrong."""
        await self.do("fault", fault={"when": when, "what": what, **more})

    async def at_rest(self) -> None:
        """Wait until no dialogue runs."""
        await eventually_asked(self._idle, "the terminal is at rest")

    async def _idle(self) -> bool:
        status = await self.do("status")
        return status["powered"] and not status["busy"]

    async def _answers(self) -> bool:
        assert self.program.running, self.program.said
        try:
            return bool((await self.do("status"))["ok"])
        except (FileNotFoundError, ConnectionError):
            return False


def table(head: str, values: Mapping[str, object]) -> str:
    """One TOML table of plain values: JSON writes texts, numbers, truths and lists of them as TOML does."""
    return "\n".join([head, *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])
