"""One ID TECH reader as a source of cards: it opens its link, greets, and is armed for one read at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocols.core.card import EntryMode
from protocols.core.card_source import Presented, Ready
from protocols.core.deadlines import soonest
from protocols.core.errors import LocalError
from protocols.core.retries import Retries, due
from protocols.core.session import (
    Alert,
    Cause,
    Closed,
    Data,
    Effect,
    Greet,
    Link,
    Mono,
    Open,
    Opened,
    Peer,
    Received,
    Report,
    Tell,
    Wake,
)
from protocols.idtech.greeting import Greeting
from protocols.idtech.options import ReaderOptions
from protocols.idtech.reading import Reading
from protocols.idtech.settings import Setting, ksn_of


class Reader:
    """A CardSource; what its methods promise is said there. `_ready` leaves out ARMED."""

    def __init__(self, options: ReaderOptions) -> None:
        self._options = options
        self._ready = Ready.DOWN
        self._why = "not_connected"
        self._peer = Peer("")
        self._link: Link | None = None
        self._openings = 0
        self._retries = Retries(options.redial_s, options.redial_s)
        self._greeting: Greeting | None = None
        self._reading = Reading(options)

    @property
    def ready(self) -> Ready:
        """Whether it can read now."""
        return Ready.ARMED if self._reading.armed else self._ready

    @property
    def why(self) -> str:
        """Why it is down or unfit."""
        return self._why

    @property
    def peer(self) -> Peer:
        """Where it is and the serial of its USB descriptor; as `terminal_id` the serial of its frames, and
        until it has sent one that of its descriptor."""
        return replace(self._peer, terminal_id=self._reading.serial or self._peer.serial)

    @property
    def entry_modes(self) -> tuple[EntryMode, ...]:
        """How cards can be entered on it."""
        return self._options.entry_modes

    def next_deadline(self) -> Mono | None:
        """The next try to open, the answer to a question, or the rest of a report."""
        asked = self._greeting.next_deadline() if self._greeting is not None else None
        return soonest(self._retries.redial_at, self._reading.report_by, asked)

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """Take Greet, Wake, or a cause of its own link; another link's is not for it."""
        match cause:
            case Greet():
                return self._greet(now)
            case Wake():
                return self._wake(now)
            case Opened(link=link, peer=peer) if link == self._link:
                return self._opened(link, peer, now)
            case Received(link=link, data=data) if link == self._link:
                return self._received(data, now)
            case Closed(link=link, why=why) if link == self._link:
                return self._closed(why, now)
        return ()

    def arm(self, entry_modes: Sequence[EntryMode], now: Mono) -> tuple[Effect, ...]:  # noqa: ARG002  # a CardSource's
        """Wipe what is buffered and take the next read. Raises LocalError `not_ready`, or `entry_modes` where
        this reader has none of them."""
        if self.ready is not Ready.READY:
            raise LocalError("not_ready", f"the reader is {self.ready.value}; it is armed when it is ready")
        wanted = tuple(mode for mode in entry_modes if mode in self.entry_modes)
        if not wanted:
            raise LocalError(
                "entry_modes", f"{list(entry_modes)} are asked for; this reader has {list(self.entry_modes)}"
            )
        return self._reading.arm(wanted)

    def disarm(self, now: Mono) -> tuple[Effect, ...]:  # noqa: ARG002  # a CardSource's
        """Take no read any more; one that is half in, or not fetched, is wiped."""
        self._reading.forget()
        return ()

    def take_refusal(self) -> str | None:
        """The code of a read that was refused since it was armed, once."""
        return self._reading.take_refusal()

    def take_card(self) -> Presented | None:
        """The card, once."""
        return self._reading.take_card()

    def _greet(self, now: Mono) -> tuple[Effect, ...]:
        if self._link is None:
            return self._dial()
        if self.ready in (Ready.READY, Ready.UNFIT) and not self._misplaced():
            return self._ask(self._link, now)
        return ()

    def _dial(self) -> tuple[Effect, ...]:
        self._retries.rest()
        self._openings += 1
        self._link = Link("reader", self._openings)
        return (Open(self._link),)

    def _opened(self, link: Link, peer: Peer, now: Mono) -> tuple[Effect, ...]:
        self._peer = peer
        self._retries.reached()
        if self._misplaced():  # the link stays: it tells when this reader is taken away
            return self._unfit(
                f"wrong_device: the reader {peer.serial} is plugged in, {self._options.serial} is expected"
            )
        return self._ask(link, now)

    def _misplaced(self) -> bool:
        """Whether another reader is there. One without serial in its descriptor is known by its swipes."""
        serial = self._peer.serial
        return None not in (self._options.serial, serial) and serial != self._options.serial

    def _closed(self, why: str, now: Mono) -> tuple[Effect, ...]:
        self._reading.unplugged()
        self._link = self._greeting = None
        self._ready, self._why = Ready.DOWN, why
        self._retries.redial(now)
        return ()

    def _wake(self, now: Mono) -> tuple[Effect, ...]:
        if due(self._retries.redial_at, now):
            return self._dial()
        effects = self._reading.wake(now)
        if self._greeting is not None:
            effects += self._greeted(self._greeting.wake(now))
        return effects

    def _received(self, data: Data, now: Mono) -> tuple[Effect, ...]:
        if not isinstance(data, Report):
            raise LocalError("wrong_endpoint", "a reader is heard in HID reports; give it a USB endpoint")
        if data.kind == "input":
            return self._reading.hear(data, now)
        return self._greeted(self._greeting.hear(data, now)) if self._greeting is not None else ()

    def _ask(self, link: Link, now: Mono) -> tuple[Effect, ...]:
        self._ready, self._why = Ready.GREETING, ""
        self._greeting = Greeting(link, self._options)
        return self._greeted(self._greeting.start(now))

    def _greeted(self, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        greeting = self._greeting
        if greeting is None or not greeting.done:
            return effects
        self._greeting = None
        ksn = ksn_of(greeting.answers.get(Setting.KSN, b""))
        if ksn is not None:
            self._reading.serials.told(ksn)
        why = greeting.unfit()
        if why is not None:
            return effects + self._unfit(why)
        self._ready = Ready.READY
        return effects

    def _unfit(self, why: str) -> tuple[Effect, ...]:
        self._ready, self._why = Ready.UNFIT, why
        code, _, text = why.partition(": ")
        return (Tell(Alert(code, {"why": text})),)
