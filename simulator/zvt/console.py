"""What a dialogue's script has at hand: the terminal's parts, its display, its ways to speak to the ECR."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from protocols.core.values import CURRENCY_NAMES
from protocols.zvt import codec
from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import DataObjects, Message
from protocols.zvt.text import encode as encode_text
from protocols.zvt.tlv import node
from simulator.acquirer.acquirer import Acquirer
from simulator.acquirer.ledger import Ledger
from simulator.cardholder import Act, Cardholder
from simulator.cards import TestCard
from simulator.faults import LINE_TROUBLES, Fault, FaultBook, Moment
from simulator.settings import Language, TerminalSettings
from simulator.zvt import prompts
from simulator.zvt.effects import Cable, Effect, Hangup, LineTrouble, Note, SendApdu, Show
from simulator.zvt.script import (
    Answer,
    AwaitAct,
    AwaitAnswer,
    LinkLostError,
    PowerLostError,
    Script,
    StoppedError,
)
from simulator.zvt.state import StateStore, TerminalState

RECEIPTS_TO_ECR: Final = 0x02  # registration config byte (PA00P015 ch. 2.1)
ADMIN_TO_ECR: Final = 0x04
STATUS_TO_ECR: Final = 0x08
PRINT_BY_LINES: Final = 0x80
_ALWAYS_ALLOWED: Final = frozenset({0x040F, 0x060F, 0x061E})
_NOTICE_S: Final = 0.1  # a closed socket is noticed before anything else is done
_T4_MINUTES: Final = 3  # told with each status that has a text: T4 stays at its 180 s


class Console:
    """One terminal's inside. `now` is monotonic seconds, `wall` gives UTC."""

    def __init__(
        self,
        settings: TerminalSettings,
        *,
        faults: FaultBook[Fault],
        cardholder: Cardholder,
        acquirer: Acquirer,
        ledger: Ledger,
        store: StateStore,
        wall: Callable[[], datetime],
        on_tcp: bool,
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.cardholder = cardholder
        self.acquirer = acquirer
        self.ledger = ledger
        self.store = store
        self.utc = wall
        self.on_tcp = on_tcp
        self.now = 0.0
        self.out: list[Effect] = []
        self.power_up()

    def power_up(self) -> None:
        """Begin with what the memory holds; all else is lost."""
        self.state: TerminalState = self.store.load()
        self.slot: TestCard | None = None
        self.abortable = False
        self.stop_asked = False
        self.closing = False
        self.deaf = False
        self.keeps_display = False
        self.ecr_lost = False
        self.shows_whole_numbers = False
        self.request: DataObjects | None = None

    # --- facts ----------------------------------------------------------------------------------------

    @property
    def language(self) -> Language:
        """The language of the display and of receipts."""
        return "en" if (self.state.language or self.settings.language) == "en" else "fr"

    @property
    def currency_name(self) -> str:
        """The terminal's currency, alphabetic."""
        return CURRENCY_NAMES[self.settings.currency[1:]]

    @property
    def tlv_allowed(self) -> bool:
        """TLV may be sent if the ECR sent BMP 06 at registration or in this command (ch. 2.1)."""
        return self.state.tlv_allowed or (self.request is not None and self.request.tlv is not None)

    @property
    def told_currency(self) -> str | None:
        """The currency as it is told to an ECR that has named it, at registration or now (ch. 2.1)."""
        named = self.state.currency_registered or (self.request is not None and self.request.currency)
        return self.settings.currency[1:] if named else None

    def local_time(self) -> datetime:
        """The terminal's own clock, which the ECR may set."""
        return self.utc().astimezone() + timedelta(seconds=self.state.clock_offset_s)

    def may_send(self, command: int) -> bool:
        """Whether the list of tag 26, if one was sent, allows this command."""
        allowed = self.state.allowed
        return allowed is None or command in _ALWAYS_ALLOWED or command in allowed

    def has_config(self, bit: int) -> bool:
        """Whether a bit of the registration's config byte is set."""
        return bool(self.state.config & bit)

    def card_inside(self) -> bool:
        """Whether a card sticks in the chip reader."""
        return self.slot is not None

    def save(self) -> None:
        """Make the state durable."""
        self.store.save(self.state)

    # --- showing and saying ---------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Tell the technician's screen."""
        self.out.append(Note(text))

    def show(self, *lines: str, code: int = -1) -> None:
        """Put text on the display."""
        self.out.append(Show(lines, code))

    def show_idle(self) -> None:
        """The resting display."""
        self.show(prompts.say(prompts.WELCOME, self.language), self.settings.merchant[0])

    def answer(self, message: Message) -> None:
        """Answer a command; nothing answers an answer."""
        self.out.append(SendApdu(codec.encode(message), is_answer=True))

    def accept(self) -> None:
        """80 00 00."""
        self.answer(zvt.Positive())

    def reject(self, code: int, data: bytes = b"") -> None:
        """84 xx."""
        self.answer(zvt.Negative(code=code, data=data))

    def say(
        self, message: Message, within_s: float | None = None, sent: Moment | None = None
    ) -> Script[Answer | None]:
        """Send a message of our own and wait for the ECR's answer; None when it does not come.

        `sent` is the moment whose faults strike when the bytes are written and no answer is heard yet.
        """
        yield from self.pause(self.settings.step_s)
        self.out.append(SendApdu(codec.encode(message)))
        if sent is not None:
            for fault in self.faults.take(sent):
                self.note(f"fault: {fault.what} at {sent}")
                self.strike(fault)
        given = yield AwaitAnswer(within_s)
        self.ecr_lost = not isinstance(given, Answer)
        if self.ecr_lost and self.on_tcp:
            self.out.append(Hangup("the ECR did not answer within T3"))
            raise LinkLostError
        if self.stop_asked and self.abortable:
            raise StoppedError(0x6C)
        return given if isinstance(given, Answer) else None

    def status(self, code: int) -> Script[None]:
        """Show an intermediate status, and tell the ECR if it wants to hear (config bit 08)."""
        words = prompts.text(code, self.language)
        self.show(words, code=code)
        if not self.has_config(STATUS_TO_ECR) or not self.may_send(0x04FF) or self.ecr_lost:
            return
        message = zvt.IntermediateStatus(status=code)
        if self.tlv_allowed:
            line = node(0x07, encode_text(words, self.state.charset))
            message = zvt.IntermediateStatus(
                status=code, timeout_minutes=_T4_MINUTES, tlv=(node(0x24, line),), charset=self.state.charset
            )
        yield from self.say(message)

    def rest(self) -> None:
        """A dialogue is over: back to the resting display, unless the ECR put a text there to stay."""
        self.deaf = False
        if not self.keeps_display:
            self.show_idle()
        self.keeps_display = False

    # --- waiting --------------------------------------------------------------------------------------

    def pause(self, seconds: float) -> Script[None]:
        """Let time pass."""
        if seconds > 0:
            yield AwaitAct(self.now + seconds)

    def act(self, until: float, kinds: Iterable[str]) -> Script[Act | None]:
        """Wait for the cardholder; None at `until`. The stop key ends the transaction."""
        given = yield AwaitAct(until, frozenset(kinds) | {"key"})
        if isinstance(given, Act):
            if given.kind == "key" and given.value == "stop":
                raise StoppedError(0x6C)
            return given
        return None

    # --- faults ---------------------------------------------------------------------------------------

    def moment(self, name: Moment) -> Script[tuple[Fault, ...]]:
        """A point where something may go wrong. Does what concerns cable, power, time; returns the rest."""
        rest = []
        for fault in self.faults.take(name):
            self.note(f"fault: {fault.what} at {name}")
            if fault.what in ("silence", "delay"):
                self.deaf = fault.what == "silence"
                yield from self.pause(fault.seconds)
                self.deaf = False
            if fault.what != "delay" and not self.strike(fault):
                rest.append(fault)
            if fault.what == "cut" and self.on_tcp:
                yield from self.pause(_NOTICE_S)
        return tuple(rest)

    def strike(self, fault: Fault) -> bool:
        """Do a fault of cable, line or power; False if it is none of these."""
        if fault.what == "power_cut":
            raise PowerLostError(fault.seconds)
        if fault.what in ("cut", "mute"):
            self.out.append(Cable(fault.what, fault.seconds))
        elif fault.what in LINE_TROUBLES:
            self.out.append(LineTrouble(fault.what))
        elif fault.what == "whole_card_numbers":
            self.shows_whole_numbers = True
        else:
            return False
        return True
