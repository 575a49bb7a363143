"""Every answer of admission, and the order in which they are given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from protocols.core.operations import Capture, Reversal
from protocols.core.outcomes import Declined, Evidence, Unknown
from protocols.core.values import Money
from terminal_agent.commands.checks import CHECKS
from terminal_agent.commands.situation import Limits
from terminal_agent.journal.facts import Space
from tests.support.agent_desk import ALL, ZVT_LIKE, Desk

DOUBT = Unknown(code="link_lost", evidence=Evidence("dialogue"))
CONSENT = {"text_id": "t", "version": "1", "language": "fr", "given": "on_paper"}


async def synced() -> Desk:
    desk = Desk()
    await desk.sync()
    return desk


def cut(**fields: Any) -> Callable[[Desk], None]:
    """A change of what is known of the terminal."""
    return lambda desk: desk.change_terminal(**fields)


def without(op: str) -> Callable[[Desk], None]:
    return cut(capabilities=type(ZVT_LIKE)(operations=ALL - {op}, token_kind="chargeable"))


def no_clock(desk: Desk) -> None:
    desk.clock.jump(3600)


def no_disk(desk: Desk) -> None:
    desk.journal.space_now = Space(10, 100, reserve_held=True)


def no_reserve(desk: Desk) -> None:
    desk.journal.space_now = Space(1000, 100, reserve_held=False)


def stop(desk: Desk) -> None:
    desk.stopping = True


def no_terminal(desk: Desk) -> None:
    desk.fleet.terminals.clear()


STORE: dict[str, Any] = {"customer": "c-1", "purpose": "appointment", "consent": CONSENT}
RECOGNISING = type(ZVT_LIKE)(operations=ALL, token_kind="recognition")
KEYED = type(ZVT_LIKE)(operations=ALL, token_kind="chargeable", entry_modes=("keyed",))
CASES: list[tuple[str, Callable[[Desk], None], str, dict[str, Any], str | None]] = [
    ("clock_untrusted", no_clock, "sale", {}, None),
    ("shutting_down", stop, "sale", {}, None),
    ("disk_low", no_disk, "sale", {}, None),
    ("disk_low", no_reserve, "sale", {}, None),
    ("terminal_unknown", no_terminal, "sale", {}, None),
    ("unsupported", without("refund"), "refund", {}, None),
    ("unsupported", cut(capabilities=KEYED), "store_card", STORE, "data.entry_modes"),
    ("not_chargeable", cut(capabilities=RECOGNISING), "store_card", STORE, None),
    ("consent_missing", cut(), "store_card", {**STORE, "consent": None}, "data.consent"),
    ("currency_mismatch", cut(), "sale", {"currency": "EUR"}, "data.currency"),
    ("original_unknown", cut(), "reversal", {"original_operation_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, None),
    ("limit_exceeded", cut(limits=Limits(largest_sale_minor=999)), "sale", {}, "data.amount_minor"),
    ("limit_exceeded", cut(limits=Limits(largest_sale_minor=999)), "preauth", {}, "data.amount_minor"),
    ("limit_exceeded", cut(limits=Limits(largest_refund_minor=0)), "refund", {}, "data.amount_minor"),
    ("terminal_unfit", cut(fit=False), "sale", {}, None),
    ("terminal_offline", cut(online=False), "sale", {}, None),
    ("terminal_busy", cut(busy=True, holder="staff-9"), "sale", {}, None),
]


@pytest.mark.parametrize(("code", "change", "op", "fields", "path"), CASES)
async def test_each_reason_is_told_journaled_and_final(
    code: str, change: Callable[[Desk], None], op: str, fields: dict[str, Any], path: str | None
) -> None:
    desk = await synced()
    change(desk)
    data = desk.data(op, **fields)
    reply = await desk.send(op, data)
    assert (reply.verdict, reply.code) == ("rejected", code)
    if path:
        assert reply.path == path
    assert reply.text.fr != reply.text.en
    row = await desk.row(data["operation_id"])
    assert (row.state, row.code, row.operation) == ("rejected", code, None)
    desk.fleet.terminals = Desk().fleet.terminals
    again = await desk.send(op, data)
    assert again.verdict == "duplicate"
    assert again.state is not None
    assert (again.state.state, again.state.code) == ("rejected", code)
    assert desk.fleet.begun == []


async def test_what_is_right_is_accepted_begun_and_told_once() -> None:
    desk = await synced()
    data = desk.data("sale")
    reply = await desk.send("sale", data)
    assert (reply.verdict, reply.code) == ("accepted", "accepted")
    assert reply.state is not None
    assert (reply.state.state, reply.state.actor) == ("accepted", "staff-1")
    (begun,) = desk.fleet.begun
    row = await desk.row(data["operation_id"])
    assert begun[:3] == ("t-1", row.operation, row.attempt)
    assert begun[3] == pytest.approx(desk.clock.monotonic() + 60)


async def test_nothing_is_trusted_before_the_backend_was_heard() -> None:
    desk = Desk()
    desk.clock.pass_time(1)
    assert (await desk.ask("sale")).code == "clock_untrusted"


async def test_an_expired_command_never_runs_by_the_backends_clock() -> None:
    desk = Desk()
    behind_s = 4
    await desk.sync(time=(desk.clock.wall() + timedelta(seconds=behind_s)).isoformat())
    desk.clock.pass_time(10)
    moment = desk.clock.wall()
    late = await desk.ask("sale", not_after=(moment + timedelta(seconds=behind_s)).isoformat())
    in_time = await desk.ask("sale", not_after=(moment + timedelta(seconds=behind_s + 1)).isoformat())
    assert (late.code, in_time.code) == ("expired", "accepted")
    assert desk.fleet.begun[0][3] == pytest.approx(desk.clock.monotonic() + 1)


async def test_a_known_id_is_answered_even_after_its_expiry_and_other_content_is_a_conflict() -> None:
    desk = await synced()
    data = desk.data("sale")
    await desk.send("sale", data)
    desk.clock.pass_time(500)
    assert (await desk.send("sale", data)).verdict == "duplicate"
    assert (await desk.send("sale", {**data, "amount_minor": 1})).verdict == "conflict"
    assert (await desk.send("preauth", data)).verdict == "conflict"
    assert (await desk.send("sale", data, terminal="t-2")).verdict == "conflict"
    assert len(desk.fleet.begun) == 1


async def test_a_busy_terminal_names_who_holds_it() -> None:
    desk = await synced()
    await desk.ask("sale", actor="staff-7")
    reply = await desk.ask("sale")
    assert (reply.code, reply.holder) == ("terminal_busy", "staff-7")
    assert "staff-7" in reply.text.fr


async def test_while_a_query_is_owed_the_terminal_takes_nothing_unless_it_is_asked_by_id() -> None:
    desk = await synced()
    name = (await desk.ask("sale")).operation_id
    assert name is not None
    await desk.mark(name)
    await desk.end(name, DOUBT)
    assert (await desk.ask("sale")).code == "in_doubt_pending"
    assert (await desk.ask("store_card", **STORE)).code == "in_doubt_pending"
    by_id = type(ZVT_LIKE)(operations=ALL, recovery="by_id", token_kind="chargeable")
    desk.change_terminal(capabilities=by_id, busy=True)
    assert (await desk.ask("sale")).code == "in_doubt_pending"
    desk.change_terminal(busy=False)
    assert (await desk.ask("reconcile")).code == "in_doubt_pending"
    assert (await desk.ask("sale")).code == "accepted"


async def test_a_refund_is_never_above_what_is_left_of_its_original() -> None:
    desk = await synced()
    paid = (await desk.done("sale", amount_minor=1000)).operation_id
    assert (await desk.done("refund", amount_minor=600, original_operation_id=paid)).verdict == "accepted"
    above = await desk.ask("refund", amount_minor=401, original_operation_id=paid)
    assert (above.code, above.path) == ("limit_exceeded", "data.amount_minor")
    last = (await desk.ask("refund", amount_minor=400, original_operation_id=paid)).operation_id
    assert last is not None
    await desk.mark(last)
    await desk.end(last, Declined(code="declined", evidence=Evidence("dialogue")))
    assert (await desk.ask("refund", amount_minor=400, original_operation_id=paid)).verdict == "accepted"


async def test_a_refund_in_doubt_counts_as_given() -> None:
    desk = await synced()
    paid = (await desk.done("sale", amount_minor=1000)).operation_id
    doubtful = (await desk.ask("refund", amount_minor=700, original_operation_id=paid)).operation_id
    assert doubtful is not None
    await desk.mark(doubtful)
    await desk.end(doubtful, Unknown(code="x", evidence=Evidence("last"), owner="human"))
    assert (await desk.ask("refund", amount_minor=400, original_operation_id=paid)).code == "limit_exceeded"


async def test_while_a_refund_is_asked_about_by_id_nothing_more_is_done_to_its_original() -> None:
    """A vault keeps both under the original's order: it would tell the second as the first."""
    desk = await synced()
    by_id = type(ZVT_LIKE)(operations=ALL, recovery="by_id", token_kind="chargeable")
    desk.change_terminal(capabilities=by_id)
    paid = (await desk.done("sale", amount_minor=1000)).operation_id
    doubtful = (await desk.ask("refund", amount_minor=300, original_operation_id=paid)).operation_id
    assert doubtful is not None
    await desk.mark(doubtful)
    await desk.end(doubtful, Unknown(code="x", evidence=Evidence("by_id")))
    again = await desk.ask("refund", amount_minor=300, original_operation_id=paid)
    assert (again.code, again.path) == ("in_doubt_pending", "data.original_operation_id")
    assert (await desk.done("sale")).verdict == "accepted"
    await desk.end(doubtful, Declined(code="declined", evidence=Evidence("by_id")))
    assert (await desk.ask("refund", amount_minor=300, original_operation_id=paid)).verdict == "accepted"


