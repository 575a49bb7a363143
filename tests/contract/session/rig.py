"""The pump's side of the contract without a loop: does what a session wishes, holds it to its promises."""

from __future__ import annotations

from datetime import UTC, datetime

from protocols.core.facts import Concluded, Fact, Mark
from protocols.core.operations import Attempt, Operation, Recover, Refund, Request, Sale, StoreCard
from protocols.core.session import (
    Abort,
    Begin,
    Cause,
    Close,
    Closed,
    Effect,
    Greet,
    Link,
    Notice,
    Open,
    Opened,
    Peer,
    Persist,
    Persisted,
    Received,
    Send,
    Session,
    Tell,
    Wake,
)
from protocols.core.values import Money

# A deadline may lead to another one at the same moment; many in a row are a busy loop.
_MOST_WAKES_AT_ONCE = 5
WALL = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


class Rig:
    """One session under a pump that obeys. Each method is something that may happen at any moment."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = 1_000.0
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []
        self.sent: list[bytes] = []
        self.link: Link | None = None
        self.up = False
        self.at_work: Request | None = None
        self.begun: Request | None = None
        self.committed_with: bytes | None = None  # what was sent first after the commit: it has the effect
        self._wished: set[Link] = set()
        self._sent_any = False
        self._no = 0

    # --- what may happen ------------------------------------------------------------------------------

    def greet(self) -> None:
        """A rescan."""
        self.give(Greet())

    def open(self) -> None:
        """The wished opening succeeds."""
        if self.link is not None and not self.up:
            self.up = True
            self.give(Opened(self.link, Peer("rig", serial="S1")))

    def hear(self, data: bytes) -> None:
        """Bytes come."""
        if self.link is not None and self.up:
            self.give(Received(self.link, data))

    def cut(self) -> None:
        """The line is gone, or could not be opened."""
        if self.link is not None:
            lost, self.link, self.up = self.link, None, False
            self.give(Closed(lost, "cut: by the test", self._sent_any))

    def begin(self, operation: Operation | None = None) -> None:
        """A command is admitted, if nothing is at work."""
        if self.at_work is not None:
            return
        self._no += 1
        operation = operation or Sale(operation_id=f"op-{self._no}", amount=Money(1_250))
        self.at_work = self.begun = operation.operation if isinstance(operation, Recover) else operation
        self.give(Begin(operation, self.attempt(), self.now + 60.0))

    def attempt(self) -> Attempt:
        """The current one."""
        return Attempt(self._no, f"AB{self._no}", WALL)

    def sought(self) -> Request:
        """What was begun last."""
        assert self.begun is not None
        return self.begun

    def kinds(self) -> tuple[Operation, ...]:
        """A few operations of different natures, under the next name."""
        name = f"op-{self._no + 1}"
        sale = Sale(operation_id=name, amount=Money(1_250))
        marks = (Mark(name, self._no + 1, "committed", {"baseline": "known", "last.receipt": "0041"}),)
        return (
            sale,
            StoreCard(operation_id=name),
            Refund(operation_id=name, amount=Money(1_250)),
            Recover(operation=sale, attempt=Attempt(self._no + 1, "AB", WALL), marks=marks),
        )

    def abort(self) -> None:
        """Staff ask to stop whatever is at work."""
        self.give(Abort(self.at_work.operation_id if self.at_work is not None else "nobody's"))

    def wait(self, seconds: float) -> None:
        """Time passes; the session is woken at each of its deadlines, and each must move on."""
        until, wakes = self.now + seconds, 0
        while (at := self.session.next_deadline()) is not None and at <= until:
            wakes = wakes + 1 if at <= self.now else 0
            assert wakes <= _MOST_WAKES_AT_ONCE, (
                f"woken {wakes} times at {self.now}: the deadline stands still"
            )
            self.now = max(self.now, at)
            self.give(Wake())
        self.now = until

    # --- the promises -----------------------------------------------------------------------------------

    def give(self, cause: Cause) -> None:
        """One cause; its effects; Persisted as the very next cause."""
        booked: list[int] = []
        for effect in self.session.handle(cause, self.now):
            assert not booked or isinstance(effect, Tell), (
                f"{type(effect).__name__} does not wait for Persisted"
            )
            self._do(effect, booked)
        for ref in booked:
            self.give(Persisted(ref))
        deadline = self.session.next_deadline()
        assert deadline is None or deadline > 0.0

    def _do(self, effect: Effect, booked: list[int]) -> None:
        match effect:
            case Open(link):
                assert link not in self._wished, f"{link} is used again"
                assert self.link is None, "a second opening beside the first"
                self._wished.add(link)
                self.link, self.up, self._sent_any = link, False, False
            case Send(link, data):
                assert self.up, "a Send on a line that is not open"
                assert link == self.link, "a Send on another link"
                assert isinstance(data, bytes)
                self._sent_any = True
                self.sent.append(data)
                if self.committed_with is None and any(mark.stage == "committed" for mark in self.marks):
                    self.committed_with = data
            case Close(link):
                assert link == self.link, "a Close of another link"
                self.link, self.up = None, False
            case Persist(ref, fact):
                self.facts.append(fact)
                booked.append(ref)
                self._conclude(fact)
            case Tell(notice):
                self.notices.append(notice)

    def _conclude(self, fact: Fact) -> None:
        if isinstance(fact, Mark | Concluded):
            assert self.at_work is not None, f"{type(fact).__name__} while nothing is at work"
            assert (fact.operation_id, fact.attempt) == (self.at_work.operation_id, self._no)
        if isinstance(fact, Concluded):
            self.at_work = None

    @property
    def marks(self) -> list[Mark]:
        """All marks so far."""
        return [fact for fact in self.facts if isinstance(fact, Mark)]

    @property
    def conclusions(self) -> list[Concluded]:
        """All ends so far."""
        return [fact for fact in self.facts if isinstance(fact, Concluded)]
