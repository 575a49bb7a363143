"""A broker that goes away and comes back: what happened meanwhile is told once in effect, and in order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from protocols.contract.operation import OperationView
from terminal_agent.client import Fact, Sale
from tests.support.broker import tls_broker
from tests.support.counter import progressed, sold
from tests.support.house import a_house
from tests.support.station import Plan
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system


async def test_a_payment_during_an_outage_of_the_broker_is_told_afterwards_once_and_in_order(
    tmp_path: Path,
) -> None:
    (tmp_path / "broker").mkdir()
    with tls_broker(tmp_path / "broker") as (broker, mosquitto):
        async with a_house(broker, tmp_path, Plan(wire="pty")) as house:
            facts: list[Fact] = []

            async def collect() -> None:
                async for fact in house.client.facts():
                    facts.append(fact)

            collecting = asyncio.create_task(collect())
            await sold(house, 1000)
            pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
            await progressed(house, pending, "awaiting_card")
            mosquitto.stop()
            await house.station.present()
            await eventually(lambda: len(house.lines()) == 2, "the charge is booked")
            await eventually(
                lambda: house.agent.stage_of(pending.operation_id)[0] == "approved", "it is concluded"
            )
            mosquitto.start()
            view = await pending.outcome(LIMIT_S)
            assert_true(view, house.lines(), 1)
            await house.agent_ready()
            await sold(house, 3000)
            last = house.agent.last_seq()
            await eventually(lambda: bool(facts) and facts[-1].seq == last, "every fact is there")
            collecting.cancel()
            await asyncio.wait([collecting])
            assert [fact.seq for fact in facts] == list(range(1, last + 1))
            assert [fact.skipped for fact in facts] == [0] * last
            bodies = [fact.body for fact in facts if isinstance(fact.body, OperationView)]
            told = [(body.operation_id, body.state) for body in bodies]
            assert told.count((pending.operation_id, "approved")) == 1
            assert [line.amount_minor for line in house.lines()] == [1000, 2000, 3000]
