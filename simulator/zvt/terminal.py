"""The simulated terminal (PT) as a machine without I/O: causes in with the time, ordered effects out.

One dialogue at a time runs as a script (`simulator.zvt.script`). This file alone starts, feeds and ends them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from protocols.core.errors import DecodingError
from protocols.zvt import codec
from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import DataObjects, Message
from simulator.cardholder import Act
from simulator.zvt.booking import settle_after_power_cut
from simulator.zvt.cardwork import ABORTED
from simulator.zvt.commands import Service, do_at_once, refusal_of, service_for
from simulator.zvt.console import Console
from simulator.zvt.effects import (
    Acted,
    ApduIn,
    Cause,
    Delivered,
    Effect,
    Hangup,
    LinkDown,
    LinkUp,
    PlanFault,
    PowerCut,
    PowerOn,
    SendFailed,
    Trickled,
    Wake,
)
from simulator.zvt.script import (
    Answer,
    AwaitAct,
    AwaitAnswer,
    Given,
    LinkLostError,
    PowerLostError,
    Script,
    StoppedError,
    Want,
)

BUSY, FUNCTION_IMPOSSIBLE = 0x9C, 0x83
_FOREVER = float("inf")


class Terminal:
    """One terminal. `handle` never raises for anything that an ECR can send."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._script: Generator[Want, Given, None] | None = None
        self._want: Want | None = None
        self._until = _FOREVER
        self._dead_until: float | None = None
        self._start()

    @property
    def powered(self) -> bool:
        """Whether the plug is in: a terminal without power hears and acknowledges nothing."""
        return self._dead_until is None

    @property
    def busy(self) -> bool:
        """Whether a dialogue runs."""
        return self._script is not None

    def next_deadline(self) -> float | None:
        """When it wants a Wake; None for never."""
        if self._dead_until is not None:
            return None if self._dead_until == _FOREVER else self._dead_until
        planned = self.console.cardholder.next_deadline()
        soonest = min(self._until, _FOREVER if planned is None else planned)
        return None if soonest == _FOREVER else soonest

    def handle(self, cause: Cause, now: float) -> tuple[Effect, ...]:
        """Take one cause; return what is to be done, in order."""
        self.console.now = now
        if self._dead_until is not None:
            self._without_power(cause, now)
        else:
            self._with_power(cause, now)
        done, self.console.out = tuple(self.console.out), []
        return done

    # --- causes ---------------------------------------------------------------------------------------

    def _with_power(self, cause: Cause, now: float) -> None:
        match cause:
            case ApduIn(data):
                self._hear(data)
            case Delivered():
                self._delivered(now)
            case SendFailed():
                if isinstance(self._want, AwaitAnswer):
                    self._advance(None)
            case Trickled():
                self.console.out.append(Hangup("a message of the ECR did not become complete within T3"))
            case LinkUp():
                self.console.ecr_lost = False
            case LinkDown():
                self._throw(LinkLostError())
            case Wake():
                self._wake(now)
            case _:
                self._by_hand(cause)

    def _by_hand(self, cause: Cause) -> None:
        match cause:
            case Acted(act):
                self._act(act)
            case PlanFault(fault):
                self.console.faults.add(fault)
            case PowerCut(seconds):
                self._die(seconds)
            case _:
                pass  # PowerOn: it is on

    def _without_power(self, cause: Cause, now: float) -> None:
        due = self._dead_until is not None and isinstance(cause, Wake) and now >= self._dead_until
        if due or isinstance(cause, PowerOn):
            self._dead_until = None
            self._start()
        elif isinstance(cause, PlanFault):
            self.console.faults.add(cause.fault)

    def _start(self) -> None:
        self.console.power_up()
        settle_after_power_cut(self.console)
        self.console.show_idle()

    def _die(self, seconds: float) -> None:
        if self._script is not None:
            self._script.close()
        self._rest()
        self._dead_until = self.console.now + seconds if seconds else _FOREVER
        self.console.show()
        self.console.out.append(Hangup("the power is cut"))

    def _wake(self, now: float) -> None:
        for act in self.console.cardholder.due(now):
            self._act(act)
        if self._script is not None and now >= self._until:
            self._advance(None)

    def _delivered(self, now: float) -> None:
        """T3 runs from the acknowledgement of our frame (PA00P016): before, the line repeats by T2."""
        if isinstance(self._want, AwaitAnswer) and self._until == _FOREVER:
            self._until = now + (self._want.within_s or self.console.settings.t3_s)

    def _act(self, act: Act) -> None:
        console = self.console
        if act.kind == "insert" and console.slot is None:
            console.slot = act.card
        elif act.kind == "remove":
            console.slot = None
        if isinstance(self._want, AwaitAct) and act.kind in self._want.kinds:
            self._advance(act)

    # --- commands and answers -------------------------------------------------------------------------

    def _hear(self, apdu: bytes) -> None:
        if self.console.deaf:
            return
        self.console.ecr_lost = False
        try:
            message = codec.decode(apdu, from_terminal=False, charset=self.console.state.charset)
        except DecodingError:
            if apdu[:1] not in (b"\x80", b"\x84"):
                self.console.reject(FUNCTION_IMPOSSIBLE)
            return
        if isinstance(message, zvt.Positive | zvt.Negative):
            self._answered(message)
        elif isinstance(message, zvt.Abort) and self._script is not None and not self.console.closing:
            self._asked_to_stop()
        else:
            self._commanded(message)

    def _answered(self, message: zvt.Positive | zvt.Negative) -> None:
        if isinstance(self._want, AwaitAnswer):
            code = message.code if isinstance(message, zvt.Negative) else 0
            self._advance(Answer(code, message.data))

    def _asked_to_stop(self) -> None:
        """06 B0 in a dialogue: granted as long as the host has not been asked (card complete: else 84 83)."""
        if not self.console.abortable:
            self.console.reject(FUNCTION_IMPOSSIBLE)
            return
        self.console.accept()
        self.console.stop_asked = True
        if isinstance(self._want, AwaitAct):
            self._throw(StoppedError(ABORTED))

    def _commanded(self, message: Message) -> None:
        if self._script is not None and not self.console.closing:
            if self.console.settings.busy == "9C":
                self.console.reject(BUSY)
            return
        if self._script is not None:  # our last word is out, and a new command answers it well enough
            self._script.close()
            self._rest()
        self._script = self._serve(message)
        self._advance(None)

    def _serve(self, message: Message) -> Script[None]:
        """One command from its arrival to its end."""
        console, service = self.console, service_for(message)
        console.request = message if isinstance(message, DataObjects) else None
        console.stop_asked = console.closing = console.abortable = False
        console.shows_whole_numbers = False
        name = service.name if service is not None else "any"
        console.faults.begin(name)
        console.note(f"command: {name}")
        for fault in (yield from console.moment("command")):
            if fault.what == "silence":
                return
            console.reject(BUSY if fault.what == "busy" else fault.value)
            return
        refused = (FUNCTION_IMPOSSIBLE, b"") if service is None else refusal_of(console, message, service)
        if refused is not None:
            console.reject(*refused)
        elif service is not None:
            yield from self._served(message, service)

    def _served(self, message: Message, service: Service) -> Script[None]:
        do_at_once(self.console, message)
        if not service.own_answer:
            self.console.accept()
        yield from self.console.moment("answered")
        if service.script is not None:
            yield from service.script(self.console, message)

    # --- the script -----------------------------------------------------------------------------------

    def _advance(self, given: Given) -> None:
        if self._script is not None:
            script = self._script
            self._run(lambda: script.send(given))

    def _throw(self, error: Exception) -> None:
        if self._script is not None:
            script = self._script
            self._run(lambda: script.throw(error))

    def _run(self, step: Callable[[], Want]) -> None:
        try:
            self._want = step()
        except (StopIteration, LinkLostError, StoppedError):
            self._rest()
            self.console.rest()
        except PowerLostError as lost:
            self._die(lost.seconds)
        else:
            self._until = self._deadline(self._want)

    def _deadline(self, want: Want) -> float:
        if isinstance(want, AwaitAct):
            return want.until
        if self.console.on_tcp:
            return self.console.now + (want.within_s or self.console.settings.t3_s)
        return _FOREVER  # until the line says that the frame was delivered, or gives up

    def _rest(self) -> None:
        self._script, self._want, self._until = None, None, _FOREVER
        self.console.abortable = self.console.closing = False
        self.console.cardholder.cancel()
