"""The same command many times, across restarts and losses: one line in the ledger, never a second charge."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from terminal_agent.client import Resolve, Sale
from tests.support.broker import Broker
from tests.support.counter import progressed, restarted, says, sold
from tests.support.house import a_house
from tests.support.relay import relayed
from tests.support.station import Plan, Wire
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system


@pytest.mark.parametrize("wire", ["pty", "tcp"])
async def test_the_same_command_five_times_across_a_restart_is_one_charge(
    broker: Broker, tmp_path: Path, wire: Wire
) -> None:
    async with a_house(broker, tmp_path, Plan(wire=wire)) as house:
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await progressed(house, pending, "awaiting_card")
        second = await pending.repeat(LIMIT_S)
        assert second.verdict == "duplicate"
        assert second.state is not None
        assert second.state.state == "committed"
        await house.station.present()
        view = await pending.outcome(LIMIT_S)
        third = await pending.repeat(LIMIT_S)
        assert house.agent.stop() == 0
        await restarted(house)
        fourth, fifth = await pending.repeat(LIMIT_S), await pending.repeat(LIMIT_S)
        for reply in (third, fourth, fifth):
            assert reply.verdict == "duplicate"
            assert reply.state is not None
            assert reply.state.model_dump() == view.model_dump()
            says(reply.text, "déjà reçue", "already taken")
        assert_true(view, house.lines())
        assert [line.kind for line in house.lines()] == ["charge"]
        assert house.station.count("sale") == 1


async def test_the_same_command_five_times_at_once_is_one_charge(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp")) as house:
        pending = await house.send(Sale(**house.stamp(), amount_minor=1250))
        await asyncio.gather(*(pending.publish() for _ in range(4)))
        await house.station.present()
        view = await pending.outcome(LIMIT_S)
        await eventually(lambda: len(pending.replies) == 5, "a reply for each delivery")
        assert sorted(reply.verdict for reply in pending.replies) == ["accepted", *["duplicate"] * 4]
        assert_true(view, house.lines())
        assert house.station.count("sale") == 1


async def test_a_journal_deleted_between_two_deliveries_charges_nothing_twice(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp")) as house:
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await house.station.present()
        view = await pending.outcome(LIMIT_S)
        house.agent.kill()
        house.agent.lose_journal()
        await restarted(house)
        reply = await pending.repeat(LIMIT_S)
        assert (reply.verdict, reply.code) == ("rejected", "journal_new")
        assert_true(view, house.lines())
        assert house.station.count("sale") == 1
        assert (await sold(house)).state == "approved", "a new command is taken"


async def test_a_journal_lost_before_the_report_leaves_the_operation_to_a_human(
    broker: Broker, tmp_path: Path
) -> None:
    async with (
        relayed("localhost", broker.port) as cable,
        a_house(broker, tmp_path, Plan(wire="tcp"), agent_port=cable.port) as house,
    ):
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await progressed(house, pending, "awaiting_card")
        cable.silent = True
        await house.station.present()
        await eventually(lambda: len(house.lines()) == 1, "the charge is booked")
        house.agent.kill()
        house.agent.lose_journal()
        cable.cut()
        cable.silent = False
        house.start_agent()
        await eventually(
            lambda: pending.latest is not None and pending.latest.state == "needs_human", "it needs a human"
        )
        assert pending.latest is not None
        says(pending.latest.text, "Ne le refaites pas", "Do not take it again")
        resolve = Resolve(
            **house.stamp(),
            target_operation_id=pending.operation_id,
            verdict="approved",
            evidence="receipt 0001 in the terminal's list",
            by="staff-3",
            reason="the journal was lost",
        )
        reply = await house.ask(resolve)
        assert (reply.verdict, reply.code) == ("done", "done")
        view = await pending.outcome(LIMIT_S)
        assert view.evidence is not None
        assert (view.state, view.evidence.source) == ("approved", "human")
        assert_true(view, house.lines())
        assert (await pending.repeat(LIMIT_S)).verdict == "duplicate"
        assert house.station.count("sale") == 1


async def test_a_command_that_was_taken_and_not_begun_at_a_kill_is_never_begun(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp")) as house:
        await house.station.fault("command", "silence", command="status")
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await eventually(lambda: house.station.count("status") == 1, "the terminal is asked for its status")
        assert house.agent.stage_of(pending.operation_id) == ("accepted", ())
        house.agent.kill()
        await restarted(house)
        view = await pending.outcome(LIMIT_S)
        assert (view.state, view.code, view.money) == ("not_started", "agent_restarted", "none")
        says(view.text, "a redémarré avant le début", "restarted before it began")
        assert_true(view, house.lines())
        assert house.station.count("sale") == 0
        later = await sold(house, 2_000)
        assert_true(later, house.lines())
        assert house.station.count("sale") == 1
