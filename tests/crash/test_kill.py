"""Kill -9 of the agent in the middle of a sale, under each booking policy of the terminal: after the restart
the outcome that is reported is what the acquirer's ledger holds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from terminal_agent.client import Pending, Sale
from tests.support.broker import Broker
from tests.support.house import House, a_house
from tests.support.kill_points import Moment, died_at, strace, tap_that_kills, writes_of
from tests.support.relay import relayed
from tests.support.station import Plan, Wire
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually
from tests.support.wiretap import tapped

pytestmark = pytest.mark.system

POLICIES = ("reverse", "keep", "refuse")
WIRES: tuple[Wire, ...] = ("pty", "tcp")
AMOUNT = 4750
# What the ledger's policy makes of a result that was never acknowledged whole.
UNACKNOWLEDGED = {
    "reverse": ("cancelled", "reversed", "returned"),
    "keep": ("approved", "approved", "charged"),
    "refuse": ("declined", "declined", "none"),
}
BOOKED = ("approved", "approved", "charged")


def plan(wire: Wire, policy: str, **more: float) -> Plan:
    """A terminal that soon sees that nobody answers it."""
    return Plan(wire=wire, scenario={"booking_policy": policy, "t2_s": 1.2, "t3_s": 1.5, **more})


@pytest.fixture(scope="module")
def writes(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Moment, int]:
    """Which write to a serial port each moment of a sale is: from a sale that was recorded."""
    folder = tmp_path_factory.mktemp("rehearsal")
    log = folder / "strace"

    async def rehearse() -> None:
        async with a_house(broker, folder, plan("pty", "reverse"), started=False) as house:
            await start_under(house, strace(os.readlink(house.station.tty), log))
            view = await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT))
            assert view.state == "approved"

    asyncio.run(rehearse())
    return writes_of(log)


async def start_under(house: House, command_line: list[str]) -> None:
    """Start the agent under another program."""
    house.agent.under = command_line
    house.start_agent()
    await house.agent_ready()
    await house.ready()


async def killed_while_selling(house: House) -> Pending:
    """A sale during which the agent is killed; returns when it is dead and the terminal at rest."""
    pending = await house.start(Sale(**house.stamp(), amount_minor=AMOUNT))
    await house.station.present("visa", "tap")
    await eventually(lambda: not house.agent.running, "the agent is dead")
    assert house.agent.ended() == -9
    await house.station.at_rest()
    return pending


async def restarted(house: House, pending: Pending) -> OperationView:
    """The outcome after a restart; the journal that the dead one left is untouched before it."""
    assert pending.latest is None or not is_final(pending.latest.state)
    house.agent.under = []
    house.start_agent()
    return await pending.outcome(LIMIT_S)


def check(house: House, view: OperationView, expected: tuple[str, str, str]) -> None:
    """The outcome is what is expected here, and what the ledger says."""
    assert (view.state, view.money) == (expected[0], expected[2]), view
    assert_true(view, house.lines())
    assert house.station.count("sale") == 1
    if view.state == "cancelled":
        assert view.code == expected[1]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("moment", ["answers the result", "hears of a print"])
async def test_killed_on_a_serial_line(
    broker: Broker, tmp_path: Path, writes: Mapping[Moment, int], moment: Moment, policy: str
) -> None:
    log = tmp_path / "strace"
    async with a_house(broker, tmp_path, plan("pty", policy), started=False) as house:
        await start_under(house, strace(os.readlink(house.station.tty), log, writes[moment]))
        pending = await killed_while_selling(house)
        assert died_at(log) == writes[moment]
        assert house.agent.stage_of(pending.operation_id) == (
            "result_seen",
            ("committed", "step_done", "result_seen"),
        )
        assert f"result not acknowledged: {policy}" in house.station.notes
        check(house, await restarted(house, pending), UNACKNOWLEDGED[policy])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("moment", ["answers the result", "hears of a print"])
async def test_killed_on_tcp(broker: Broker, tmp_path: Path, moment: Moment, policy: str) -> None:
    async with a_house(broker, tmp_path, plan("tcp", policy), started=False) as house:
        pending = await killed_by_tap(house, moment)
        assert house.agent.stage_of(pending.operation_id)[0] == "result_seen"
        assert f"result not acknowledged: {policy}" in house.station.notes
        check(house, await restarted(house, pending), UNACKNOWLEDGED[policy])


async def killed_by_tap(house: House, moment: Moment) -> Pending:
    """Sell over a tap that kills; the tap is gone afterwards and the agent finds the terminal directly."""
    async with tapped(house.station.port) as tap:
        config = house.agent.config.read_text(encoding="utf-8")
        tapped_config = config.replace(f"port = {house.station.port}\n", f"port = {tap.port}\n")
        house.agent.config.write_text(tapped_config, encoding="utf-8")
        tap.watch = tap_that_kills(moment, house.agent.kill, tap.seen)
        await start_under(house, [])
        pending = await killed_while_selling(house)
    house.agent.config.write_text(config, encoding="utf-8")
    return pending


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("wire", WIRES)
async def test_killed_after_the_end_and_before_the_report(
    broker: Broker, tmp_path: Path, wire: Wire, policy: str
) -> None:
    async with (
        relayed("localhost", broker.port) as cable,
        a_house(broker, tmp_path, plan(wire, policy), agent_port=cable.port) as house,
    ):
        pending = await house.start(Sale(**house.stamp(), amount_minor=AMOUNT))
        cable.silent = True
        await house.station.present("visa", "tap")
        await eventually(
            lambda: house.agent.stage_of(pending.operation_id)[0] == "approved", "the end is on disk"
        )
        house.agent.kill()
        cable.cut()
        cable.silent = False
        check(house, await restarted(house, pending), BOOKED)
        assert house.station.count("repeat_receipt") == 1, "what was concluded was asked about again"


async def test_killed_as_it_answers_the_end_on_a_serial_line(
    broker: Broker, tmp_path: Path, writes: Mapping[Moment, int]
) -> None:
    log = tmp_path / "strace"
    async with a_house(broker, tmp_path, plan("pty", "reverse"), started=False) as house:
        await start_under(house, strace(os.readlink(house.station.tty), log, writes["answers the end"]))
        pending = await killed_while_selling(house)
        assert died_at(log) == writes["answers the end"]
        assert house.agent.stage_of(pending.operation_id)[0] == "result_seen"
        check(house, await restarted(house, pending), BOOKED)


async def test_killed_as_it_answers_the_end_on_tcp(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, plan("tcp", "reverse"), started=False) as house:
        pending = await killed_by_tap(house, "answers the end")
        # The tap sees the answer once it is written; on a slow machine the end may be on disk by then.
        assert house.agent.stage_of(pending.operation_id)[0] in ("result_seen", "approved")
        check(house, await restarted(house, pending), BOOKED)
