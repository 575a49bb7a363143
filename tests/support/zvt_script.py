"""A ZVT session under a test's hand: causes by name, effects as words, the terminal's side in hexadecimal.

No bytes of ours are made by our own codec here: what the session sends is compared with literal APDUs.
"""

from __future__ import annotations

from datetime import UTC, datetime

from protocols.core.facts import Concluded, Mark, Orphan
from protocols.core.operations import Attempt, Operation
from protocols.core.session import (
    Abort,
    Alert,
    Begin,
    Cause,
    Close,
    Closed,
    Effect,
    Greet,
    Link,
    Open,
    Opened,
    Peer,
    Persist,
    Persisted,
    Phase,
    Progress,
    Received,
    Send,
    Status,
    Tell,
    Wake,
)
from protocols.zvt.options import ZvtOptions
from protocols.zvt.session import ZvtSession

OK = "800000"
REGISTERED = "060F0C190029525002954901240600"
READY = "060F0100"


def status(
    result: str, receipt: str, amount: int = 1250, trace: str | None = None, at: str = "1122150010"
) -> str:
    """A 04 0F with what a result needs: 27, 04, 49, 0B, 0C, 0D, 87, 88, 29. `at` is MMDDhhmmss."""
    number = receipt.zfill(6)
    stamp = f"0C{at[4:]}0D{at[:4]}"
    body = f"27{result}04{amount:012d}4901240B{trace or number}{stamp}87{receipt}88{number}2952500295"
    return f"040F{len(body) // 2:02X}{body}"


class Script:
    """Plays the pump and the terminal. Every effect is kept as (word, value) in `seen`."""

    def __init__(self, transport: str = "tcp", **options: object) -> None:
        self.session = ZvtSession(ZvtOptions(transport=transport, **options))  # type: ignore[arg-type]  # test's words
        self.now = 100.0
        self.link = Link("terminal", 0)
        self.sent: list[str] = []
        self.facts: list[Mark | Concluded | Orphan] = []
        self.notices: list[object] = []
        self.closed = 0
        self.book = True

    def give(self, cause: Cause) -> None:
        """One cause, and Persisted for each Persist, as the pump does."""
        self._do(self.session.handle(cause, self.now))

    def _do(self, effects: tuple[Effect, ...]) -> None:
        booked: list[int] = []
        for effect in effects:
            match effect:
                case Open(link):
                    self.link = link
                case Send(_, data):
                    assert isinstance(data, bytes)
                    self.sent.append(data.hex().upper())
                case Close():
                    self.closed += 1
                case Persist(ref, fact):
                    self.facts.append(fact)
                    booked.append(ref)
                case Tell(notice):
                    self.notices.append(notice)
        for ref in booked:
            if self.book:
                self.give(Persisted(ref))

    def open(self) -> None:
        """The wished opening succeeds."""
        self.give(Opened(self.link, Peer("test", serial="A1")))

    def hear(self, *apdus: str) -> None:
        """The terminal speaks, one APDU a time."""
        for apdu in apdus:
            self.give(Received(self.link, bytes.fromhex(apdu)))

    @property
    def reason(self) -> str:
        """What was last told of why it stands as it does."""
        return [notice for notice in self.notices if isinstance(notice, Status)][-1].reason

    def cut(self, sent: bool = True) -> None:
        """The link is gone."""
        self.give(Closed(self.link, "cut", sent))

    def after(self, seconds: float) -> None:
        """Time passes, deadline by deadline."""
        until = self.now + seconds
        while (at := self.session.next_deadline()) is not None and at <= until:
            self.now = max(at, self.now)
            self.give(Wake())
        self.now = until

    def greet(self) -> None:
        """Connected, registered and idle."""
        self.give(Greet())
        self.open()
        self.hear(OK, REGISTERED)
        self.sent.clear()

    def begin(self, operation: Operation, commit_within_s: float = 30.0) -> None:
        """Start an operation as its first attempt."""
        attempt = Attempt(1, "AB1", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
        self.give(Begin(operation, attempt, self.now + commit_within_s))

    def note(self, receipt: str = "0041") -> None:
        """The enquiry and the baseline before a booked operation."""
        self.hear(OK, READY)
        self.hear(OK, status("00", receipt, amount=999), "060F00")

    def abort(self, operation_id: str) -> None:
        """Ask to stop."""
        self.give(Abort(operation_id))

    def phase(self) -> Phase:
        """Where the session stands now."""
        return self.session.phase

    @property
    def stages(self) -> list[str]:
        """The facts as words: mark stages and outcome names."""
        return [
            fact.stage
            if isinstance(fact, Mark)
            else (type(fact.outcome).__name__ if isinstance(fact, Concluded) else "Orphan")
            for fact in self.facts
        ]

    @property
    def concluded(self) -> Concluded:
        """The last conclusion."""
        return next(fact for fact in reversed(self.facts) if isinstance(fact, Concluded))

    @property
    def alerts(self) -> list[str]:
        """The codes of all alerts."""
        return [notice.code for notice in self.notices if isinstance(notice, Alert)]

    @property
    def prompts(self) -> list[str]:
        """The codes of all progress notices."""
        return [notice.code for notice in self.notices if isinstance(notice, Progress)]
