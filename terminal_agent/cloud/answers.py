"""Commands that are answered beside the terminal's work: abort, query, receipt, resolve.

Each names a target. None of them is an operation of its own: to repeat one does nothing more than the first.
A verdict that was refused is noted under its id, so that it stays refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.contract import commands
from protocols.contract.parsing import Command
from protocols.contract.replies import Reply
from protocols.contract.wording import words
from terminal_agent.clock import BackendTime, Clock
from terminal_agent.cloud.ports import Fleet
from terminal_agent.commands.entries import AbortAsked, Admitted, Entry, Resolved
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.commands.report import view_of
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Reader

_ASKABLE = frozenset({"in_doubt", "needs_human"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a verdict with its code. `row` is the target as it was before `entry` is written."""

    verdict: str
    code: str
    row: Row | None = None
    entry: Entry | None = None


class Answers:
    """Looks at the target, writes what is to be written, and asks the fleet for the rest."""

    def __init__(self, lifecycle: Lifecycle, fleet: Fleet, backend_time: BackendTime, clock: Clock) -> None:
        self._lifecycle = lifecycle
        self._fleet = fleet
        self._backend_time = backend_time
        self._clock = clock

    async def answer(self, command: Command, terminal: str) -> Reply:
        """The one reply."""
        expired = self._expired(command)
        answer, applied = await self._lifecycle.decide(
            lambda reader: _in_time(command, _look(command, terminal, reader), expired=expired),
            terminal,
        )
        row = applied.row if applied and applied.row and answer.verdict != "rejected" else answer.row
        if row is not None:
            self._follow_up(command, answer, row)
        return Reply(
            operation_id=command.body.operation_id,
            op=command.op,
            terminal=terminal,
            verdict=answer.verdict,
            code=answer.code,
            text=words(answer.code, state="rejected" if answer.verdict == "rejected" else None),
            state=view_of(row) if row is not None else None,
            at=self._clock.wall(),
        )

    def _follow_up(self, command: Command, answer: Answer, row: Row) -> None:
        """What the fleet has to do. An abort is passed on once, however often it is repeated."""
        if isinstance(answer.entry, AbortAsked):
            self._fleet.abort(row.terminal, row.id)
        if isinstance(command.body, commands.Query) and row.owed:
            self._fleet.ask(row.terminal, row.id)

    def _expired(self, command: Command) -> bool:
        now, until = self._backend_time.now(), command.body.not_after
        return now is not None and until is not None and until <= now


def _in_time(command: Command, answer: Answer, *, expired: bool) -> Answer:
    """Nothing is done or told after its time; but a verdict or an abort that was heard in time stays heard,
    when it is repeated because the reply was lost."""
    repeats = isinstance(command.body, commands.Abort | commands.Resolve) and answer.entry is None
    return Answer("rejected", "expired") if expired and not repeats else answer


def _look(command: Command, terminal: str, reader: Reader) -> Answer:
    body = command.body
    if not isinstance(body, commands.Abort | commands.Query | commands.Receipt | commands.Resolve):
        return Answer("rejected", "unsupported")
    row = reader.operation(body.target_operation_id)
    if row is not None and row.terminal != terminal:
        row = None
    if isinstance(body, commands.Resolve):
        return _refused_before(command, terminal, row, reader) or _resolve(command, body, terminal, row)
    if row is None:
        return Answer("rejected", "operation_unknown")
    if isinstance(body, commands.Abort):
        return _abort(row)
    return Answer("done", "done", row)


def _abort(row: Row) -> Answer:
    if row.final or row.state == "needs_human":
        return Answer("rejected", "not_current", row)
    return Answer("accepted", "abort_asked", row, None if row.abort_asked else AbortAsked(row.id))


def _refused_before(command: Command, terminal: str, row: Row | None, reader: Reader) -> Answer | None:
    """What a verdict was told before. One that came too early must not be taken when it is repeated: what it
    says was seen before there was anything to see."""
    known = reader.operation(command.body.operation_id)
    if known is None:
        return None
    same = (known.hash, known.terminal, known.op) == (command.content_hash, terminal, command.op)
    if not same:
        return Answer("conflict", "conflict", known)
    return Answer("rejected", known.code or "not_resolvable", row)


def _resolve(command: Command, body: commands.Resolve, terminal: str, row: Row | None) -> Answer:
    if row is None:
        return Answer(
            "rejected", "operation_unknown", None, _refused(command, body, terminal, "operation_unknown")
        )
    if row.state in _ASKABLE:
        verdict = Resolved(row.id, body.verdict, body.by, body.evidence, body.reason)
        return Answer("done", "done", row, verdict)
    told = row.outcome.evidence.source if row.outcome else None
    if told == "human" and row.state == body.verdict:
        return Answer("done", "done", row)
    return Answer("rejected", "not_resolvable", row, _refused(command, body, terminal, "not_resolvable"))


def _refused(command: Command, body: commands.Resolve, terminal: str, code: str) -> Admitted:
    return Admitted(
        operation_id=body.operation_id,
        terminal=terminal,
        op=command.op,
        hash=command.content_hash,
        code=code,
        actor=body.actor,
        locale=body.locale,
    )
