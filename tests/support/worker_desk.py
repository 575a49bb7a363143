"""A worker under a test's hand: a scripted session, a journal in memory, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from protocols.core.facts import Concluded, Mark
from protocols.core.operations import Sale
from protocols.core.outcomes import Approved, Evidence, Outcome, Unknown
from protocols.core.session import (
    Abort,
    Begin,
    Capabilities,
    Cause,
    Effect,
    Greet,
    Notice,
    Peer,
    Persist,
    Phase,
    Progress,
    Status,
    Tell,
)
from protocols.core.values import Money
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.commands.situation import Limits
from terminal_agent.journal.facts import Row
from terminal_agent.terminal.standing import Standing
from terminal_agent.terminal.worker import Worker
from tests.support.memory_journal import MemoryJournal
from tests.support.operations import operation_id
from tests.support.scripted_session import ScriptedSession
from tests.support.virtual_clock import run_virtual, settle
from tests.support.virtual_terminal import START, LoopClock

NAME = operation_id(START, 1)
SALE = Sale(operation_id=NAME, amount=Money(1_250))
CAN = Capabilities(operations=frozenset({"sale"}), recovery="last")
PROOF = Evidence("dialogue")
PAID = Approved(money="charged", amount=Money(1_250), evidence=PROOF)
DOUBT = Unknown(code="link_lost", evidence=PROOF, ask_again_s=2.0)


@dataclass
class Ears:
    """A herald that remembers."""

    words: list[str] = field(default_factory=list)
    progressed: list[str] = field(default_factory=list)
    alerts: list[tuple[str, str | None]] = field(default_factory=list)

    def stands(self, terminal: str, standing: Standing) -> None:
        word = standing.word()
        if self.words[-1:] != [word]:
            self.words.append(word)

    def progress(self, terminal: str, notice: Progress) -> None:
        self.progressed.append(notice.code)

    def alert(self, code: str, details: Mapping[str, str], terminal: str | None = None) -> None:
        self.alerts.append((code, terminal))


class Desk:
    """A worker whose session answers as a test says: `answer` makes the effects of a Begin."""

    def __init__(self, journal: MemoryJournal | None = None) -> None:
        clock = LoopClock()
        self.journal = journal or MemoryJournal(clock, Random(5).randbytes)
        self.lifecycle = Lifecycle(self.journal, clock)
        self.sessions: list[ScriptedSession] = []
        self.answer: Callable[[Begin], tuple[Effect, ...]] = lambda _begin: ()
        self.ears = Ears()
        self.worker = Worker(
            "t-1",
            Standing(capabilities=CAN, currency="CAD", limits=Limits()),
            make_session=self._session,
            endpoints={},
            lifecycle=self.lifecycle,
            journal=self.journal,
            clock=clock,
            herald=self.ears,
        )
        self.lifecycle.listen(self.worker.heard)
        self.task: asyncio.Task[None] | None = None

    def _session(self) -> ScriptedSession:
        session = ScriptedSession(self._script)
        session.capabilities = CAN
        self.sessions.append(session)
        return session

    def _script(self, cause: Cause) -> tuple[Effect, ...]:
        if isinstance(cause, Greet):
            return (Tell(Status(Phase.IDLE, "idle", Peer("here"), CAN)),)
        return self.answer(cause) if isinstance(cause, Begin) else ()

    @property
    def causes(self) -> list[Cause]:
        """What the present session was told by its worker."""
        return [cause for cause in self.sessions[-1].causes if isinstance(cause, Begin | Abort | Greet)]

    @property
    def standing(self) -> Standing:
        return self.worker.standing

    async def start(self) -> None:
        self.task = asyncio.create_task(self.worker.run())
        await settle()

    async def stop(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])

    async def begin(self) -> None:
        applied = await self.lifecycle.apply(
            Admitted(
                operation_id=NAME,
                terminal="t-1",
                op="sale",
                hash="00" * 32,
                code=None,
                actor="staff-1",
                operation=SALE,
                amount=SALE.amount,
            ),
            "t-1",
        )
        assert applied.row is not None
        self.worker.begin(SALE, applied.row.attempt, 2_000.0)
        await settle()

    async def row(self) -> Row:
        row = await self.journal.read(lambda reader: reader.operation(NAME))
        assert row is not None
        return row

    async def tell(self, notice: Notice) -> None:
        """The session tells something, on the next cause."""
        session = self.sessions[-1]
        was, session.script = session.script, lambda _cause: (Tell(notice),)
        assert self.worker._pump is not None
        self.worker._pump.post(Abort("nobody's"))
        await settle()
        session.script = was


def marked(begin: Begin) -> Persist:
    return Persist(1, Mark(begin.operation.operation_id, begin.attempt.no, "committed"))


def ended(begin: Begin, outcome: Outcome) -> Persist:
    return Persist(2, Concluded(begin.operation.operation_id, begin.attempt.no, outcome))


def desk_test(main: Callable[[Desk], Awaitable[None]]) -> Callable[[], None]:
    """A test with a desk, in virtual time."""

    def test() -> None:
        async def run() -> None:
            desk = Desk()
            await main(desk)
            if desk.task is not None and not desk.task.done():
                await desk.stop()

        run_virtual(run())

    return test
