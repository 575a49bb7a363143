"""The pump's side of the contract without a loop: does what a session wishes, holds it to its promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from protocols.core.card import Sealed
from protocols.core.facts import Concluded, Fact, Mark
from protocols.core.operations import (
    Attempt,
    Operation,
    Recover,
    Refund,
    Request,
    Sale,
    StoreCard,
    request_of,
)
from protocols.core.session import (
    Abort,
    Begin,
    Cause,
    Close,
    Closed,
    Data,
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
    Report,
    Send,
    Session,
    Tell,
    Wake,
)
from protocols.core.values import Money

# A deadline may lead to another one at the same moment; many in a row are a busy loop.
_MOST_WAKES_AT_ONCE = 5
WALL = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@dataclass(slots=True)
class Line:
    """One wished opening, and how far it came."""

    link: Link
    up: bool = False
    sent_any: bool = False


def sale(name: str) -> Request:
    """What is begun unless a test or a dialect says otherwise."""
    return Sale(operation_id=name, amount=Money(1_250))


class Rig:
    """One session under a pump that obeys. Each method is something that may happen at any moment."""

    def __init__(self, session: Session, order: Callable[[str], Request] = sale) -> None:
        self.session = session
        self.now = 1_000.0
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []
        self.sent: list[bytes] = []
        self.lines: dict[str, Line] = {}  # by the names of their links, the oldest wish first
        self.at_work: Request | None = None
        self.begun: Request | None = None
        self.committed_with: bytes | None = None  # what was sent first after the commit: it has the effect
        self._order = order
        self._wished: set[Link] = set()
        self._no = 0

    # --- what may happen ------------------------------------------------------------------------------

    def greet(self) -> None:
        """A rescan."""
        self.give(Greet())

    def open(self) -> None:
        """The oldest wished opening succeeds."""
        line = next((line for line in self.lines.values() if not line.up), None)
        if line is not None:
            line.up = True
            self.give(Opened(line.link, Peer("rig", serial="S1")))

    def open_all(self) -> None:
        """Every wished opening succeeds."""
        while any(not line.up for line in self.lines.values()):
            self.open()

    def hear(self, name: str, data: Data) -> None:
        """Something comes over the link of that name."""
        line = self.lines.get(name)
        if line is not None and line.up:
            self.give(Received(line.link, data))

    def noise(self, data: bytes) -> None:
        """Bytes that nobody meant come over every link, in the form in which each link has its bytes."""
        for name in tuple(self.lines):
            self.hear(name, Report("input", 0, Sealed(data)) if name == "reader" else data)

    def cut(self, which: int = 0) -> None:
        """A line is gone, or could not be opened."""
        if self.lines:
            line = self.lines.pop(tuple(self.lines)[which % len(self.lines)])
            self.give(Closed(line.link, "cut: by the test", line.sent_any))

    def cut_all(self) -> None:
        """Every line that there is now is gone; what is wished for meanwhile is another."""
        for name in tuple(self.lines):
            if name in self.lines:
                self.cut(tuple(self.lines).index(name))

    def begin(self, operation: Operation | None = None) -> None:
        """A command is admitted, if nothing is at work."""
        if self.at_work is not None:
            return
        self._no += 1
        operation = operation or self._order(f"op-{self._no}")
        self.at_work = self.begun = request_of(operation)
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
        order = self._order(name)
        marks = (Mark(name, self._no + 1, "committed", {"baseline": "known", "last.receipt": "0041"}),)
        return (
            order,
            StoreCard(operation_id=name),
            Refund(operation_id=name, amount=Money(1_250)),
            Recover(operation=order, attempt=Attempt(self._no + 1, "AB", WALL), marks=marks),
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

    def sleep(self, seconds: float) -> None:
        """The machine sleeps: deadlines that passed meanwhile are all due at once."""
        self.now += seconds
        self.wait(0.0)

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
                assert link.to not in self.lines, "a second opening beside the first"
                self._wished.add(link)
                self.lines[link.to] = Line(link)
            case Send(link, data):
                line = self.lines.get(link.to)
                assert line is not None, "a Send on a line that is not open"
                assert line.up, "a Send on a line that is not open yet"
                assert link == line.link, "a Send on another link"
                line.sent_any = True
                self._note(_octets(data))
            case Close(link):
                line = self.lines.pop(link.to, None)
                assert line is not None, "a Close of no line"
                assert link == line.link, "a Close of another link"
            case Persist(ref, fact):
                self.facts.append(fact)
                booked.append(ref)
                self._conclude(fact)
            case Tell(notice):
                self.notices.append(notice)

    def _note(self, sent: bytes) -> None:
        self.sent.append(sent)
        if self.committed_with is None and any(mark.stage == "committed" for mark in self.marks):
            self.committed_with = sent

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


def _octets(data: Data) -> bytes:
    """What a Send would put on the wire now; a sealed buffer may be wiped later."""
    held = data.data if isinstance(data, Report) else data
    return bytes(held.view()) if isinstance(held, Sealed) else held
