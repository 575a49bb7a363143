"""The simulated terminals of a history, the patient before them, and what people do at them by hand."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from datetime import datetime

from protocols.zvt import codec
from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import Message
from simulator.acquirer.acquirer import Acquirer
from simulator.acquirer.ledger import Ledger
from simulator.cardholder import Cardholder, Visit
from simulator.faults import FaultBook
from simulator.settings import TerminalSettings
from simulator.zvt.console import Console
from simulator.zvt.device import Device
from simulator.zvt.effects import ApduIn, SendApdu, Wake
from simulator.zvt.lines import SerialLine, StreamLine
from simulator.zvt.state import TerminalState
from simulator.zvt.terminal import Terminal
from tests.prove.cable import Station
from tests.prove.schedule import Plan, Step

OURS, FOREIGN = "52500042", "52500099"
BY_HAND = "jcb"  # whoever pays at the terminal itself has this card, so that the ledger tells who paid


# And who pays for another ECR whose dialogue reaches ours, this one: its result is told to our agent.
CROSSED = "diners"
TAKES = "command: "  # so begins what a terminal notes of each command


class Patient(Cardholder):
    """Does what the step at hand says."""

    def __init__(self) -> None:
        super().__init__(())
        self.visit = Visit()
        self.stranger: Visit | None = None
        self.coming = False  # with the command that is being given

    def expect(self, step: Step) -> None:
        """The next patient."""
        self.visit = Visit(
            card=step.card,
            how="tap" if step.how == "tap" else "insert",
            leaves=step.leaves,
            pin=(step.pin, "right") if step.pin == "wrong" else (step.pin,),  # type: ignore[arg-type]  # its two words are those of a PIN
        )

    def hear(self, note: str) -> None:
        """A terminal that takes a command says so: whoever came for an earlier one is gone."""
        if note.startswith(TAKES) and not self.coming:
            self.stranger = None

    def arrive(self) -> None:
        """The terminal wants a card."""
        super().arrive()
        self._visit, self.stranger = self.stranger or self.visit, None

    def walk_away(self) -> None:
        """Leaves at once, whatever was about to be done; the card stays where it is."""
        self._planned.clear()
        self._visit = Visit(leaves="before_card" if self._visit is None else "at_pin")


class QuickStore:
    """The terminal's memory, kept over its power cuts."""

    def __init__(self) -> None:
        self._kept = b""

    def load(self) -> TerminalState:
        """As last saved."""
        return pickle.loads(self._kept) if self._kept else TerminalState()

    def save(self, state: TerminalState) -> None:
        """Keep it."""
        self._kept = pickle.dumps(state)


def station_of(
    plan: Plan, terminal_id: str, ledger: Ledger, wall: Callable[[], datetime], note: Callable[[str], None]
) -> Station:
    """A terminal as the plan wants it."""
    settings = TerminalSettings(
        terminal_id=terminal_id,
        booking_policy=plan.policy,
        printing=plan.printing,  # type: ignore[arg-type]  # one of the ways
    )
    tcp, patient = plan.transport == "tcp", Patient()

    def heard(text: str) -> None:
        patient.hear(text)
        note(f"terminal {terminal_id}: {text}")

    console = Console(
        settings,
        faults=FaultBook(),
        cardholder=patient,
        acquirer=Acquirer(plan.seed),
        ledger=ledger,
        store=QuickStore(),
        wall=wall,
        on_tcp=tcp,
    )
    line = StreamLine() if tcp else SerialLine()
    return Station(Device(Terminal(console), line, on_tcp=tcp), heard)


def console_of(station: Station) -> Console:
    """The inside of its terminal."""
    return station.device.terminal.console


def is_idle(station: Station) -> bool:
    """Whether somebody could use it by hand now."""
    return station.device.terminal.powered and not station.device.terminal.busy


def used_by_hand(station: Station, *messages: Message) -> None:
    """Somebody, or another ECR, does this at the terminal while nobody else is at it: all answered at once.
    The terminal's own clock runs through it; the world's does not."""
    terminal = station.device.terminal
    console = terminal.console
    before = console.cardholder
    console.cardholder = Cardholder((Visit(card=BY_HAND, how="insert"),))
    now = asyncio.get_running_loop().time()
    on_tcp, console.on_tcp = console.on_tcp, True  # no frames: the other side answers each message
    for message in messages:
        now = _dialogue(terminal, codec.encode(message), now)
    console.on_tcp, console.cardholder = on_tcp, before
    console.now = asyncio.get_running_loop().time()


def begun_by_another(station: Station, message: Message) -> None:
    """Another ECR begins this and is gone; what the terminal says goes along our cable."""
    cardholder = console_of(station).cardholder
    assert isinstance(cardholder, Patient)
    cardholder.stranger, cardholder.coming = Visit(card=CROSSED, how="insert"), True
    station.do(station.device.do(ApduIn(codec.encode(message)), asyncio.get_running_loop().time()))
    cardholder.coming = False
    if not station.device.terminal.busy:
        cardholder.stranger = None  # it was refused, and nobody comes


def _dialogue(terminal: Terminal, apdu: bytes, now: float) -> float:
    effects = list(terminal.handle(ApduIn(apdu), now))
    for _ in range(500):
        if any(isinstance(one, SendApdu) and not one.is_answer for one in effects):
            effects = list(terminal.handle(ApduIn(codec.encode(zvt.Positive())), now))
            continue
        due = terminal.next_deadline()
        if not terminal.busy or due is None:
            return now
        now = max(now, due)
        effects = list(terminal.handle(Wake(), now))
    raise RuntimeError("a dialogue by hand does not end")


def sale_by_hand(amount_minor: int) -> Message:
    """A payment typed at the terminal."""
    return zvt.Authorization(amount_minor=amount_minor, currency="124", payment_type=0x40)


def registration_of_another() -> Message:
    """Another ECR's registration: it wants no prints and no statuses."""
    return zvt.Registration(password="000000", config=0x00, currency="124", tlv=None)


def end_of_day() -> Message:
    """The terminal closes its batch."""
    return zvt.EndOfDay(password="000000")
