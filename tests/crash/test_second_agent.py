"""A second agent with the same identity: on the same folder it does not start; from a copied disk it may get
the broker's session, and never the terminal, and what is told in the end is what the ledger holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protocols.contract.events import Alert
from terminal_agent.client import Pending, Sale
from tests.support.agent_process import AgentProcess, desk_of
from tests.support.broker import Broker
from tests.support.counter import progressed, restarted, says
from tests.support.house import House, a_house
from tests.support.programs import Program
from tests.support.station import Plan, Wire
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually, eventually_asked

pytestmark = pytest.mark.system

_JOURNAL_EXIT = 3


async def test_a_second_agent_on_the_same_folder_does_not_start(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, Plan(wire="pty")) as house:
        pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
        await progressed(house, pending, "awaiting_card")
        second = Program(house.agent.arguments, tmp_path / "second" / "agent.log")
        second.start()
        assert second.ended() == _JOURNAL_EXIT
        (line,) = [json.loads(line) for line in second.said.splitlines()]
        assert (line["event"], line["code"]) == ("journal_unusable", "journal_in_use")
        assert "stop the other first" in line["why"]
        await house.station.present()
        assert_true(await pending.outcome(LIMIT_S), house.lines())
        assert house.traffic.alerts() == [], "the first one was disturbed"


@pytest.mark.parametrize("wire", ["pty", "tcp"])
async def test_a_copied_agent_takes_the_session_and_never_the_terminal(
    broker: Broker, tmp_path: Path, wire: Wire
) -> None:
    async with a_house(broker, tmp_path, Plan(wire=wire)) as house:
        pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
        await progressed(house, pending, "awaiting_card")
        twin = twin_of(house, broker)
        twin.start()
        try:
            alert = Alert.model_validate(await house.alert("session_taken_over"))
            assert alert.severity == "critical"
            says(alert.text, "identité de celui-ci", "using this one’s identity")
            # Which of the two the broker serves from here on is chance; the terminal is the first one's.
            await house.station.present()
            await eventually(
                lambda: house.agent.stage_of(pending.operation_id)[0] == "approved", "the first one ends it"
            )
            assert [line.amount_minor for line in house.lines()] == [2000]
        finally:
            twin.kill()
        # The technician stops the copy and restarts the right one, which would come back by itself in time.
        assert house.agent.stop() == 0
        await restarted(house)
        assert_true(await pending.outcome(LIMIT_S), house.lines())
        assert house.station.count("sale") == 1
        await sells_again(house)


async def sells_again(house: House) -> None:
    """The backend had met the copy's journal: until it knows the right one again, commands are refused."""

    async def taken() -> Pending | None:
        pending = await house.send(Sale(**house.stamp(), amount_minor=3000))
        return pending if (await pending.reply(LIMIT_S)).verdict == "accepted" else None

    pending = await eventually_asked(taken, "the agent takes money")
    await house.station.present()
    assert_true(await pending.outcome(LIMIT_S), house.lines(), 1)
    assert house.station.count("sale") == 2


def twin_of(house: House, broker: Broker) -> AgentProcess:
    """Another folder, the same id, certificate and terminal."""
    twin = AgentProcess(house.agent.id, house.folder / "twin", house.agent.clinic)
    twin.configure(broker.port, broker.credentials(twin.id), [desk_of(house.station, "t1", {})])
    return twin
