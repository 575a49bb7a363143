"""What the lifecycle does is counted, each thing once."""

from __future__ import annotations

from protocols.core.facts import Concluded, Orphan
from protocols.core.outcomes import Declined, Evidence, TerminalRecord, Unknown
from terminal_agent.observability.counters import Counters
from terminal_agent.observability.tallies import Tallies
from tests.support.agent_desk import Desk, approved

DOUBT = Unknown(code="link_lost", evidence=Evidence("dialogue"))


class Counted(Desk):
    """A desk whose lifecycle is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counters = Counters()
        self.lifecycle.listen(Tallies(self.counters).heard)

    async def begun(self) -> str:
        """A sale that is committed."""
        reply = await self.ask("sale")
        assert reply.operation_id is not None
        await self.mark(reply.operation_id)
        return reply.operation_id

    def of(self, name: str) -> int:
        """One count of t-1."""
        return self.counters.of("t-1").get(name, 0)


async def synced() -> Counted:
    desk = Counted()
    await desk.sync()
    return desk


async def test_taken_and_refused_commands() -> None:
    desk = await synced()
    await desk.begun()
    await desk.ask("sale", amount_minor=1, currency="USD")
    assert (desk.of("accepted"), desk.of("rejected")) == (1, 1)


async def test_ends_and_how_long_they_took() -> None:
    desk = await synced()
    name = await desk.begun()
    desk.clock.pass_time(4)
    await desk.end(name, approved(await desk.row(name)))
    assert (desk.of("approved"), desk.of("outcome_le_5000_ms"), desk.of("recoveries")) == (1, 1, 0)
    await desk.end(name, Declined(code="declined", evidence=Evidence("last")))  # corrects nothing here
    assert (desk.of("approved"), desk.of("declined")) == (1, 0)


async def test_a_doubt_counts_once_however_often_it_is_asked_about() -> None:
    desk = await synced()
    name = await desk.begun()
    for _ in range(5):
        await desk.end(name, DOUBT)
        desk.clock.pass_time(60)
    assert (desk.of("in_doubt"), desk.of("needs_human")) == (1, 0)
    human = Unknown(code="another_transaction", owner="human", evidence=Evidence("last"))
    for _ in range(3):
        await desk.end(name, human)
    assert (desk.of("in_doubt"), desk.of("needs_human")) == (1, 1)
    await desk.end(name, approved(await desk.row(name)))
    assert (desk.of("approved"), desk.of("recoveries")) == (1, 1)


async def test_marks_are_no_ends() -> None:
    desk = await synced()
    name = await desk.begun()
    await desk.mark(name, "result_seen")
    assert set(desk.counters.of("t-1")) == {"accepted"}


async def test_results_for_nobody() -> None:
    desk = await synced()
    await desk.lifecycle.apply(Orphan(TerminalRecord({"receipt": "0042"})), "t-1")
    assert desk.of("orphans") == 1
    assert desk.counters.of("t-2") == {}


async def test_a_conclusion_without_a_mark_counts_too() -> None:
    desk = await synced()
    reply = await desk.ask("sale")
    assert reply.operation_id is not None
    row = await desk.row(reply.operation_id)
    await desk.lifecycle.apply(Concluded(row.id, row.attempt.no, DOUBT), "t-1")
    assert desk.of("in_doubt") == 1
