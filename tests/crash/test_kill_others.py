"""Kill -9 in the middle of what is no sale, in the middle of finding out, and with no time for the terminal
to give up: the outcome that is reported is what the acquirer's ledger holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from protocols.contract.commands import TerminalCommand
from protocols.contract.operation import OperationView
from terminal_agent.client import Capture, Pending, Preauth, Refund, Reversal, Sale, StoreCard
from tests.support.broker import Broker
from tests.support.counter import sold
from tests.support.house import House, a_house
from tests.support.kill_points import LAST_RESULT, Moment, tap_that_kills
from tests.support.station import Plan, Scalar
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually
from tests.support.wiretap import Tap, Watch, tapped

pytestmark = pytest.mark.system

AMOUNT = 4750
IMPATIENT: Mapping[str, Scalar] = {"t2_s": 0.7, "t3_s": 1.2}
STATES = {"reverse": "cancelled", "keep": "approved", "refuse": "declined"}


@asynccontextmanager
async def over_a_tap(broker: Broker, folder: Path, policy: str) -> AsyncIterator[tuple[House, Tap]]:
    """A house whose agent reaches its terminal over a tap."""
    plan = Plan(wire="tcp", scenario={**IMPATIENT, "booking_policy": policy})
    async with a_house(broker, folder, plan, started=False) as house, tapped(house.station.port) as tap:
        config = house.agent.config.read_text(encoding="utf-8")
        over = config.replace(f"port = {house.station.port}\n", f"port = {tap.port}\n")
        house.agent.config.write_text(over, encoding="utf-8")
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        yield house, tap


async def killed(house: House, tap: Tap, asked: TerminalCommand, moment: Moment, *, card: bool) -> Pending:
    """Run it with a tap that kills; returns when the agent is dead and the terminal at rest."""
    tap.seen.clear()
    tap.watch = tap_that_kills(moment, house.agent.kill, tap.seen)
    pending = await house.start(asked)
    if card:
        await house.station.present("visa", "tap")
    await eventually(lambda: not house.agent.running, "the agent is dead")
    await house.station.at_rest()
    tap.watch = lambda _apdu, _from_terminal: True
    return pending


async def after_a_restart(house: House, pending: Pending) -> OperationView:
    """The outcome, once the agent has come back: that may have been told before the kill."""

    def boot() -> int:
        return house.client.agents()[house.agent.id].boot

    before = boot()
    house.start_agent()
    await eventually(lambda: boot() > before, "the restarted agent tells of itself")
    return await pending.outcome(LIMIT_S)


@pytest.mark.parametrize("policy", STATES)
@pytest.mark.parametrize("kind", [Refund, Preauth])
async def test_killed_as_it_acknowledges_what_needs_a_card(
    broker: Broker, tmp_path: Path, kind: type[Refund | Preauth], policy: str
) -> None:
    async with over_a_tap(broker, tmp_path, policy) as (house, tap):
        asked = kind(**house.stamp(), amount_minor=AMOUNT)
        pending = await killed(house, tap, asked, "answers the result", card=True)
        view = await after_a_restart(house, pending)
        assert view.state == STATES[policy], view
        assert_true(view, house.lines())


@pytest.mark.parametrize("policy", STATES)
@pytest.mark.parametrize("what", ["reversal", "release", "capture"])
async def test_killed_as_it_acknowledges_what_follows_an_original(
    broker: Broker, tmp_path: Path, what: str, policy: str
) -> None:
    async with over_a_tap(broker, tmp_path, policy) as (house, tap):
        if what == "reversal":
            original = await sold(house, AMOUNT)
        else:
            original = await house.pay(Preauth(**house.stamp(), amount_minor=AMOUNT))
        kind = Capture if what == "capture" else Reversal
        asked = kind(**house.stamp(), original_operation_id=original.operation_id)
        pending = await killed(house, tap, asked, "answers the result", card=False)
        view = await after_a_restart(house, pending)
        assert view.state == STATES[policy], view
        assert_true(view, house.lines(), 1)


async def test_a_card_that_was_being_stored_is_presented_again(broker: Broker, tmp_path: Path) -> None:
    async with over_a_tap(broker, tmp_path, "reverse") as (house, tap):
        asked = StoreCard(**house.stamp(), customer="p-1", purpose="recognition")
        pending = await killed(house, tap, asked, "answers the result", card=True)
        view = await after_a_restart(house, pending)
        # The tap kills behind the answer to the result: the end may be on disk by then.
        assert (view.state, view.code, view.card_stored) in (
            ("cancelled", "interrupted", "unknown"),
            ("approved", "card_stored", "yes"),
        )
        assert_true(view, house.lines())
        await house.ready()  # the end is told before the terminal is greeted
        again = await house.pay(StoreCard(**house.stamp(), customer="p-1", purpose="recognition"))
        assert again.card_stored == "yes"


def kills_at_the_question(house: House) -> Watch:
    """A tap's rule: kill the agent as it asks for the last result, which it then does not."""

    def watch(apdu: bytes, _from_terminal: bool) -> bool:
        if apdu[:2] == LAST_RESULT:
            house.agent.kill()
        return apdu[:2] != LAST_RESULT

    return watch


@pytest.mark.parametrize("policy", STATES)
async def test_killed_again_while_it_finds_out(broker: Broker, tmp_path: Path, policy: str) -> None:
    async with over_a_tap(broker, tmp_path, policy) as (house, tap):
        asked = Sale(**house.stamp(), amount_minor=AMOUNT)
        pending = await killed(house, tap, asked, "answers the result", card=True)
        for _ in range(2):
            asked_before = house.station.count("repeat_receipt")
            tap.watch = kills_at_the_question(house)
            house.start_agent()
            await eventually(lambda: not house.agent.running, "it is dead again")
            assert house.station.count("repeat_receipt") == asked_before
        tap.watch = lambda _apdu, _from_terminal: True
        view = await after_a_restart(house, pending)
        assert view.state == STATES[policy], view
        assert_true(view, house.lines())
        assert house.station.count("sale") == 1


@pytest.mark.parametrize("policy", STATES)
async def test_a_restart_in_the_middle_of_the_terminals_dialogue_goes_on_with_it(
    broker: Broker, tmp_path: Path, policy: str
) -> None:
    plan = Plan(wire="pty", scenario={"t2_s": 2.0, "t3_s": 4.0, "booking_policy": policy})
    async with a_house(broker, tmp_path, plan) as house:
        await house.station.fault("result_acked", "delay", command="sale", seconds=0.3)
        pending = await house.start(Sale(**house.stamp(), amount_minor=AMOUNT))
        await house.station.present()
        await eventually(
            lambda: "fault: delay at result_acked" in house.station.notes, "the result is acknowledged"
        )
        house.agent.kill()
        assert house.agent.stage_of(pending.operation_id)[0] == "result_seen"
        view = await after_a_restart(house, pending)
        assert_true(view, house.lines())
        assert house.station.count("sale") == 1
