"""A reader with its vault as a session sees them: both do what a test says, and keep what they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from protocols.core.card import Card, EntryMode, Sealed
from protocols.core.card_source import Presented, Ready
from protocols.core.facts import Concluded, Fact, Mark
from protocols.core.operations import Attempt, Operation
from protocols.core.session import (
    Begin,
    Cause,
    Close,
    Effect,
    Link,
    Open,
    Opened,
    Peer,
    Persist,
    Persisted,
    Progress,
    Status,
    Tell,
    Wake,
)
from protocols.core.vault import NoAnswer, VaultAnswer, VaultRequest
from protocols.reader_vault.options import ReaderVaultOptions
from protocols.reader_vault.session import ReaderVaultSession

NAME = "01JD9QZ4X8M3K7N5P2R6T0V1WY"
ATTEMPT = Attempt(1, "KM1", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
GATEWAY = Link("gateway", 1)


class FakeSource:
    """A reader."""

    def __init__(self, modes: tuple[EntryMode, ...] = ("swipe", "keyed")) -> None:
        self.ready = Ready.READY
        self.why = ""
        self.peer = Peer("usb", serial="R1")
        self.entry_modes = modes
        self.armed_for: tuple[EntryMode, ...] = ()
        self.refusal: str | None = None
        self.card: Presented | None = None

    def next_deadline(self) -> float | None:
        """None."""
        return None

    def handle(self, _cause: Cause, _now: float) -> tuple[Effect, ...]:
        """Nothing by itself."""
        return ()

    def arm(self, entry_modes: Sequence[EntryMode], _now: float) -> tuple[Effect, ...]:
        """Armed."""
        self.ready, self.armed_for = Ready.ARMED, tuple(entry_modes)
        return ()

    def disarm(self, _now: float) -> tuple[Effect, ...]:
        """Not any more."""
        self.ready = Ready.READY
        return ()

    def take_refusal(self) -> str | None:
        """Once."""
        told, self.refusal = self.refusal, None
        return told

    def take_card(self) -> Presented | None:
        """Once; disarmed then."""
        given, self.card = self.card, None
        if given is not None:
            self.ready = Ready.READY
        return given


class FakeVault:
    """A vault: it is reached when the test opens it, and answers what the test says."""

    def __init__(self) -> None:
        self.reached = False
        self.why = ""
        self.busy = False
        self.asked: list[VaultRequest] = []
        self._answer: VaultAnswer | NoAnswer | None = None

    def next_deadline(self) -> float | None:
        """None."""
        return None

    def handle(self, cause: Cause, _now: float) -> tuple[Effect, ...]:
        """Opened is all that it understands."""
        if isinstance(cause, Opened):
            self.reached = True
        return ()

    def reach(self, _now: float) -> tuple[Effect, ...]:
        """Wish for an opening."""
        self.why = ""
        return () if self.reached else (Open(GATEWAY),)

    def ask(self, request: VaultRequest, _now: float) -> tuple[Effect, ...]:
        """Noted."""
        self.asked.append(request)
        self.busy = True
        return ()

    def answer(self, answer: VaultAnswer | NoAnswer) -> None:
        """For the next look."""
        self._answer, self.busy = answer, False

    def take_answer(self) -> VaultAnswer | NoAnswer | None:
        """Once."""
        told, self._answer = self._answer, None
        return told


class Counter:
    """A session between the two. Facts are on disk at once."""

    def __init__(self, source: FakeSource | None = None, *, without_reader: bool = False) -> None:
        self.vault = FakeVault()
        self.source = None if without_reader else source or FakeSource()
        self.session = ReaderVaultSession(ReaderVaultOptions(token_scope="m-1"), self.vault, self.source)
        self.now = 1000.0
        self.facts: list[Fact] = []
        self.told: list[Progress | Status] = []
        self.opened: list[Link] = []

    def give(self, cause: Cause) -> None:
        """One cause and everything that follows from it at once."""
        waiting: list[Cause] = [cause]
        while waiting:
            for effect in self.session.handle(waiting.pop(0), self.now):
                match effect:
                    case Persist(ref, fact):
                        self.facts.append(fact)
                        waiting.insert(0, Persisted(ref))
                    case Tell(notice) if isinstance(notice, Progress | Status):
                        self.told.append(notice)
                    case Open(link):
                        self.opened.append(link)
                    case Close():
                        self.vault.reached = False

    def begin(self, operation: Operation, *, reach: bool = True, until: float = 2000.0) -> None:
        """Begin; the vault is reached unless said otherwise."""
        self.give(Begin(operation, ATTEMPT, until))
        if reach and not self.vault.reached:
            self.give(Opened(GATEWAY, Peer("gateway")))

    def swipe(self, mode: EntryMode = "swipe") -> Sealed:
        """A card; its frame, to see what becomes of it."""
        assert self.source is not None
        frame = Sealed(b"frame")
        card = Card(brand="visa", last_four="4242", entry_mode=mode)
        self.source.card = Presented(frame, card, {"ksn": "FFFF9876543210E00001"})
        self.give(Opened(Link("reader", 1), Peer("usb")))
        return frame

    def answer(self, answer: VaultAnswer | NoAnswer) -> None:
        """The vault answers."""
        self.vault.answer(answer)
        self.give(Wake())

    def after(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        self.give(Wake())

    @property
    def marks(self) -> list[Mark]:
        """What was marked."""
        return [fact for fact in self.facts if isinstance(fact, Mark)]

    @property
    def concluded(self) -> Concluded:
        """The only end."""
        (end,) = (fact for fact in self.facts if isinstance(fact, Concluded))
        return end

    @property
    def prompts(self) -> list[str]:
        """What people were told."""
        return [notice.code for notice in self.told if isinstance(notice, Progress)]
