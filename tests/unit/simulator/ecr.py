"""A cash register for tests: drives a device in virtual time, by raw APDUs in hexadecimal, on TCP bytes.

It answers 80 00 00 to every message of the terminal unless told otherwise. It shares no code with the agent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.acquirer.ledger import Ledger, MemoryLedger
from simulator.cardholder import Act
from simulator.faults import Fault
from simulator.scenario import Scenario
from simulator.zvt.device import Bytes, Device, Output, build
from simulator.zvt.effects import Acted, Cable, Hangup, Note, Paper, PlanFault, Show
from simulator.zvt.state import MemoryStore, StateStore

START = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)

Answerer = Callable[[str], str | None]


def registration(
    config: str = "BE", currency: str = "0124", tlv: str | None = "260C0A0204FF0A0206D10A0206D3"
) -> str:
    """06 00 as hexadecimal."""
    body = "000000" + config + currency
    if tlv is not None:
        body += f"06{len(tlv) // 2:02X}{tlv}"
    return f"0600{len(body) // 2:02X}{body}"


def sale(amount_minor: int, currency: str = "490124", tlv: str = "") -> str:
    """06 01 with an amount, PT decides."""
    body = f"04{amount_minor:012d}{currency}1940"
    if tlv:
        body += f"06{len(tlv) // 2:02X}{tlv}"
    return f"0601{len(body) // 2:02X}{body}"


def last_result() -> str:
    """06 20 with service byte 03: status, no print."""
    return "0620050000000303"


def apdus(stream: bytes) -> list[str]:
    """The APDUs in a stream, upper-case hexadecimal; cut by hand, not by our framer."""
    found, at = [], 0
    while at < len(stream):
        length, start = stream[at + 2], at + 3
        if length == 0xFF:
            length, start = stream[at + 3] | stream[at + 4] << 8, at + 5
        found.append(stream[at : start + length].hex().upper())
        at = start + length
    return found


class Ecr:
    """One register at one device."""

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        ledger: Ledger | None = None,
        store: StateStore | None = None,
        by_hand: bool = False,
    ) -> None:
        self.scenario = scenario or Scenario()
        self.ledger = ledger or MemoryLedger()
        self.store = store or MemoryStore()
        self.now = 1000.0
        self.heard: list[str] = []
        self.shown: list[tuple[str, ...]] = []
        self.paper: list[tuple[str, ...]] = []
        self.cables: list[Cable] = []
        self.hangups = 0
        self.connected = False
        self.answer: Answerer = lambda _apdu: "800000"
        self.device = self._build(by_hand)
        self.connect()

    def _build(self, by_hand: bool) -> Device:
        return build(
            self.scenario, ledger=self.ledger, store=self.store, wall=self._wall, on_tcp=True, by_hand=by_hand
        )

    def _wall(self) -> datetime:
        return START + timedelta(seconds=self.now - 1000.0)

    def restart(self) -> None:
        """The simulator's process dies and comes back with the same files."""
        self.device = self._build(by_hand=False)
        self.connected = False
        self.connect()

    def connect(self) -> None:
        """Open the socket."""
        self.connected = True
        self._take(self.device.connected(self.now))

    def disconnect(self) -> None:
        """Close the socket."""
        self.connected = False
        self._take(self.device.disconnected(self.now))

    def act(self, act: Act) -> None:
        """The cardholder does something by hand."""
        self._take(self.device.do(Acted(act), self.now))

    def plan(self, fault: Fault) -> None:
        """Plan a fault."""
        self._take(self.device.do(PlanFault(fault), self.now))

    def say(self, apdu: str, seconds: float = 0.0) -> list[str]:
        """Send; let that much time pass; return what was heard since."""
        before = len(self.heard)
        self._take(self.device.receive(bytes.fromhex(apdu), self.now))
        self.run(seconds)
        return self.heard[before:]

    def ask(self, apdu: str, limit_s: float = 400.0) -> list[str]:
        """Send, and let time pass until the terminal is at rest again."""
        before = len(self.heard)
        self._take(self.device.receive(bytes.fromhex(apdu), self.now))
        end = self.now + limit_s
        while self.device.terminal.busy and self.now < end and self._step(end):
            pass
        return self.heard[before:]

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._step(end):
            pass
        self.now = end

    def _step(self, end: float) -> bool:
        due = self.device.next_deadline()
        if due is None or due > end:
            return False
        self.now = max(self.now, due)
        self._take(self.device.wake(self.now))
        return True

    def _take(self, outputs: tuple[Output, ...]) -> None:
        for output in outputs:
            match output:
                case Bytes(data):
                    self._hear(data)
                case Show(lines=lines):
                    self.shown.append(lines)
                case Paper(lines):
                    self.paper.append(lines)
                case Cable():
                    self.cables.append(output)
                    if output.what == "cut":
                        self.disconnect()
                case Hangup():
                    self.hangups += 1
                    if self.connected:
                        self.disconnect()
                case Note():
                    pass

    def _hear(self, data: bytes) -> None:
        if not self.connected:
            return
        for apdu in apdus(data):
            self.heard.append(apdu)
            if apdu[:2] in ("04", "06") and (said := self.answer(apdu)) is not None:
                self._take(self.device.receive(bytes.fromhex(said), self.now))
