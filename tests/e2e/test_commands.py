"""The other commands, approved and refused, over MQTT with mutual TLS, on a real pty and over TCP, for
staff and terminals in French and in English; what is reported is compared with the acquirer's ledger."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.contract.commands import DiagnoseAgent, Rescan
from terminal_agent.client import (
    Abort,
    Diagnose,
    Query,
    Receipt,
    Reconcile,
    Resolve,
    Sale,
)
from tests.support.counter import approved, booked_so_far, progressed, says, sold
from tests.support.house import House
from tests.support.station import TERMINAL_ID
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]


# --- beside an operation --------------------------------------------------------------------------------


async def test_an_abort_before_the_card_is_honoured(house: House) -> None:
    before = booked_so_far(house)
    pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
    await progressed(house, pending, "awaiting_card")
    reply = await house.ask(Abort(**house.stamp(), target_operation_id=pending.operation_id))
    assert (reply.verdict, reply.code) == ("accepted", "abort_asked")
    says(reply.text, "annulation est demandée", "Asked to stop")
    view = await pending.outcome(LIMIT_S)
    assert (view.state, view.abort, view.money) == ("cancelled", "honoured", "none"), view
    says(view.text, "annulée", "cancelled")
    assert_true(view, house.lines(), before)


async def test_an_abort_after_the_host_was_asked_comes_too_late(house: House) -> None:
    before = booked_so_far(house)
    await house.station.fault("host", "delay", command="sale", seconds=0.5)
    pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
    await house.station.present()
    await progressed(house, pending, "authorizing")
    reply = await house.ask(Abort(**house.stamp(), target_operation_id=pending.operation_id))
    assert reply.verdict == "accepted"
    view = await pending.outcome(LIMIT_S)
    assert view.abort == "too_late"
    approved(house, view, before)


async def test_a_query_tells_where_an_operation_stands(house: House) -> None:
    sale = await sold(house)
    reply = await house.ask(Query(**house.stamp(), target_operation_id=sale.operation_id))
    assert reply.state is not None
    assert (reply.verdict, reply.state.model_dump()) == ("done", sale.model_dump())
    says(reply.text, "fait", "Done")


async def test_a_query_of_an_unknown_operation_is_refused(house: House) -> None:
    reply = await house.ask(Query(**house.stamp(), target_operation_id=house.client.new_id()))
    assert (reply.verdict, reply.code) == ("rejected", "operation_unknown")
    says(reply.text, "ne connaît pas", "does not know")


async def test_what_has_ended_is_not_resolved_by_a_human(house: House) -> None:
    sale = await sold(house)
    resolve = Resolve(
        **house.stamp(),
        target_operation_id=sale.operation_id,
        verdict="declined",
        evidence="receipt",
        by="staff-3",
        reason="a guess",
    )
    reply = await house.ask(resolve)
    assert (reply.verdict, reply.code) == ("rejected", "not_resolvable")
    says(reply.text, "rien n’a été changé", "nothing was changed")


async def test_receipts_are_told_again(house: House) -> None:
    sale = await sold(house)
    reply = await house.ask(Receipt(**house.stamp(), target_operation_id=sale.operation_id))
    assert reply.verdict == "done"
    assert reply.state is not None
    assert reply.state.receipts == sale.receipts


async def test_receipts_of_an_unknown_operation_are_refused(house: House) -> None:
    reply = await house.ask(Receipt(**house.stamp(), target_operation_id=house.client.new_id()))
    assert (reply.verdict, reply.code) == ("rejected", "operation_unknown")


# --- care of the terminal ---------------------------------------------------------------------------------


async def test_the_day_is_closed_and_its_totals_are_compared(house: House) -> None:
    await house.run(Reconcile(**house.stamp()))
    await sold(house, 1000)
    await sold(house, 2500)
    before = booked_so_far(house)
    view = await house.run(Reconcile(**house.stamp()))
    assert (view.state, view.money) == ("approved", "none"), view
    assert view.totals is not None
    assert (view.totals.terminal_minor, view.totals.journal_minor) == (3500, 3500)
    assert (view.totals.terminal_count, view.totals.journal_count, view.totals.matched) == (2, 2, True)
    says(view.text, "Fermeture de caisse terminée", "End of day completed")
    assert [line.kind for line in house.lines()[before:]] == ["batch_close"]


async def test_the_end_of_day_is_refused(house: House) -> None:
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="end_of_day", value=91)
    view = await house.run(Reconcile(**house.stamp()))
    assert (view.state, view.money) == ("declined", "none"), view
    assert view.text.fr != view.text.en
    assert house.lines()[before:] == ()


@pytest.mark.parametrize("initialise", [False, True])
async def test_the_terminal_tests_itself(house: House, initialise: bool) -> None:
    before = booked_so_far(house)
    view = await house.run(Diagnose(**house.stamp(), initialise=initialise))
    assert (view.state, view.money) == ("approved", "none"), view
    says(view.text, "fait", "Done")
    assert_true(view, house.lines(), before)


async def test_a_diagnosis_is_refused_by_the_terminal(house: House) -> None:
    await house.station.fault("command", "refuse", command="diagnosis", value=0x83)
    view = await house.run(Diagnose(**house.stamp()))
    assert (view.state, view.money) == ("not_started", "none"), view
    assert view.text.fr != view.text.en


# --- the agent itself ---------------------------------------------------------------------------------------


async def agent_reply(house: House, command: Any) -> Any:
    """The reply to a command to the agent itself."""
    return await (await house.client.send_agent(house.agent.id, command)).reply(LIMIT_S)


async def test_the_agent_is_told_what_the_backend_knows(house: House) -> None:
    reply = await house.client.sync(house.agent.id)
    assert (reply.verdict, reply.code) == ("done", "done")
    assert reply.result is not None
    assert reply.result["epoch"] == house.client.agents()[house.agent.id].epoch


async def test_a_rescan_greets_the_terminal_anew(house: House) -> None:
    before = house.station.count("registration")
    reply = await agent_reply(house, Rescan(operation_id=house.client.new_id()))
    assert reply.verdict == "done"
    await eventually(lambda: house.station.count("registration") > before, "a further registration")
    await house.ready()


async def test_the_agent_reports_on_itself(house: House) -> None:
    def reports() -> int:
        return sum(one.topic.endswith("/health") for one in house.traffic.heard)

    await house.run(Diagnose(**house.stamp()))
    before = reports()
    reply = await agent_reply(house, DiagnoseAgent(operation_id=house.client.new_id()))
    assert reply.verdict == "done"
    await eventually(lambda: reports() > before, "a fresh health report")
    health, info = house.client.health(house.agent.id), house.client.info(house.agent.id)
    assert health is not None
    assert health.terminals["t1"]["approved"] > 0
    assert info is not None
    assert [one.terminal for one in info.terminals] == ["t1"]
    identity = house.client.terminals(house.agent.id)["t1"].identity
    assert identity is not None
    assert identity.terminal_id == TERMINAL_ID
