"""Times at which an agent takes no money: while nobody has told it what is open, while its clock is not to be
trusted, while it stops, while a payment is in doubt. And commands that the broker kept: it never obeys them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocols.contract.messages import Stamp, command, dump
from terminal_agent.client import Abort, Query, Sale
from terminal_agent.cloud.inbox import START_MARGIN
from terminal_agent.commands.translate import ulid_time
from tests.support.broker import Broker
from tests.support.counter import progressed, says, sold
from tests.support.house import House, a_house
from tests.support.says import publish, topics
from tests.support.station import Plan, Wire
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system


async def told(house: House, code: str) -> None:
    """Wait until the agent's own state gives this reason."""
    await eventually(
        lambda: (state := house.client.agents().get(house.agent.id)) is not None and state.code == code,
        f"the agent says {code}",
    )


async def test_a_fresh_journal_takes_no_money_until_the_backend_has_told_what_is_open(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp"), started=False, auto_sync=False) as house:
        house.start_agent()
        await told(house, "journal_new")
        epoch = house.client.agents()[house.agent.id].epoch
        # An id made within this time of the start may be older than the start: it waits for `sync`.
        settled = ulid_time(epoch) + 3 * START_MARGIN
        await eventually(lambda: datetime.now(UTC) > settled, "an id made now is not older than the start")
        early = await house.ask(Sale(**house.stamp(), amount_minor=1250))
        assert (early.verdict, early.code) == ("rejected", "clock_untrusted"), "nobody told it the time yet"
        await house.client.acknowledge(house.agent.id, house.client.agents()[house.agent.id].epoch, 0)
        pending = await house.send(Sale(**house.stamp(), amount_minor=1250))
        reply = await pending.reply(LIMIT_S)
        assert (reply.verdict, reply.code) == ("rejected", "journal_new")
        says(reply.text, "attend la liste du serveur", "awaits the server’s list")
        await house.client.sync(house.agent.id)
        await house.agent_ready()
        assert (await pending.repeat(LIMIT_S)).verdict == "duplicate", "a rejection is final for its id"
        assert house.lines() == ()
        view = await sold(house)
        assert_true(view, house.lines())


@pytest.mark.parametrize("ahead_s", [3600, -3600])
async def test_no_money_while_backend_and_station_disagree_on_the_time(
    broker: Broker, tmp_path: Path, ahead_s: int
) -> None:
    def backends_clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead_s)

    async with a_house(broker, tmp_path, Plan(wire="tcp"), started=False, wall=backends_clock) as house:
        house.start_agent()
        await told(house, "clock_untrusted")
        reply = await house.ask(Sale(**house.stamp(), amount_minor=1250))
        assert (reply.verdict, reply.code) == ("rejected", "clock_untrusted")
        says(reply.text, "heure de ce poste n’est pas sûre", "clock cannot be trusted")
        assert house.station.count("sale") == 0


async def test_a_stopping_agent_ends_what_is_at_work_and_takes_nothing_new(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_house(broker, tmp_path, Plan(wire="pty")) as house:
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await progressed(house, pending, "awaiting_card")
        house.agent.terminate()
        await told(house, "shutting_down")
        reply = await house.ask(Sale(**house.stamp(), amount_minor=1300))
        assert (reply.verdict, reply.code) == ("rejected", "shutting_down")
        says(reply.text, "redémarre", "restarting")
        await house.station.present()
        view = await pending.outcome(LIMIT_S)
        assert_true(view, house.lines())
        assert house.agent.ended() == 0
        await eventually(
            lambda: house.client.agents()[house.agent.id].state == "disconnected", "it says goodbye"
        )
        assert house.client.is_away(house.agent.id)
        assert [line.amount_minor for line in house.lines()] == [1250]


@pytest.mark.parametrize("wire", ["pty", "tcp"])
async def test_nothing_new_while_a_payment_is_in_doubt(broker: Broker, tmp_path: Path, wire: Wire) -> None:
    async with a_house(broker, tmp_path, Plan(wire=wire, scenario={"t2_s": 1.0})) as house:
        await house.station.fault("booked", "cut", command="sale", seconds=0.3)
        # The first one is asked before the sale: what was there before it.
        await house.station.fault("command", "delay", command="repeat_receipt", nth=2, seconds=1.5)
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await house.station.present()
        await house.ready("in_doubt")
        assert pending.latest is not None
        assert (pending.latest.state, pending.latest.owner) == ("in_doubt", "agent")
        says(pending.latest.text, "ne refaites pas le paiement", "do not take the payment again")
        await eventually(lambda: house.station.count("repeat_receipt") == 2, "the terminal is asked")
        reply = await house.ask(Sale(**house.stamp(), amount_minor=1300))
        assert (reply.verdict, reply.code) == ("rejected", "in_doubt_pending")
        says(reply.text, "vérifie encore le paiement précédent", "still checking the previous payment")
        view = await pending.outcome(LIMIT_S)
        assert view.state == "approved"
        assert_true(view, house.lines())
        await house.ready()
        assert_true(await sold(house, 1300), house.lines(), 1)


async def test_an_abort_asked_before_a_loss_is_told_in_the_end(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp")) as house:
        await house.station.fault("host", "delay", command="sale", seconds=0.4)
        await house.station.fault("booked", "cut", command="sale", seconds=0.4)
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await house.station.present()
        await progressed(house, pending, "authorizing")
        await house.ask(Abort(**house.stamp(), target_operation_id=pending.operation_id))
        view = await pending.outcome(LIMIT_S)
        assert_true(view, house.lines())
        assert (view.state, view.abort) == ("approved", "too_late")


async def test_a_command_that_the_broker_kept_is_never_obeyed(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp"), started=False) as house:
        sale = Sale(**house.stamp(), amount_minor=1250)
        stamp = Stamp("1", house.now())
        message = command(topics(house), "sale", dump(sale), stamp, node="backend", terminal="t1")
        await publish(house, message.topic, message.payload, retain=True)
        house.start_agent()
        alert = await house.alert("retained_command")
        assert alert["details"] == {"channel": "cmd", "op": "sale"}
        await house.agent_ready()
        await house.ready()
        query = Query(**house.stamp(), target_operation_id=sale.operation_id)
        assert (await house.ask(query)).code == "operation_unknown"
        assert_true(await sold(house), house.lines())
        assert house.station.count("sale") == 1