async def test_an_original_is_undone_once_on_its_own_terminal_and_only_while_it_stands() -> None:
    desk = await synced()
    desk.fleet.terminals["t-2"] = desk.fleet.terminals["t-1"]
    paid = (await desk.done("sale", amount_minor=1000)).operation_id
    elsewhere = await desk.ask("reversal", terminal="t-2", original_operation_id=paid)
    assert (elsewhere.code, elsewhere.path) == ("original_unknown", "data.original_operation_id")
    assert (await desk.done("reversal", original_operation_id=paid)).verdict == "accepted"
    operation = desk.fleet.begun[-1][1]
    assert isinstance(operation, Reversal)
    assert (operation.original.kind, operation.original.amount) == ("sale", Money(1000))
    assert operation.original.keys == {"receipt": "0007"}
    assert (await desk.ask("reversal", original_operation_id=paid)).code == "original_not_open"
    assert (await desk.ask("refund", original_operation_id=paid)).code == "original_not_open"
    refused = (await desk.ask("sale")).operation_id
    assert refused is not None
    await desk.end(refused, Declined(code="declined", evidence=Evidence("dialogue")))
    assert (await desk.ask("reversal", original_operation_id=refused)).code == "original_not_open"


async def test_a_refunded_payment_is_not_reversed_too() -> None:
    desk = await synced()
    paid = (await desk.done("sale", amount_minor=1000)).operation_id
    await desk.done("refund", amount_minor=1, original_operation_id=paid)
    assert (await desk.ask("reversal", original_operation_id=paid)).code == "original_not_open"


