"""An agent whose journal failed takes no money, says so, and finds the truth after a restart."""

from __future__ import annotations

import json
from typing import Any

from terminal_agent.client import Pending, Sale
from tests.support.counter import says
from tests.support.house import House
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually


async def told(house: House, code: str) -> None:
    """Wait until the agent's own state gives this reason."""
    await eventually(lambda: house.client.agents()[house.agent.id].code == code, f"the agent says {code}")


async def stopped_with(house: House, code: str) -> Pending:
    """The result could not be written down, so it was not acknowledged, and no money is taken any more. A
    sale that was asked for in vain."""
    alert = await house.alert("money_stopped")
    assert str(house.agent.journal) in alert["details"]["why"]
    await told(house, "money_stopped")
    says(house.client.agents()[house.agent.id].text, "ne prend plus de paiement", "takes no payment")
    assert [line["code"] for line in logged(house, "money_stopped")] == [code]
    await house.station.at_rest()
    assert "result not acknowledged: keep" in house.station.notes
    return await unanswered(house)


async def unanswered(house: House) -> Pending:
    """A sale that gets no reply: a rejection could not be kept. The agent stays, and its state says why."""
    before, up = len(logged(house, "not_answered")), len(logged(house, "broker_link_up"))
    pending = await house.send(Sale(**house.stamp(), amount_minor=3000))
    await eventually(lambda: len(logged(house, "not_answered")) > before, "the command came")
    assert (pending.replies, len(logged(house, "broker_link_up"))) == ((), up)
    state = house.client.agents()[house.agent.id]
    assert (state.state, state.code) == ("degraded", "money_stopped")
    assert house.station.count("sale") == 1
    return pending


def logged(house: House, event: str) -> list[dict[str, Any]]:
    """The lines of the agent's log with this event."""
    lines = [json.loads(line) for line in house.agent.said.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


async def true_after_a_restart(house: House, pending: Pending, another: Pending) -> None:
    """The agent is started anew: it asks the terminal what became of the one sale. The other, ordered before
    this start and left unanswered, is proven not to have run, and is never begun late."""
    assert house.agent.stop() == 0
    house.start_agent()
    view = await pending.outcome(LIMIT_S)
    assert view.state == "approved", view
    assert_true(view, house.lines())
    assert house.station.count("sale") == 1
    await house.agent_ready()
    await house.ready()
    assert (await another.repeat(LIMIT_S)).verdict == "duplicate"
    assert (await another.outcome(LIMIT_S)).state == "not_started"
    assert house.station.count("sale") == 1
