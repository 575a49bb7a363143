"""However often a command is delivered, across restarts and a lost journal, it begins at most once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocols.core.outcomes import Declined, Evidence, NotStarted
from tests.support.agent_desk import Desk, approved
from tests.support.clock import FakeClock

COMMANDS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(0, COMMANDS - 1)),
        st.tuples(st.just("make"), st.integers(0, COMMANDS - 1)),
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.sampled_from(["approve", "decline", "find_nothing"]), st.just(0)),
        st.tuples(st.sampled_from(["restart", "lose_journal", "sync", "wait"]), st.just(0)),
    ),
    max_size=40,
)


class World:
    """A backend that repeats itself, and an agent that dies, forgets and is told again."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.desk = Desk(self.clock)
        self.commands: dict[int, dict[str, Any]] = {}
        self.begun: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.ended: set[str] = set()

    async def step(self, what: str, which: int) -> None:
        """One thing that happens."""
        match what:
            case "make":
                self.commands.setdefault(which, self.desk.data("sale"))
            case "deliver" if which in self.commands:
                await self.deliver(self.commands[which])
            case "commit":
                await self.commit()
            case "approve" | "decline" | "find_nothing":
                await self.end(what)
            case "restart":
                self.next_process(await self.desk.restarted())
            case "lose_journal":
                self.clock.pass_time(1)
                self.next_process(Desk(self.clock))
            case "sync":
                await self.sync()
            case "wait":
                self.clock.pass_time(2)

    async def deliver(self, data: dict[str, Any]) -> None:
        """The broker delivers; what the agent began is counted by id."""
        before = len(self.desk.fleet.begun)
        reply = await self.desk.send_early("sale", data)
        new = self.desk.fleet.begun[before:]
        assert len(new) == (reply is not None and reply.verdict == "accepted")
        for _, operation, _, _ in new:
            self.begun[operation.operation_id] += 1

    async def commit(self) -> None:
        """The session marks, and the first byte with an effect leaves."""
        for row in await self.desk.journal.read(lambda reader: reader.open_operations()):
            if row.state == "accepted":
                await self.desk.mark(row.id)
                self.effects[row.id] += 1

    async def end(self, what: str) -> None:
        """The terminal, or a query, gives an answer."""
        for row in await self.desk.journal.read(lambda reader: reader.open_operations()):
            if row.state == "accepted":
                continue
            if what == "approve" and self.effects[row.id]:
                await self.desk.end(row.id, approved(row))
            elif what == "decline":
                await self.desk.end(row.id, Declined(code="declined", evidence=Evidence("last")))
            else:
                await self.desk.end(row.id, NotStarted(code="not_booked", evidence=Evidence("last")))
            self.ended.add(row.id)

    async def sync(self) -> None:
        """The backend tells what it has not seen end."""
        held = [
            {"operation_id": data["operation_id"], "terminal": "t-1", "op": "sale", "data": data}
            for data in self.commands.values()
            if data["operation_id"] not in self.ended
        ]
        await self.desk.sync(open_operations=held)

    def next_process(self, desk: Desk) -> None:
        """The ids that the test makes go on; the agent knows nothing of it."""
        desk._ids = self.desk._ids + 1
        self.desk = desk


def in_order(*words: str) -> list[tuple[str, int]]:
    """Steps on the first command."""
    return [(word, 0) for word in words]


@settings(max_examples=300, deadline=None)
@given(STEPS)
@example(in_order("make", "deliver", "commit", "approve", "lose_journal", "sync", "wait", "deliver"))
@example(in_order("make", "deliver", "commit", "lose_journal", "wait", "deliver", "sync", "deliver"))
@example(in_order("make", "deliver", "restart", "sync", "deliver", "commit"))
@example(in_order("make", "deliver", "commit", "decline", "restart", "deliver", "sync", "deliver"))
def test_a_command_begins_at_most_once(steps: list[tuple[str, int]]) -> None:
    async def main() -> World:
        world = World()
        for what, which in [("sync", 0), *steps]:
            await world.step(what, which)
        for _ in range(2):
            for data in world.commands.values():
                await world.deliver(data)
        return world

    world = asyncio.run(main())
    assert all(count <= 1 for count in world.begun.values())
    assert all(count <= 1 for count in world.effects.values())


def test_the_world_does_begin_commands() -> None:
    async def main() -> World:
        world = World()
        for step in ("sync", "make", "deliver", "deliver", "commit", "approve", "restart", "sync", "deliver"):
            await world.step(step, 0)
        return world

    world = asyncio.run(main())
    assert list(world.begun.values()) == [1]
    assert list(world.effects.values()) == [1]


def test_a_journal_deleted_between_two_deliveries_charges_once() -> None:
    async def main() -> World:
        world = World()
        for step in ("sync", "make", "deliver", "commit", "lose_journal", "deliver", "sync", "deliver"):
            await world.step(step, 0)
        return world

    world = asyncio.run(main())
    assert list(world.begun.values()) == [1]
    assert list(world.effects.values()) == [1]
