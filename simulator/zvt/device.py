"""The whole simulated device without its cable: a line and a terminal, bytes in, bytes and events out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from protocols.core.deadlines import soonest
from simulator.acquirer.acquirer import Acquirer
from simulator.acquirer.ledger import Ledger
from simulator.faults import FaultBook
from simulator.scenario import Scenario
from simulator.zvt.console import Console
from simulator.zvt.effects import (
    Cable,
    Cause,
    Hangup,
    LineTrouble,
    LinkDown,
    LinkUp,
    Note,
    Paper,
    PowerCut,
    SendApdu,
    Show,
    Wake,
)
from simulator.zvt.lines import Line, LineEvent, SerialLine, StreamLine
from simulator.zvt.state import StateStore
from simulator.zvt.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Bytes:
    """One write to the cable."""

    data: bytes = field(repr=False)


Output = Bytes | Hangup | Cable | Show | Paper | Note


class Device:
    """Terminal and line. All methods return what is to be done, in order."""

    def __init__(self, terminal: Terminal, line: Line, *, on_tcp: bool) -> None:
        self.terminal = terminal
        self._line = line
        self._on_tcp = on_tcp

    def receive(self, data: bytes, now: float) -> tuple[Output, ...]:
        """Bytes from the ECR. A terminal without power hears nothing."""
        out: list[Output] = []
        if self.terminal.powered:
            self._heard(self._line.feed(data, now), now, out)
        return tuple(out)

    def connected(self, now: float) -> tuple[Output, ...]:
        """An ECR has connected."""
        if self._on_tcp:
            self._line.reset()
        return self.do(LinkUp(), now)

    def disconnected(self, now: float) -> tuple[Output, ...]:
        """The ECR's socket is gone."""
        self._line.reset()
        return self.do(LinkDown(), now)

    def do(self, cause: Cause, now: float) -> tuple[Output, ...]:
        """Anything that is not bytes: the cardholder, the plug, a planned fault."""
        out: list[Output] = []
        self._told(cause, now, out)
        if isinstance(cause, PowerCut):
            self._line.reset()
        return tuple(out)

    def wake(self, now: float) -> tuple[Output, ...]:
        """The time of `next_deadline()` has come."""
        out: list[Output] = []
        self._heard(self._line.wake(now), now, out)
        self._told(Wake(), now, out)
        return tuple(out)

    def next_deadline(self) -> float | None:
        """When it wants a wake."""
        return soonest(self.terminal.next_deadline(), self._line.next_deadline())

    def _heard(self, events: tuple[LineEvent, ...], now: float, out: list[Output]) -> None:
        out.extend(Bytes(data) for data in self._line.take())
        for event in events:
            self._told(event, now, out)

    def _told(self, cause: Cause, now: float, out: list[Output]) -> None:
        for effect in self.terminal.handle(cause, now):
            if isinstance(effect, SendApdu):
                self._line.send(effect.data, now, is_answer=effect.is_answer)
                out.extend(Bytes(data) for data in self._line.take())
            elif isinstance(effect, LineTrouble):
                self._line.trouble(effect.what)
            else:
                out.append(effect)
        if not self.terminal.powered:
            self._line.reset()


def build(
    scenario: Scenario,
    *,
    ledger: Ledger,
    store: StateStore,
    wall: Callable[[], datetime],
    on_tcp: bool,
    by_hand: bool = False,
) -> Device:
    """A device as a scenario describes it. `by_hand`: the cardholder does nothing by plan."""
    settings = scenario.terminal
    console = Console(
        settings,
        faults=FaultBook(scenario.faults),
        cardholder=scenario.cardholder(by_hand=by_hand),
        acquirer=Acquirer(scenario.seed),
        ledger=ledger,
        store=store,
        wall=wall,
        on_tcp=on_tcp,
    )
    line = StreamLine(settings.t3_s) if on_tcp else SerialLine(settings.t1_s, settings.t2_s)
    return Device(Terminal(console), line, on_tcp=on_tcp)