async def test_a_hold_is_captured_once_and_not_above_itself_or_released() -> None:
    desk = await synced()
    held = (await desk.done("preauth", amount_minor=1000)).operation_id
    assert (await desk.ask("refund", original_operation_id=held)).code == "original_unknown"
    above = await desk.ask("capture", original_operation_id=held, amount_minor=1001)
    assert above.code == "limit_exceeded"
    await desk.done("capture", original_operation_id=held, amount_minor=900)
    operation = desk.fleet.begun[-1][1]
    assert isinstance(operation, Capture)
    assert (operation.amount, operation.original.kind) == (Money(900), "preauth")
    assert (await desk.ask("capture", original_operation_id=held)).code == "original_not_open"
    assert (await desk.ask("reversal", original_operation_id=held)).code == "original_not_open"
    other = (await desk.done("preauth", amount_minor=500)).operation_id
    assert (await desk.done("capture", original_operation_id=other)).verdict == "accepted"
    operation = desk.fleet.begun[-1][1]
    assert isinstance(operation, Capture)
    assert operation.amount == Money(500)


async def test_refunds_are_limited_by_number_and_sum_over_the_last_day() -> None:
    desk = await synced()
    desk.change_terminal(limits=Limits(refunds_per_day=2, refund_total_per_day_minor=1500))
    await desk.done("refund", amount_minor=1000)
    assert (await desk.ask("refund", amount_minor=501)).code == "limit_exceeded"
    await desk.done("refund", amount_minor=500)
    assert (await desk.ask("refund", amount_minor=1)).code == "limit_exceeded"
    desk.clock.pass_time(24 * 3600 + 1)
    await desk.sync()
    assert (await desk.ask("refund", amount_minor=1500)).verdict == "accepted"


