"""Abort, query, receipt, resolve: beside the terminal's work, and no operations of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocols.core.outcomes import Evidence, Unknown
from tests.support.agent_desk import Desk, approved

DOUBT = Unknown(code="link_lost", evidence=Evidence("dialogue"), ask_again_s=5.0)
HUMAN = Unknown(code="another_transaction", evidence=Evidence("last"), owner="human")


async def begun() -> tuple[Desk, str]:
    desk = Desk()
    await desk.sync()
    name = (await desk.ask("sale")).operation_id
    assert name is not None
    return desk, name


def verdict_of(word: str = "approved") -> dict[str, str]:
    return {"verdict": word, "evidence": "slip 7", "by": "staff-2", "reason": "seen on the slip"}


async def test_an_abort_is_passed_on_once_however_often_it_comes() -> None:
    desk, name = await begun()
    data = desk.data("abort", target_operation_id=name)
    replies = [await desk.send("abort", data) for _ in range(5)]
    assert {(reply.verdict, reply.code) for reply in replies} == {("accepted", "abort_asked")}
    assert desk.fleet.aborted == [("t-1", name)]
    assert (await desk.row(name)).abort_asked is not None


async def test_an_abort_reaches_an_operation_in_doubt_too() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, DOUBT)
    assert (await desk.ask("abort", target_operation_id=name)).verdict == "accepted"
    assert desk.fleet.aborted == [("t-1", name)]


async def test_what_is_over_or_with_a_human_cannot_be_stopped() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, HUMAN)
    assert (await desk.ask("abort", target_operation_id=name)).code == "not_current"
    await desk.end(name, approved(await desk.row(name)))
    reply = await desk.ask("abort", target_operation_id=name)
    assert reply.code == "not_current"
    assert reply.state is not None
    assert reply.state.state == "approved"
    assert desk.fleet.aborted == []


@pytest.mark.parametrize("op", ["abort", "query", "receipt", "resolve"])
async def test_an_unknown_target_or_one_of_another_terminal_is_told(op: str) -> None:
    desk, name = await begun()
    more = verdict_of() if op == "resolve" else {}
    unknown = await desk.ask(op, target_operation_id="01ARZ3NDEKTSV4RRFFQ69G5FAV", **more)
    elsewhere = await desk.send(op, desk.data(op, target_operation_id=name, **more), terminal="t-2")
    assert (unknown.code, elsewhere.code) == ("operation_unknown", "operation_unknown")
    assert (unknown.state, elsewhere.state) == (None, None)


@pytest.mark.parametrize("op", ["abort", "query", "receipt", "resolve"])
async def test_expired_ones_do_nothing(op: str) -> None:
    desk, name = await begun()
    more = verdict_of() if op == "resolve" else {}
    past = (desk.clock.wall() - timedelta(seconds=1)).isoformat()
    assert (await desk.ask(op, target_operation_id=name, not_after=past, **more)).code == "expired"
    assert desk.fleet.aborted == []


async def test_a_query_is_answered_from_the_journal_and_asks_the_terminal_where_it_is_owed() -> None:
    desk, name = await begun()
    reply = await desk.ask("query", target_operation_id=name)
    assert reply.verdict == "done"
    assert reply.state is not None
    assert reply.state.state == "accepted"
    assert desk.fleet.asked == []
    await desk.mark(name)
    await desk.end(name, DOUBT)
    reply = await desk.ask("query", target_operation_id=name)
    assert reply.state is not None
    assert (reply.state.state, reply.state.owner) == ("in_doubt", "agent")
    assert desk.fleet.asked == [("t-1", name)]


async def test_receipts_come_from_the_journal() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, approved(await desk.row(name)))
    reply = await desk.ask("receipt", target_operation_id=name)
    assert reply.verdict == "done"
    assert reply.state is not None
    assert reply.state.receipts == ()


async def test_a_human_decides_where_a_human_is_asked() -> None:
    desk, name = await begun()
    assert (await desk.ask("resolve", target_operation_id=name, **verdict_of())).code == "not_resolvable"
    await desk.mark(name)
    assert (await desk.ask("resolve", target_operation_id=name, **verdict_of())).code == "not_resolvable"
    await desk.end(name, HUMAN)
    data = desk.data("resolve", target_operation_id=name, **verdict_of())
    first, again = await desk.send("resolve", data), await desk.send("resolve", data)
    for reply in (first, again):
        assert reply.verdict == "done"
        assert reply.state is not None
        assert (reply.state.state, reply.state.money) == ("approved", "charged")
    other = await desk.ask("resolve", target_operation_id=name, **verdict_of("declined"))
    assert other.code == "not_resolvable"
    assert [event.fact.type for event in await desk.events()].count("corrected") == 0


async def test_a_verdict_under_an_id_that_something_else_has_is_a_conflict() -> None:
    desk, name = await begun()
    await desk.end(name, HUMAN)
    data = desk.data("resolve", target_operation_id=name, **verdict_of()) | {"operation_id": name}
    reply = await desk.send("resolve", data)
    assert (reply.verdict, reply.code) == ("conflict", "conflict")
    assert reply.state is not None
    assert (reply.state.op, reply.state.state) == ("sale", "needs_human")


async def test_what_was_heard_in_time_stays_heard_when_it_is_repeated_too_late() -> None:
    desk, name = await begun()
    await desk.mark(name)
    aborted = desk.data("abort", target_operation_id=name)
    assert (await desk.send("abort", aborted)).code == "abort_asked"
    early = desk.data("resolve", target_operation_id=name, **verdict_of("declined"))
    assert (await desk.send("resolve", early)).code == "not_resolvable"
    desk.clock.pass_time(900)
    assert (await desk.send("abort", aborted)).code == "abort_asked"
    assert desk.fleet.aborted == [("t-1", name)]
    await desk.end(name, HUMAN)
    taken = desk.data("resolve", target_operation_id=name, **verdict_of())
    assert (await desk.send("resolve", taken)).verdict == "done"
    desk.clock.pass_time(900)
    assert (await desk.send("resolve", taken)).verdict == "done"
    assert (await desk.send("resolve", early)).code == "not_resolvable"


async def test_a_verdict_that_came_too_early_stays_refused_when_it_is_repeated() -> None:
    desk, name = await begun()
    data = desk.data("resolve", target_operation_id=name, **verdict_of())
    assert (await desk.send("resolve", data)).code == "not_resolvable"
    await desk.mark(name)
    await desk.end(name, HUMAN)
    again = await desk.send("resolve", data)
    assert (again.verdict, again.code) == ("rejected", "not_resolvable")
    assert again.state is not None
    assert again.state.state == "needs_human"


async def test_a_human_may_decide_while_the_agent_still_asks() -> None:
    desk, name = await begun()
    await desk.mark(name)
    await desk.end(name, DOUBT)
    assert (await desk.ask("resolve", target_operation_id=name, **verdict_of("declined"))).verdict == "done"
    assert not (await desk.row(name)).owed
    await desk.end(name, approved(await desk.row(name)))
    assert (await desk.row(name)).state == "declined"
    assert (await desk.events())[-1].fact.type == "corrected"
