"""Bad lines and hostile peers: the agent neither crashes nor hangs nor grows, and money is right."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.agent_process import Desk
from tests.support.broker import Broker
from tests.support.counter import sold
from tests.support.house import House, a_house
from tests.support.station import Plan, Scalar
from tests.support.truth import assert_true
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

MIB = 1024 * 1024
NOISE: tuple[Mapping[str, Scalar], ...] = (
    {"when": "command", "what": "nak", "times": 2},
    {"when": "answered", "what": "lose_ack", "command": "sale"},
    {"when": "before_result", "what": "bad_crc", "command": "sale"},
    {"when": "result_acked", "what": "twice", "command": "sale"},
    {"when": "before_result", "what": "repeat_result", "command": "sale", "nth": 2},
    {"when": "answered", "what": "split", "command": "sale", "nth": 3},
)


async def test_a_bad_serial_line_costs_time_and_no_money(broker: Broker, tmp_path: Path) -> None:
    plan = Plan(wire="pty", scenario={"t2_s": 0.5}, faults=NOISE)
    desks = {"t1": {"options": {"t2_s": 0.5}}}
    async with a_house(broker, tmp_path, plan, desks=desks) as house:
        for number, amount_minor in enumerate((1000, 2000, 3000)):
            assert_true(await sold(house, amount_minor), house.lines(), number)
        struck = [note for note in house.station.notes if note.startswith("fault: ")]
        assert len(struck) == len(NOISE) + 1, struck
        assert house.station.count("sale") == 3


@asynccontextmanager
async def a_hostile_peer(seed: int) -> AsyncIterator[tuple[int, list[int]]]:
    """Something on a terminal's port that floods whoever connects with noise; counts its visitors."""
    noise = random.Random(seed)
    visits: list[int] = []

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(0)
        try:
            for _ in range(64):
                data = noise.randbytes(65_536)
                writer.write(data)
                visits[-1] += len(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], visits
    finally:
        server.close()


def resident_bytes(house: House) -> int:
    """The agent's memory now."""
    status = Path(f"/proc/{house.agent.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def judged(house: House, visits: list[int], enough: int) -> bool:
    """Noise may by chance hold a refusal to be registered: then it is left alone for a minute."""
    state = house.client.terminals(house.agent.id).get("t9")
    return len(visits) >= enough or (state is not None and state.state == "unfit")


async def test_a_peer_that_floods_with_noise_harms_nobody_else(broker: Broker, tmp_path: Path) -> None:
    async with a_hostile_peer(7) as (port, visits):
        hostile = Desk(id="t9", tcp={"host": "127.0.0.1", "port": port}, options={"t3_s": 0.5})
        async with a_house(broker, tmp_path, Plan(wire="tcp"), more_desks=[hostile]) as house:
            await eventually(lambda: judged(house, visits, 2), "it is tried again, or found unfit")
            before = resident_bytes(house)
            assert_true(await sold(house), house.lines())
            await eventually(lambda: judged(house, visits, 4), "it is tried on and on, or found unfit")
            assert_true(await sold(house), house.lines(), 1)
            assert resident_bytes(house) - before < 16 * MIB
            assert house.client.terminals(house.agent.id)["t9"].state in ("offline", "connecting", "unfit")
            assert "unit_crashed" not in [alert["code"] for alert in house.traffic.alerts()]
            assert house.agent.stop() == 0
