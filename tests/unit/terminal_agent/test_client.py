"""The client as a package: what it loads, and what it does before anything answers."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from protocols.contract.parsing import Command, parse_command
from protocols.contract.ulids import make_ulid
from terminal_agent import client as package
from terminal_agent.client import BackendClient, BrokerAwayError, Sale


def test_it_loads_the_contract_the_mqtt_door_and_nothing_else_of_ours() -> None:
    code = "import terminal_agent.client, sys; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = {
        name
        for name in loaded
        if name.split(".")[0] in ("terminal_agent", "protocols", "drivers", "simulator")
    }
    allowed = ("terminal_agent.client", "terminal_agent.mqtt", "protocols.contract")
    assert "protocols.contract.topics" in ours
    assert {name for name in ours if not name.startswith(allowed)} == {"terminal_agent", "protocols"}


def test_all_that_it_offers_is_there() -> None:
    assert all(hasattr(package, name) for name in package.__all__)


async def test_a_command_that_finds_no_broker_stays_pending_and_is_what_the_agent_takes() -> None:
    now = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
    client = BackendClient("localhost", 1, clinic="clinic-1", node="node-2", wall=lambda: now, entropy=bytes)
    command = Sale(**client.stamp(actor="staff-17", valid_s=60), amount_minor=4750)
    pending = await client.send("agent-1", "desk-1", command)
    assert (pending.sent, pending.latest, pending.settled, pending.replies) == (0, None, False, ())
    assert pending.message.topic == "clinics/v1/clinic-1/agent-1/terminal/desk-1/cmd/sale"
    assert not pending.message.retain
    parsed = parse_command("sale", pending.message.payload)
    assert isinstance(parsed, Command)
    assert parsed.reply_node == "node-2"
    assert isinstance(parsed.body, Sale)
    assert parsed.body.not_after == now + timedelta(seconds=60)
    assert parsed.body.operation_id == pending.operation_id == make_ulid(1_769_868_300_000, bytes(10))
    with pytest.raises(BrokerAwayError):
        await client.acknowledge("agent-1", "01JD7A0000E5F6G7H8J9KMNPQR", 4)