async def test_a_refund_that_came_to_nothing_does_not_count() -> None:
    desk = await synced()
    desk.change_terminal(limits=Limits(refunds_per_day=1))
    name = (await desk.ask("refund")).operation_id
    assert name is not None
    await desk.mark(name)
    await desk.end(name, Declined(code="declined", evidence=Evidence("dialogue")))
    assert (await desk.ask("refund")).verdict == "accepted"


async def test_a_new_journal_takes_no_money_until_the_backend_has_told_what_is_open() -> None:
    desk = Desk()
    await desk.ack(desk.journal.head.epoch, 0)
    desk.clock.pass_time(1)
    assert (await desk.ask("sale")).code == "journal_new"
    await desk.sync()
    assert (await desk.ask("sale")).verdict == "accepted"


async def test_an_id_older_than_the_journal_may_have_run_under_the_lost_one() -> None:
    desk = await synced()
    before = desk.new_id(desk.journal.head.born - timedelta(milliseconds=1))
    assert (await desk.ask("sale", operation_id=before)).code == "journal_new"
    after = desk.new_id(desk.journal.head.born + timedelta(milliseconds=200))
    assert (await desk.ask("sale", operation_id=after)).verdict == "accepted"


async def test_an_id_that_is_not_made_of_the_time_is_judged_by_its_issue() -> None:
    desk = await synced()
    born = desk.journal.head.born
    made_up = desk.new_id(born - timedelta(days=400))
    assert (await desk.ask("sale", operation_id=made_up)).verdict == "accepted"
    desk = await synced()
    issued = (desk.journal.head.born - timedelta(seconds=1)).isoformat()
    assert (await desk.ask("sale", operation_id=made_up, issued_at=issued)).code == "journal_new"


@pytest.mark.parametrize(("made_s", "code"), [(3.0, "journal_new"), (4.0, "accepted")])
async def test_a_journal_counts_as_born_when_the_backend_let_it_take_money(made_s: float, code: str) -> None:
    """By the backend's clock: its own may have been wrong when the file was made."""
    desk = Desk()
    said = desk.clock.wall() + timedelta(seconds=4)
    name = desk.new_id(said - timedelta(seconds=4 - made_s))
    await desk.sync(time=said.isoformat())
    assert desk.journal.head.born == said
    assert (await desk.ask("sale", operation_id=name)).code == code


def test_the_checks_are_asked_in_the_stated_order() -> None:
    names = [check.__name__.strip("_") for check in CHECKS]
    assert names == [
        *("expired", "clock", "stopping", "journal_new", "disk", "terminal_known", "supported"),
        *("chargeable", "consent", "currency", "original", "limits", "online", "idle", "no_doubt"),
    ]


async def test_malformed_messages_are_final_for_their_id_too() -> None:
    desk = await synced()
    data = desk.data("sale", amount_minor="12")
    first = await desk.send("sale", data)
    assert (first.verdict, first.code, first.path) == ("rejected", "schema_invalid", "data.amount_minor")
    assert (await desk.send("sale", data)).verdict == "duplicate"
    assert (await desk.send("sale", {**data, "amount_minor": 12})).verdict == "conflict"


async def test_a_card_number_is_refused_and_nowhere_kept() -> None:
    desk = await synced()
    data = {**desk.data("sale"), "actor": "4242 4242 4242 4242"}
    reply = await desk.send("sale", data)
    assert (reply.code, reply.path) == ("schema_invalid", "data.actor")
    row = await desk.row(data["operation_id"])
    assert "4242" not in repr(row)
    assert all("4242" not in message.payload.decode() for message in desk.publisher.sent)


async def test_without_an_id_there_is_an_answer_but_no_row() -> None:
    desk = await synced()
    reply = await desk.send("sale", {"amount_minor": 1})
    assert (reply.verdict, reply.operation_id) == ("rejected", None)
    assert await desk.journal.read(lambda reader: reader.newest(9)) == ()
