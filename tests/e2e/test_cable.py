"""Cables that are pulled out, terminals that are plugged in elsewhere or exchanged, ports that are taken: the
agent finds out the truth by itself, and never believes another terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from protocols.contract.commands import Rescan
from terminal_agent.client import Query, Sale
from tests.support.broker import Broker
from tests.support.counter import says, sold
from tests.support.house import House, a_house
from tests.support.plugged_ports import NUMBER, PRODUCT, VENDOR, plug
from tests.support.station import TERMINAL_ID, Plan, Scalar, Station, Wire
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system

FOREIGN_ID = "11112222"
# Both sides soon see that nobody answers them.
IMPATIENT: Mapping[str, Scalar] = {"t2_s": 0.4, "t3_s": 1.0}
DESKS: Mapping[str, Mapping[str, Any]] = {"t1": {"options": {"t2_s": 1.0, "t3_s": 2.0}}}
WIRES: tuple[Wire, ...] = ("pty", "tcp")


async def sold_with_a_fault(house: House, when: str, what: str, **more: Scalar) -> Any:
    """The outcome of a sale during which something goes wrong; it was in doubt in between."""
    await house.station.fault(when, what, **more)
    pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
    await house.station.present()
    view = await pending.outcome(LIMIT_S)
    assert "in_doubt" in house.agent.event_states(pending.operation_id)
    assert_true(view, house.lines())
    assert house.station.count("sale") == 1
    return view


@pytest.mark.parametrize("policy", ["reverse", "keep", "refuse"])
@pytest.mark.parametrize("wire", WIRES)
async def test_a_cable_cut_before_the_booking(
    broker: Broker, tmp_path: Path, wire: Wire, policy: str
) -> None:
    plan = Plan(wire=wire, scenario={**IMPATIENT, "booking_policy": policy})
    async with a_house(broker, tmp_path, plan, desks=DESKS) as house:
        await sold_with_a_fault(house, "result_sent", "cut", command="sale", seconds=0.4)
        await house.ready()


@pytest.mark.parametrize("wire", WIRES)
async def test_a_cable_cut_after_the_booking(broker: Broker, tmp_path: Path, wire: Wire) -> None:
    async with a_house(broker, tmp_path, Plan(wire=wire, scenario=IMPATIENT), desks=DESKS) as house:
        view = await sold_with_a_fault(house, "booked", "cut", command="sale", seconds=0.4)
        assert (view.state, view.money) == ("approved", "charged")
        assert view.evidence.source in ("last", "late_message")
        await house.ready()
        assert_true(await sold(house, 2000), house.lines(), 1)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_cable_cut_before_anything_was_sent(broker: Broker, tmp_path: Path, wire: Wire) -> None:
    async with a_house(broker, tmp_path, Plan(wire=wire)) as house:
        await house.station.fault("command", "cut", command="repeat_receipt", seconds=0.3)
        view = await house.run(Sale(**house.stamp(), amount_minor=1250))
        assert (view.state, view.code, view.money) == ("not_started", "terminal_offline", "none")
        says(view.text, "rien n’a été fait", "nothing was done")
        assert_true(view, house.lines())
        await house.ready()
        assert house.station.count("sale") == 0


@pytest.mark.parametrize("policy", ["reverse", "keep", "refuse"])
async def test_a_terminal_that_loses_its_power_before_the_booking(
    broker: Broker, tmp_path: Path, policy: str
) -> None:
    plan = Plan(wire="tcp", scenario={**IMPATIENT, "booking_policy": policy})
    async with a_house(broker, tmp_path, plan) as house:
        await sold_with_a_fault(house, "result_sent", "power_cut", command="sale", seconds=0.5)
        await house.ready()


async def test_a_terminal_plugged_in_elsewhere_is_found_again(broker: Broker, tmp_path: Path) -> None:
    ports = tmp_path / "ports.json"
    identity = {"vid": f"{VENDOR:04x}", "pid": f"{PRODUCT:04x}", "serial_number": NUMBER}
    desks = {"t1": {"serial": identity}}
    async with a_house(broker, tmp_path, Plan(wire="pty"), desks=desks, started=False) as house:
        station = house.station
        house.agent.arguments = ["-m", "tests.support.plugged_ports", str(ports), *house.agent.arguments[2:]]
        plug(ports, {station.tty: NUMBER, tmp_path / "another": "B7"})
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        assert_true(await sold(house), house.lines())
        station.stop()
        plug(ports, {tmp_path / "another": "B7"})
        await house.ready("offline")
        station.start(tty=tmp_path / "elsewhere")
        await station.ready()
        plug(ports, {station.tty: NUMBER, tmp_path / "another": "B7"})
        await house.ready()
        identity_now = house.client.terminals(house.agent.id)["t1"].identity
        assert identity_now is not None
        assert (identity_now.where, identity_now.serial) == (str(tmp_path / "elsewhere"), NUMBER)
        assert_true(await sold(house), house.lines(), 1)


@pytest.mark.parametrize("known", ["by the settings", "from its first greeting"])
@pytest.mark.parametrize("wire", WIRES)
async def test_a_foreign_terminal_in_its_place_is_refused(
    broker: Broker, tmp_path: Path, wire: Wire, known: str
) -> None:
    desks = {"t1": {"keys": {"identity": TERMINAL_ID}}} if known == "by the settings" else {}
    async with a_house(broker, tmp_path, Plan(wire=wire), desks=desks) as house:
        house.station.stop()
        if wire == "pty":
            await house.ready("offline")
        foreign = Station(Plan(wire=wire, terminal_id=FOREIGN_ID), tmp_path / "foreign")
        foreign.port = house.station.port
        house.stations["foreign"] = foreign
        foreign.start(tty=house.station.tty)
        await foreign.ready()
        await house.client.send_agent(house.agent.id, Rescan(operation_id=house.client.new_id()))
        await house.ready("unfit")
        state = house.client.terminals(house.agent.id)["t1"]
        assert state.code == "wrong_device"
        says(state.text, "Un autre terminal est branché", "Another terminal is plugged in")
        alert = await house.alert("wrong_device")
        assert (alert["terminal"], alert["severity"]) == ("t1", "critical")
        assert alert["details"] == {"terminal_id": FOREIGN_ID, "expected": TERMINAL_ID}
        reply = await house.ask(Sale(**house.stamp(), amount_minor=1250))
        assert (reply.verdict, reply.code) == ("rejected", "terminal_unfit")
        assert (foreign.count("sale"), foreign.lines()) == (0, ())
        foreign.stop()
        house.station.start()
        await house.station.ready()
        await house.client.send_agent(house.agent.id, Rescan(operation_id=house.client.new_id()))
        await house.ready()
        assert_true(await sold(house), house.lines())


async def test_a_foreign_terminal_is_not_believed_about_a_payment_in_doubt(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp")) as house:
        await house.station.fault("booked", "cut", command="sale")
        pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
        await house.station.present()
        await house.ready("in_doubt")
        house.station.stop()
        foreign = Station(Plan(wire="tcp", terminal_id=FOREIGN_ID), tmp_path / "foreign")
        foreign.port = house.station.port
        house.stations["foreign"] = foreign
        foreign.start()
        await foreign.ready()
        await house.alert("wrong_device")
        assert house.agent.stage_of(pending.operation_id)[0] == "in_doubt"
        foreign.stop()
        house.station.start()
        await house.station.ready()
        await house.ask(Query(**house.stamp(), target_operation_id=pending.operation_id))
        view = await pending.outcome(LIMIT_S)
        assert (view.state, foreign.lines()) == ("approved", ())
        assert_true(view, house.lines())


@contextmanager
def a_program_that_holds(tty: Path, folder: Path) -> Iterator[str]:
    """Another program with the port open and locked; its name as people know it."""
    script = folder / "cash_desk.py"
    script.write_text(
        "import fcntl, sys\n"
        "port = open(sys.argv[1], 'rb', buffering=0)\n"
        "fcntl.flock(port, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, str(script), str(tty)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield f"cash_desk.py (pid {other.pid})"
        other.kill()


async def test_a_port_that_another_program_holds_is_reported_with_its_name(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_house(broker, tmp_path, Plan(wire="pty"), started=False) as house:
        with a_program_that_holds(house.station.tty, tmp_path) as name:
            house.start_agent()
            await house.agent_ready()
            await eventually(
                lambda: (
                    (state := house.client.terminals(house.agent.id).get("t1")) is not None
                    and state.code == "port_busy"
                ),
                "the port is told to be held",
            )
            state = house.client.terminals(house.agent.id)["t1"]
            says(state.text, "autre programme", "Another program")
            assert state.detail is not None
            assert name in state.detail
            reply = await house.ask(Sale(**house.stamp(), amount_minor=1250))
            assert (reply.verdict, reply.code) == ("rejected", "terminal_offline")
        await house.ready()
        assert_true(await sold(house), house.lines())
