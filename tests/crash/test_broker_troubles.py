"""A broker that freezes, and one that forgets what it had taken: nothing is lost, nothing runs twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from terminal_agent.client import Fact, Sale
from tests.support.broker import tls_broker
from tests.support.counter import progressed, sold
from tests.support.house import House, a_house
from tests.support.relay import relayed
from tests.support.says import topics
from tests.support.station import Plan
from tests.support.traffic import raw_client
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system


@asynccontextmanager
async def collected(house: House) -> AsyncIterator[list[Fact]]:
    """Every fact that the backend's client gives out, once each."""
    facts: list[Fact] = []

    async def collect() -> None:
        async for fact in house.client.facts():
            facts.append(fact)

    task = asyncio.create_task(collect())
    try:
        yield facts
    finally:
        task.cancel()
        await asyncio.wait([task])


async def assert_told_once(house: House, facts: list[Fact], operation_id: str) -> None:
    """Every fact of the journal arrives, in order and without a gap; the outcome is among them once."""
    last = house.agent.last_seq()
    await eventually(lambda: bool(facts) and facts[-1].seq == last, "every fact is there")
    assert [fact.seq for fact in facts] == list(range(1, last + 1))
    assert [fact.skipped for fact in facts] == [0] * last
    views = [fact.body for fact in facts if isinstance(fact.body, OperationView)]
    assert [(view.operation_id, view.state) for view in views].count((operation_id, "approved")) == 1


async def test_a_broker_frozen_in_the_middle_of_a_sale_and_thawed(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    with tls_broker(tmp_path / "broker") as (broker, mosquitto):
        async with a_house(broker, tmp_path, Plan(wire="pty")) as house, collected(house) as facts:
            pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
            await progressed(house, pending, "awaiting_card")
            assert mosquitto.process is not None
            os.kill(mosquitto.process.pid, signal.SIGSTOP)
            try:
                await house.station.present()
                await eventually(
                    lambda: house.agent.stage_of(pending.operation_id)[0] == "approved", "it is concluded"
                )
                # What nobody answers is sent again by the backend.
                again = asyncio.create_task(pending.publish())
                assert pending.latest is not None
                assert not is_final(pending.latest.state), "a frozen broker passed something on"
            finally:
                os.kill(mosquitto.process.pid, signal.SIGCONT)
            assert_true(await pending.outcome(LIMIT_S), house.lines())
            await again
            await eventually(lambda: len(pending.replies) == 2, "a reply to each delivery")
            assert pending.replies[1].verdict == "duplicate"
            await assert_told_once(house, facts, pending.operation_id)
            assert house.station.count("sale") == 1
            assert_true(await sold(house, 3000), house.lines(), 1)


async def test_a_broker_that_forgets_what_it_had_taken_for_the_backend(tmp_path: Path) -> None:
    """It acknowledged the facts to the agent, could not pass them on, and was restarted without persistence:
    the backend's own acknowledgement is still missing, so they come again."""
    (tmp_path / "broker").mkdir()
    with tls_broker(tmp_path / "broker") as (broker, mosquitto):
        async with relayed(broker.host, broker.port) as cable:
            backends = replace(broker, port=cable.port)
            own = a_house(backends, tmp_path, Plan(wire="tcp"), agent_port=broker.port)
            async with own as house, collected(house) as facts:
                pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
                await progressed(house, pending, "awaiting_card")
                cable.silent = True
                async with raw_client(broker, house.credentials, f"listener-{house.agent.id}") as listener:
                    await listener.subscribe(topics(house).of_terminal("t1", "evt", "operation"), qos=1)
                    await house.station.present()
                    async for message in listener.messages:
                        if b'"approved"' in bytes(message.payload):
                            break
                assert pending.latest is not None
                assert not is_final(pending.latest.state), "the cable was not silent"
                mosquitto.stop()
                mosquitto.start()
                cable.cut()
                cable.silent = False
                assert_true(await pending.outcome(LIMIT_S), house.lines())
                await house.agent_ready()
                await house.ready()
                await assert_told_once(house, facts, pending.operation_id)
                assert house.station.count("sale") == 1
                assert_true(await sold(house, 3000), house.lines(), 1)
