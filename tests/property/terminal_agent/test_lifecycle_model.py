"""Whatever happens in whatever order, the journal follows the table and finals stay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from protocols.core.errors import LocalError
from protocols.core.facts import Concluded, Mark, Orphan
from protocols.core.outcomes import (
    Cancelled,
    Declined,
    Evidence,
    NotStarted,
    Outcome,
    TerminalRecord,
    Unknown,
)
from protocols.core.values import Money
from terminal_agent.commands import recovery
from terminal_agent.commands.entries import AbortAsked, Entry, Escalated, Resolved
from terminal_agent.commands.moves import TABLE, word_of
from terminal_agent.journal.facts import FINAL, Row
from tests.support.agent_desk import Desk, approved

T = TypeVar("T")
SAYS = Evidence("dialogue")
OPS = ("sale", "refund", "preauth", "diagnose", "reconcile")
STAGES = ("committed", "step_done", "result_seen")
ENDS = ("approved", "declined", "cancelled", "not_started", "in_doubt", "human")


def outcome_of(end: str, row: Row) -> Outcome:
    match end:
        case "approved":
            return approved(row)
        case "declined":
            return Declined(code="declined", evidence=SAYS)
        case "cancelled":
            return Cancelled(code="reversed", evidence=SAYS, money="returned")
        case "not_started":
            return NotStarted(code="not_booked", evidence=SAYS)
        case "in_doubt":
            return Unknown(code="link_lost", evidence=SAYS)
    return Unknown(code="another_transaction", evidence=SAYS, owner="human")


class LifecycleMachine(RuleBasedStateMachine):
    """Operations of one terminal, with everything that can be said about them."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.desk = Desk()
        self.do(self.desk.sync())
        self.finals: dict[str, Row] = {}
        self.corrections = 0

    def do(self, work: Awaitable[T]) -> T:
        """Run to the end."""

        async def main() -> T:
            return await work

        return self.runner.run(main())

    def teardown(self) -> None:
        """Close the loop."""
        self.runner.close()

    @rule(target=names, op=st.sampled_from(OPS))
    def command(self, op: str) -> object:
        """A new command; the terminal takes it or says why not."""
        rows = self.open_rows()
        reply = self.do(self.desk.ask(op))
        running = [row for row in rows if row.state in ("accepted", "committed", "result_seen")]
        if running:
            assert reply.code == "terminal_busy"
        elif any(row.owed for row in rows):
            assert reply.code == "in_doubt_pending"
        elif op != "reconcile":
            assert reply.verdict == "accepted"
        if reply.verdict != "accepted":
            return multiple()
        return reply.operation_id

    @rule(name=names, stage=st.sampled_from(STAGES))
    def session_marks(self, name: str, stage: str) -> None:
        """The session wants a mark."""
        row = self.row(name)
        self.say(Mark(name, row.attempt.no, stage, {"receipt": "6"}), row)  # type: ignore[arg-type]  # one of the stages

    @rule(name=names, end=st.sampled_from(ENDS))
    def session_concludes(self, name: str, end: str) -> None:
        """The session, or a query, says what became of it."""
        row = self.row(name)
        outcome = recovery.settled_if_harmless(row.op, outcome_of(end, row))
        fact = Concluded(name, row.attempt.no, outcome)
        if row.final and word_of(fact, row) == "contradicted":
            self.corrections += 1
        self.say(fact, row)

    @rule(name=names)
    def somebody_aborts(self, name: str) -> None:
        """An abort is asked for."""
        self.say(AbortAsked(name), self.row(name))

    @rule(name=names)
    def the_agent_gives_up(self, name: str) -> None:
        """It was in doubt for too long."""
        self.say(Escalated(name), self.row(name))

    @rule(name=names, verdict=st.sampled_from(("approved", "declined", "cancelled", "not_started")))
    def a_human_decides(self, name: str, verdict: str) -> None:
        """The resolve command, which only counts where a human may decide."""
        row = self.row(name)
        reply = self.do(
            self.desk.ask(
                "resolve", target_operation_id=name, verdict=verdict, evidence="slip", by="s-2", reason="r"
            )
        )
        after = self.row(name)
        if row.state in ("in_doubt", "needs_human"):
            assert (reply.verdict, after.state) == ("done", verdict)
        else:
            assert after == row

    @rule()
    def somebody_elses_result(self) -> None:
        """A result for nobody changes no operation."""
        before = self.do(self.desk.journal.read(lambda reader: reader.newest(100)))
        self.do(self.desk.lifecycle.apply(Orphan(TerminalRecord({"receipt": "99"}, Money(1))), "t-1"))
        assert self.do(self.desk.journal.read(lambda reader: reader.newest(100))) == before

    @rule()
    def the_process_dies(self) -> None:
        """The next one begins nothing, ends what never began and doubts what had."""
        before = self.open_rows()
        self.desk = self.do(self.desk.restarted())
        self.desk.clock.pass_time(1)
        self.do(self.desk.sync())
        for row in before:
            after = self.row(row.id)
            if row.state == "accepted":
                assert (after.state, after.code) == ("not_started", "agent_restarted")
            elif row.op in recovery.HARMLESS:
                assert after.final
            else:
                assert after.state == ("needs_human" if row.state == "needs_human" else "in_doubt")
        assert self.desk.fleet.begun == []

    @invariant()
    def finals_stay(self) -> None:
        """Once final, a row never differs in anything."""
        for row in self.do(self.desk.journal.read(lambda reader: reader.newest(1000))):
            if row.final:
                assert self.finals.setdefault(row.id, row) == row
            else:
                assert row.id not in self.finals

    @invariant()
    def facts_are_gapless_and_end_where_the_rows_stand(self) -> None:
        """The last fact told of each operation is where it stands."""
        events = self.do(self.desk.events())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        told: dict[str, str] = {}
        for event in events:
            if event.fact.type == "operation" and event.fact.operation_id:
                told[event.fact.operation_id] = json.loads(event.fact.data)["state"]
        for row in self.do(self.desk.journal.read(lambda reader: reader.newest(1000))):
            if row.state != "rejected":
                assert told[row.id] == row.state
        assert [event.fact.type for event in events].count("corrected") == self.corrections

    @invariant()
    def single_flight(self) -> None:
        """At most one operation runs on a terminal, and only an open one is owed an answer."""
        rows = self.open_rows()
        assert sum(row.state in ("accepted", "committed", "result_seen") for row in rows) <= 1
        assert all(row.state in ("in_doubt", "needs_human") for row in rows if row.owed)
        assert all((row.next_check is not None) == row.owed for row in rows)

    def row(self, name: str) -> Row:
        """As the journal holds it."""
        return self.do(self.desk.row(name))

    def open_rows(self) -> tuple[Row, ...]:
        """What is open on the terminal."""
        return self.do(self.desk.journal.read(lambda reader: reader.open_operations("t-1")))

    def say(self, entry: Entry, row: Row) -> None:
        """Apply it: exactly what the table allows happens, and nothing else."""
        if isinstance(entry, Resolved):
            raise TypeError("a human speaks by command")
        word = word_of(entry, row)
        if not TABLE.allows(row.state, word):
            with pytest.raises(LocalError, match="is not allowed in"):
                self.do(self.desk.lifecycle.apply(entry, "t-1"))
            assert self.row(row.id) == row
            return
        self.do(self.desk.lifecycle.apply(entry, "t-1"))
        after = self.row(row.id)
        assert after.state == TABLE.step(row.state, word)
        if row.state in FINAL:
            assert after == row
        assert replace(after, state=row.state).created == row.created


LifecycleMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLifecycle = LifecycleMachine.TestCase
