"""The line to one terminal: an opening, its link layer, and the timers of what is awaited on it.

Pure: returns effects. The session decides; the line only knows how to say it and how long to wait.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocols.core.session import Close, Effect, Link, Mono, Open, Send
from protocols.zvt.codec import encode
from protocols.zvt.data_objects import Message
from protocols.zvt.link import (
    Arrived,
    Delivered,
    Failed,
    Heard,
    Lapsed,
    LinkOutput,
    SerialLink,
    TcpLink,
    Write,
)
from protocols.zvt.messages import ReadCard
from protocols.zvt.options import ZvtOptions

News = Arrived | Lapsed | Failed | Heard


# A second answer is on the wire by then: T1 is the longest silence within what the terminal says at once.
_CONTRADICTED_WITHIN_S = 0.3


class Line:
    """One endpoint, opened again and again; each opening has its own Link so that no late byte is heard."""

    def __init__(self, options: ZvtOptions) -> None:
        self._options = options
        self._n = 0
        self.wire: Link | None = None
        self.open = False
        self._arq: SerialLink | TcpLink = TcpLink()
        self._asked: bytes | None = None  # our command that is not answered yet
        self._own_s = 0.0  # what that command allows beyond T3
        self.refused: int | None = None  # by this code, if nothing contradicts it until `answer_by`
        self.disturbed = False  # something was heard since our command that nothing explains
        self.answer_by: Mono | None = None  # T3, from the delivery on: before that the link repeats by T2
        self.message_by: Mono | None = None  # T4
        self.silent_at: Mono | None = None
        self._t4_s = options.t4_s
        # T3 is for the application. Its answer may be lost on a serial line, and is there again T2 later.
        repeat_s = options.t2_s + options.t1_s if options.transport == "serial" else 0.0
        self._answer_s = options.t3_s + repeat_s

    def dial(self) -> tuple[Effect, ...]:
        """Wish for a new opening."""
        self._n += 1
        self.wire = Link("terminal", self._n)
        self.open = False
        options = self._options
        serial = options.transport == "serial"
        self._arq = SerialLink(options.t1_s, options.t2_s, options.t3_s) if serial else TcpLink()
        return (Open(self.wire),)

    def opened(self) -> None:
        """The opening succeeded."""
        self.open = True

    def hang_up(self) -> tuple[Effect, ...]:
        """Close and forget; late bytes of this opening are not ours any more."""
        wire, self.wire, self.open = self.wire, None, False
        self._arq = TcpLink()
        self.rest()
        return (Close(wire),) if wire is not None else ()

    def ask(self, message: Message, now: Mono) -> tuple[Effect, ...]:
        """Send a command and expect its answer within T3 of its delivery, and of one repeat of the answer. A
        time that the command itself names comes first (PA00P016): the terminal may answer when it is over."""
        self._t4_s = self._options.t4_s
        self.rest()
        self.disturbed = False
        self._asked = encode(message)
        self._own_s = float(message.timeout_s or 0) if isinstance(message, ReadCard) else 0.0
        return self._send(self._asked, now)

    def say(self, message: Message, now: Mono) -> tuple[Effect, ...]:
        """Send an answer, or an abort beside the dialogue: no timer of its own."""
        return self._send(encode(message), now)

    def led(self, now: Mono, minutes: int | None = None) -> None:
        """The terminal spoke and goes on leading: T4 anew; `minutes` (04 FF byte 2) sets another T4."""
        if minutes:
            self._t4_s = max(minutes * 60.0, self._options.t3_s)
        self._asked = self.answer_by = self.refused = None
        self.message_by = now + self._t4_s
        self.silent_at = now + self._options.silence_alert_s

    def refuse(self, code: int, now: Mono) -> None:
        """Our command was refused, unless something else is heard at once: on a serial line the answer may be
        to a frame that came with it by mistake."""
        self.refused, self._asked = code, None
        self.answer_by = now + _CONTRADICTED_WITHIN_S

    @property
    def holds_command(self) -> bool:
        """Whether our command has not left yet, so that nothing heard can be its answer."""
        return self._asked is not None and self._arq.holds(self._asked)

    def hurry(self, now: Mono) -> None:
        """Nobody waits any more for what our command's own time allows: T3 is enough."""
        if self.answer_by is not None:
            self.answer_by = min(self.answer_by, now + self._answer_s)

    def rest(self) -> None:
        """Nothing is awaited."""
        self._asked = self.refused = None
        self.answer_by = self.message_by = self.silent_at = None

    def soon(self, now: Mono) -> None:
        """What is still to come must come within T3."""
        self.message_by = now + self._options.t3_s

    def feed(self, data: bytes, now: Mono) -> tuple[tuple[Effect, ...], tuple[News, ...]]:
        """Bytes in; link-layer answers out at once, and the news for the session."""
        return self._sorted(self._arq.feed(data, now), now)

    def wake(self, now: Mono) -> tuple[tuple[Effect, ...], tuple[News, ...]]:
        """Let the link layer act on its own timers (T1, T2)."""
        return self._sorted(self._arq.wake(now), now)

    def deadlines(self) -> Iterable[Mono | None]:
        """All that is awaited, in no order."""
        return (
            self.answer_by,
            self.message_by,
            self.silent_at,
            self._arq.next_deadline() if self.open else None,
        )

    def _send(self, apdu: bytes, now: Mono) -> tuple[Effect, ...]:
        return self._written(self._arq.send(apdu, now), now)

    def _sorted(
        self, outputs: tuple[LinkOutput, ...], now: Mono
    ) -> tuple[tuple[Effect, ...], tuple[News, ...]]:
        news = tuple(output for output in outputs if isinstance(output, Arrived | Lapsed | Failed | Heard))
        self.disturbed = self.disturbed or any(isinstance(item, Heard) for item in news)
        return self._written(outputs, now), news

    def _written(self, outputs: tuple[LinkOutput, ...], now: Mono) -> tuple[Effect, ...]:
        for output in outputs:
            if isinstance(output, Delivered) and output.apdu == self._asked:
                self.answer_by = now + self._answer_s + self._own_s
        if self.wire is None:
            return ()
        wire = self.wire
        return tuple(Send(wire, output.data) for output in outputs if isinstance(output, Write))
