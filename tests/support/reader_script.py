"""A reader of the agent, led by hand: causes in, effects noted, a virtual device at the end if wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from protocols.core.card import EntryMode, Sealed
from protocols.core.card_source import Presented
from protocols.core.session import (
    Alert,
    Cause,
    Closed,
    Effect,
    Greet,
    Link,
    Open,
    Opened,
    Peer,
    Received,
    Report,
    Send,
    Tell,
    Wake,
)
from protocols.idtech.options import ReaderOptions
from protocols.idtech.reader import Reader
from simulator.reader.device import VirtualReader
from simulator.reader.faults import ReadFault, ReadTrouble
from simulator.reader.hid import Stalled


class ReaderScript:
    """One reader and its link. Without a device nobody answers its questions."""

    def __init__(self, device: VirtualReader | None = None, **options: str | int | float) -> None:
        self.reader = Reader(ReaderOptions.from_mapping(options))
        self.device = device
        self.now = 100.0
        self.link = Link("reader", 0)
        self.sent: list[Report] = []
        self.alerts: list[tuple[str, Mapping[str, str]]] = []
        self.buffers: list[Sealed] = []

    @property
    def state(self) -> str:
        """Whether the reader can read, in a word."""
        return self.reader.ready.value

    @property
    def codes(self) -> list[str]:
        """The alerts so far."""
        return [code for code, _ in self.alerts]

    def give(self, cause: Cause) -> None:
        """One cause, and what the device answers to what follows from it."""
        causes = deque([cause])
        while causes:
            effects = self.reader.handle(causes.popleft(), self.now)
            causes.extend(self._answers(effects))

    def plug(self, serial: str | None = None) -> None:
        """Greet, or let a redial that is due go out, and have the reader found there."""
        self.give(Greet() if self.link.n == 0 else Wake())
        told = self.device.serial if self.device is not None and serial is None else serial
        self.give(Opened(self.link, Peer("usb", told)))

    def ready(self) -> ReaderScript:
        """Plugged in, and every question answered or given up."""
        self.plug()
        for _ in range(100):
            if self.state != "greeting":
                break
            self.wake()
        return self

    def wake(self) -> None:
        """Let the next deadline come."""
        at = self.reader.next_deadline()
        assert at is not None
        self.now = max(self.now, at)
        self.give(Wake())

    def arm(self, *modes: EntryMode) -> None:
        """Ask for one read."""
        self._answers(self.reader.arm(modes or ("swipe",), self.now))

    def hear(self, data: bytes) -> None:
        """Bytes of an input report."""
        sealed = Sealed(data)
        self.buffers.append(sealed)
        self.give(Received(self.link, Report("input", 0, sealed)))

    def swipe(self, act: Callable[[VirtualReader], None], trouble: ReadTrouble | None = None) -> None:
        """Let the cardholder do something at the device, and hear of it."""
        assert self.device is not None
        if trouble is not None:
            self.device.plan(ReadFault(what=trouble))
        act(self.device)
        for report in iter(self.device.take_input, None):
            self.hear(report or b"")

    def unplug(self) -> None:
        """The cable is out."""
        self.give(Closed(self.link, "unplugged: the reader is gone", sent=True))

    def outcome(self) -> str:
        """What became of the read: the refusal's code, "taken", or "nothing"."""
        refusal = self.reader.take_refusal()
        if refusal is not None:
            return refusal
        return "nothing" if self.reader.take_card() is None else "taken"

    def card(self) -> Presented:
        """The card that was read."""
        presented = self.reader.take_card()
        assert presented is not None
        return presented

    def _answers(self, effects: tuple[Effect, ...]) -> list[Cause]:
        causes: list[Cause] = []
        for effect in effects:
            if isinstance(effect, Open):
                self.link = effect.link
            elif isinstance(effect, Tell) and isinstance(effect.notice, Alert):
                self.alerts.append((effect.notice.code, effect.notice.details))
            elif isinstance(effect, Send) and isinstance(effect.data, Report):
                self.sent.append(effect.data)
                causes.extend(self._answer(effect.data))
        return causes

    def _answer(self, report: Report) -> list[Cause]:
        if self.device is None:
            return []
        try:
            if report.kind == "feature":
                assert isinstance(report.data, bytes)
                self.device.feature_set(report.id, report.data)
                return []
            return [Received(self.link, Report("feature", report.id, self.device.feature_get(report.id)))]
        except Stalled:
            return [Received(self.link, Report("stalled", report.id, b""))]
