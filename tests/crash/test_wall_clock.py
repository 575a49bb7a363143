"""The machine's wall clock jumps by an hour under a running agent: what is in doubt is found out all the
same, and no money is taken while the station's time and the backend's disagree."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal_agent.client import Sale
from tests.support.broker import Broker
from tests.support.counter import says, sold
from tests.support.false_clock import FalseClock
from tests.support.house import House, a_house
from tests.support.station import Plan
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system

HOUR_S = 3600


async def told(house: House, state: str, code: str | None) -> None:
    """Wait until the agent's own state is this one."""

    def tells() -> bool:
        agent = house.client.agents().get(house.agent.id)
        return agent is not None and (agent.state, agent.code) == (state, code)

    await eventually(tells, f"the agent says {state}, {code}")


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
async def test_an_hour_off_in_doubt_and_before_a_command(broker: Broker, tmp_path: Path, jump_s: int) -> None:
    clock = FalseClock(tmp_path / "clock")
    async with a_house(broker, tmp_path, Plan(wire="tcp", scenario={"t2_s": 1.0}), started=False) as house:
        house.agent.under = clock.under()
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        await house.station.fault("booked", "cut", command="sale", seconds=0.3)
        # The first question is the one before the sale: what was there before it.
        await house.station.fault("command", "delay", command="repeat_receipt", nth=2, seconds=1.0)
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await house.station.present()
        await house.ready("in_doubt")
        clock.jump(jump_s)
        view = await pending.outcome(LIMIT_S)
        assert view.state == "approved", view
        assert_true(view, house.lines())
        await told(house, "degraded", "clock_untrusted")
        reply = await house.ask(Sale(**house.stamp(), amount_minor=1300))
        assert (reply.verdict, reply.code) == ("rejected", "clock_untrusted")
        says(reply.text, "heure de ce poste n’est pas sûre", "clock cannot be trusted")
        assert house.station.count("sale") == 1
        clock.jump(0)
        await told(house, "ready", None)
        assert_true(await sold(house, 1400), house.lines(), 1)
