"""Where the backend and the journal stand with each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from protocols.core.outcomes import Evidence, Unknown
from terminal_agent.cloud.outbox import Outbox
from terminal_agent.journal.codec import dump_request, load_request
from tests.support.agent_desk import Desk
from tests.support.operations import operation_id

DOUBT = Unknown(code="link_lost", evidence=Evidence("dialogue"))


def listed(desk: Desk, op: str, **fields: Any) -> dict[str, Any]:
    """An operation of an hour ago that the backend has not seen end."""
    made = operation_id(desk.clock.wall() - timedelta(hours=1), 900)
    data = desk.data(op, **{"operation_id": made, **fields})
    return {"operation_id": data["operation_id"], "terminal": "t-1", "op": op, "data": data}


async def test_a_new_journal_adopts_what_the_backend_holds_open_and_asks_the_terminal() -> None:
    desk = Desk()
    lost = listed(desk, "sale", amount_minor=4200)
    reply = await desk.sync(open_operations=[lost])
    assert reply.result is not None
    assert reply.result["operations"] == {lost["operation_id"]: "adopted"}
    row = await desk.row(lost["operation_id"])
    assert (row.state, row.owed, row.money) == ("in_doubt", True, "unknown")
    assert row.amount is not None
    assert row.amount.amount_minor == 4200
    assert desk.fleet.asked == [("t-1", row.id)]
    assert desk.journal.head.synced
    assert (await desk.ask("sale")).code == "in_doubt_pending"


async def test_the_command_itself_delivered_again_after_the_loss_never_runs() -> None:
    desk = Desk()
    lost = listed(desk, "sale")
    await desk.sync(open_operations=[lost])
    assert (await desk.send("sale", lost["data"])).verdict == "duplicate"
    assert desk.fleet.begun == []


async def test_a_card_that_was_to_be_kept_is_asked_about() -> None:
    desk = Desk()
    lost = listed(desk, "store_card", customer="c-1", purpose="recognition")
    await desk.sync(open_operations=[lost])
    kept = await desk.row(lost["operation_id"])
    assert (kept.state, kept.money) == ("in_doubt", "none")
    assert desk.fleet.asked == [(kept.terminal, kept.id)]


async def test_what_leaves_nothing_to_be_asked_for_is_over_not_in_doubt() -> None:
    desk = Desk()
    lost = listed(desk, "diagnose")
    await desk.sync(open_operations=[lost])
    assert (await desk.row(lost["operation_id"])).state == "cancelled"
    assert desk.fleet.asked == []


async def test_a_reversal_of_an_original_that_was_lost_too_is_adopted_without_keys() -> None:
    desk = Desk()
    lost = listed(desk, "reversal", original_operation_id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    await desk.sync(open_operations=[lost])
    row = await desk.row(lost["operation_id"])
    assert (row.state, row.op, row.amount) == ("in_doubt", "reversal", None)


async def test_a_synced_journal_tells_what_it_knows_and_adopts_nothing() -> None:
    desk = Desk()
    await desk.sync()
    name = (await desk.ask("sale")).operation_id
    assert name is not None
    desk.clock.pass_time(1)
    under_way = listed(desk, "sale", operation_id=operation_id(desk.clock.wall(), 901))
    row = await desk.row(name)
    its_data = {**under_way["data"], "operation_id": name}
    known = {"operation_id": name, "terminal": "t-1", "op": "sale", "data": its_data}
    reply = await desk.sync(open_operations=[known, under_way])
    assert reply.result is not None
    assert reply.result["operations"] == {name: "accepted", under_way["operation_id"]: "unknown"}
    assert await desk.row(name) == row


async def test_what_was_made_before_this_start_and_is_not_known_is_asked_about_and_never_begun() -> None:
    """A journal restored from a copy cannot tell it from what it has done and forgotten."""
    desk = Desk()
    await desk.sync()
    await desk.done("sale")
    copy = await desk.restarted()
    copy.clock.pass_time(5)
    lost = listed(desk, "sale")
    name = lost["operation_id"]
    assert await copy.send_early("sale", lost["data"]) is None
    await copy.sync(epoch=copy.journal.head.epoch, seq=copy.journal.head.last_seq, open_operations=[lost])
    assert (await copy.row(name)).state == "in_doubt"
    assert (await copy.send("sale", lost["data"])).verdict == "duplicate"
    assert copy.fleet.begun == []
    assert copy.fleet.asked == [("t-1", name)]


async def test_a_sync_that_was_long_under_way_adopts_what_was_made_before_the_start() -> None:
    desk = Desk()
    await desk.sync()
    made = operation_id(desk.clock.wall(), 902)
    desk.clock.pass_time(5)
    copy = await desk.restarted()
    born = copy.clock.wall()
    copy.clock.pass_time(20)
    lost = listed(desk, "sale", operation_id=made)
    await copy.sync(time=born.isoformat(), open_operations=[lost])
    assert (await copy.row(made)).state == "in_doubt"


async def test_the_backend_is_met_only_once_all_that_it_lists_is_taken_in() -> None:
    """A command among it that is delivered again meanwhile must not be decided as a new one."""
    desk = Desk()
    known: list[int | None] = []
    desk.fleet.ask = lambda _terminal, _name: known.append(desk.journal.head.known_seq)  # type: ignore[assignment, method-assign]  # the test looks on
    await desk.sync(open_operations=[listed(desk, "sale")])
    assert known == [0]
    assert desk.journal.head.known_seq is None


async def test_what_answers_an_earlier_birth_is_refused_and_counts_for_nothing() -> None:
    desk = Desk()
    await desk.sync()
    again = await desk.restarted()
    late = await again.sync(boot=desk.journal.head.boot)
    assert (late.verdict, late.code) == ("rejected", "sync_outdated")
    assert again.journal.head.known_seq is not None
    assert (await again.sync(boot=again.journal.head.boot)).verdict == "done"
    assert again.journal.head.known_seq is None


async def test_sync_twice_is_once() -> None:
    desk = Desk()
    lost = listed(desk, "sale")
    await desk.sync(open_operations=[lost])
    before = desk.journal.head
    reply = await desk.sync(open_operations=[lost])
    assert reply.result is not None
    assert reply.result["operations"] == {lost["operation_id"]: "in_doubt"}
    assert desk.journal.head == before


async def test_what_is_told_of_the_agent_is_looked_at_again_after_a_sync(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved: list[bool] = []
    monkeypatch.setattr(Outbox, "wake", lambda _outbox: moved.append(True))
    desk = Desk()
    await desk.sync()
    assert moved == [True]


async def test_sync_is_an_acknowledgement_too() -> None:
    desk = Desk()
    await desk.sync()
    await desk.ask("sale")
    await desk.sync(epoch=desk.journal.head.epoch, seq=1)
    assert desk.journal.head.acked_seq == 1
    assert desk.alerts == []


async def test_an_older_copy_goes_on_under_a_new_epoch_and_adopts() -> None:
    desk = Desk()
    await desk.sync()
    await desk.done("sale")
    old = desk.journal.head
    copy = await desk.restarted()
    lost = listed(desk, "sale")
    desk.clock.pass_time(5)
    await copy.sync(epoch=old.epoch, seq=old.last_seq + 2, open_operations=[lost])
    assert copy.journal.head.epoch != old.epoch
    assert copy.journal.head.synced
    assert (await copy.row(lost["operation_id"])).state == "in_doubt"
    assert [code for code, _ in copy.alerts] == ["journal_new"]
    assert [event.seq for event in await copy.events()] == list(range(1, copy.journal.head.last_seq + 1))


async def test_a_copy_of_an_earlier_epoch_is_older_and_a_later_epoch_of_ours_is_merely_news() -> None:
    desk = Desk()
    await desk.sync()
    ours = desk.journal.head.epoch
    await desk.sync(epoch=operation_id(desk.clock.wall() - timedelta(days=1)), seq=99)
    assert desk.journal.head.epoch == ours
    later = operation_id(desk.clock.wall() + timedelta(seconds=1))
    await desk.sync(epoch=later, seq=3)
    renewed = desk.journal.head.epoch
    assert renewed > later
    await desk.sync(epoch=later, seq=3)
    assert desk.journal.head.epoch == renewed


async def test_after_a_copy_was_found_out_no_money_moves_until_the_next_sync_is_done() -> None:
    desk = Desk()
    await desk.sync()
    await desk.ack(desk.journal.head.epoch, desk.journal.head.last_seq + 1)
    assert [code for code, _ in desk.alerts] == ["ack_refused", "journal_new"]
    assert (await desk.ask("sale")).code == "journal_new"
    desk.clock.pass_time(1)
    await desk.sync()
    assert (await desk.ask("sale")).verdict == "accepted"


async def test_what_is_listed_of_a_terminal_that_is_not_here_is_for_a_human_at_once() -> None:
    """There is nobody who could be asked."""
    desk = Desk()
    lost = {**listed(desk, "sale", amount_minor=4200), "terminal": "t-9"}
    reply = await desk.sync(open_operations=[lost])
    assert reply.result is not None
    assert reply.result["operations"] == {lost["operation_id"]: "adopted"}
    row = await desk.row(lost["operation_id"])
    assert (row.state, row.code, row.money) == ("needs_human", "terminal_unknown", "unknown")
    assert desk.fleet.asked == []


@pytest.mark.parametrize("op", ["reversal", "refund", "capture"])
@pytest.mark.parametrize("of", ["reconcile", "diagnose", "store_card"])
async def test_what_is_adopted_with_an_original_that_is_none_can_be_read_again(op: str, of: str) -> None:
    """Admission would have refused it, but what is listed may have run under a lost journal."""
    desk = Desk()
    await desk.sync()
    more = {"customer": "c-1", "purpose": "recognition"} if of == "store_card" else {}
    named = (await desk.done(of, **more)).operation_id
    desk.clock.pass_time(1)
    data = desk.data(op, original_operation_id=named)
    desk.clock.pass_time(1)
    desk = await desk.restarted()
    entry = {"operation_id": data["operation_id"], "terminal": "t-1", "op": op, "data": data}
    reply = await desk.sync(open_operations=[entry])
    assert reply.result is not None
    assert reply.result["operations"] == {data["operation_id"]: "adopted"}
    row = await desk.row(data["operation_id"])
    assert row.operation is not None
    assert load_request(op, dump_request(row.operation)) == row.operation


async def test_a_journal_is_not_born_at_a_wrong_time() -> None:
    """Ids made before its birth are refused for good."""
    desk = Desk()
    lost = listed(desk, "sale", amount_minor=4200)
    wrong = desk.clock.wall() + timedelta(hours=5)
    reply = await desk.sync(time=wrong.isoformat(), open_operations=[lost])
    assert reply.result is not None
    assert reply.result["operations"] == {lost["operation_id"]: "adopted"}
    synced = [desk.journal.head.synced]
    desk.clock.pass_time(601)
    await desk.sync()
    assert [*synced, desk.journal.head.synced] == [False, True]
    assert desk.journal.head.born < wrong


async def test_what_was_taken_once_and_is_not_known_any_more_is_adopted() -> None:
    """The newest entries were lost, and with them what no fact had told: only the reply had."""
    desk = Desk()
    await desk.sync()
    lost = {**listed(desk, "sale"), "accepted": True}
    reply = await desk.sync(open_operations=[lost])
    assert reply.result is not None
    assert reply.result["operations"] == {lost["operation_id"]: "adopted"}
    assert (await desk.row(lost["operation_id"])).state == "in_doubt"
