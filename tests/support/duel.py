"""A session and a simulated terminal face to face, both without I/O: one step after the other, time jumps.

`pieces` decides how what the terminal writes arrives: a property of a session is that it does not matter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from protocols.core.facts import Fact
from protocols.core.operations import Attempt, Operation
from protocols.core.session import (
    Begin,
    Cause,
    Close,
    Effect,
    Greet,
    Link,
    Open,
    Opened,
    Peer,
    Persist,
    Persisted,
    Received,
    Send,
    Session,
    Status,
    Tell,
    Wake,
)
from simulator.acquirer.ledger import MemoryLedger
from simulator.scenario import Scenario
from simulator.zvt.device import Bytes, Device, Output, build
from simulator.zvt.state import MemoryStore

Pieces = Callable[[bytes], Iterable[bytes]]
WALL = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
LIMIT_S = 300.0


def whole(data: bytes) -> Iterable[bytes]:
    """All that is written at once in one piece."""
    return (data,)


class Duel:
    """Both sides at one moment. `effects` are all that the session ever wished, but for its states: how often
    those are told depends on how much came at once."""

    def __init__(self, session: Session, scenario: Scenario, *, on_tcp: bool, pieces: Pieces = whole) -> None:
        self.session = session
        self.ledger = MemoryLedger()
        self.effects: list[Effect] = []
        self.facts: list[Fact] = []
        self._now = 1_000.0
        self._pieces = pieces
        self._on_tcp = on_tcp
        self._to_session: deque[Cause] = deque()
        self._to_device: deque[bytes] = deque()
        self._link: Link | None = None
        self.device: Device = build(
            scenario,
            ledger=self.ledger,
            store=MemoryStore(),
            wall=lambda: WALL + timedelta(seconds=self._now),
            on_tcp=on_tcp,
        )

    def greet(self) -> None:
        """Get to know each other."""
        self._to_session.append(Greet())
        self._run(5.0)

    def operate(self, operation: Operation, no: int = 1) -> None:
        """One operation, from its Begin to long after its end."""
        self._to_session.append(Begin(operation, Attempt(no, f"AB{no}", WALL), self._now + 60.0))
        self._run(LIMIT_S)

    def _run(self, seconds: float) -> None:
        until = self._now + seconds
        while True:
            if self._to_session:
                self._give(self._to_session.popleft())
            elif self._to_device:
                self._take(self.device.receive(self._to_device.popleft(), self._now))
            elif not self._next_moment(until):
                return

    def _next_moment(self, until: float) -> bool:
        ours, theirs = self.session.next_deadline(), self.device.next_deadline()
        at = min((moment for moment in (ours, theirs) if moment is not None), default=until)
        if at >= until:
            self._now = until
            return False
        self._now = max(self._now, at)
        if theirs is not None and theirs <= self._now:
            self._take(self.device.wake(self._now))
        else:
            self._to_session.append(Wake())
        return True

    def _give(self, cause: Cause) -> None:
        booked: list[Cause] = []
        for effect in self.session.handle(cause, self._now):
            if not (isinstance(effect, Tell) and isinstance(effect.notice, Status)):
                self.effects.append(effect)
            match effect:
                case Open(link):
                    self._to_session.append(Opened(link, Peer("duel")))
                    self._take(self.device.connected(self._now))
                    self._link = link
                case Send(_, data):
                    assert isinstance(data, bytes)
                    self._to_device.append(data)
                case Close() if self._on_tcp:
                    self._take(self.device.disconnected(self._now))
                case Persist(ref, fact):
                    self.facts.append(fact)
                    booked.append(Persisted(ref))
        self._to_session.extendleft(reversed(booked))

    def _take(self, outputs: tuple[Output, ...]) -> None:
        """What is written at once arrives glued, before `pieces` cuts it."""
        data = b"".join(output.data for output in outputs if isinstance(output, Bytes))
        if data and self._link is not None:
            link = self._link
            self._to_session.extend(Received(link, piece) for piece in self._pieces(data))
