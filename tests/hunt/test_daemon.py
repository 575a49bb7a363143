"""Canary cards through every path of the real daemon: nothing of them is found afterwards, anywhere.

Zero observed is not zero proven: the search knows the forms of `forms_of`, and looks when each has ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from simulator.cards import CARDS
from terminal_agent.client import Sale
from tests.hunt.conftest import chosen
from tests.hunt.memory import search
from tests.hunt.paths import AMOUNT, PATHS, SHORT
from tests.support.broker import Broker
from tests.support.card_traces import left_by, traces
from tests.support.house import House, a_house
from tests.support.station import Plan, Scalar

pytestmark = [
    pytest.mark.xdist_group("hunt at the terminal"),  # one house for all of them
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(os.geteuid() != 0, reason="reads the agent's memory: did NOT run, needs root"),
]

IMPATIENT: Mapping[str, Scalar] = {"t2_s": 0.4, "t3_s": 1.0}
DESKS = {"t1": {"options": {"t2_s": 1.0, "t3_s": 2.0}}}
FORGETFUL: Mapping[str, Scalar] = {"when": "before_result", "what": "whole_card_numbers", "times": 0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A point of service on a serial line, whose terminal masks what it tells."""
    folder = tmp_path_factory.mktemp("house")
    async with a_house(broker, folder, Plan(wire="pty", scenario=IMPATIENT), desks=DESKS) as running:
        yield running


@pytest.mark.parametrize("path", chosen(PATHS, SHORT))
async def test_nothing_is_left_after(house: House, report: dict[str, object], path: str) -> None:
    way = PATHS[path]
    number = CARDS[way.card].number
    await way.drive(house, way.card)
    assert house.agent.running
    searched = search(house.agent.pid, number)
    report[path] = {"in_memory": dict(searched.found), "searched_mib": searched.searched_bytes >> 20}
    assert searched.searched_bytes > 10 << 20, "the memory was not read"
    assert searched.found == {}
    assert traces(number, left_by(house)) == []


async def test_nothing_is_left_in_a_backup_or_in_what_a_command_prints(house: House) -> None:
    agent, way = house.agent, PATHS["sale, tap"]
    await way.drive(house, way.card)
    prints = [
        told(agent.config, "journal", "backup", str(agent.folder / "backup.sqlite3")),
        told(agent.config, "journal", "operations", "--json", "--limit", "100"),
        told(agent.config, "journal", "orphans", "--json"),
    ]
    for way in PATHS.values():
        number = CARDS[way.card].number
        assert traces(number, {**left_by(house), "printed": b"".join(prints)}) == []
    assert (agent.folder / "backup.sqlite3").stat().st_size > 0
    assert prints[1].count(b"\n") >= 1


def told(config: Path, *words: str) -> bytes:
    """All that a command of the agent's prints."""
    command = [sys.executable, "-m", "terminal_agent", *words, "--config", str(config)]
    return subprocess.run(command, capture_output=True, check=True).stdout


async def test_a_terminal_that_tells_whole_numbers_is_masked_and_told_of(
    broker: Broker, tmp_path: Path, report: dict[str, object]
) -> None:
    """A positive control: here the number does enter the process. Memory is measured, not promised."""
    number = CARDS["visa"].number
    async with a_house(broker, tmp_path, Plan(wire="pty", faults=[FORGETFUL])) as house:
        before = search(house.agent.pid, number)
        sale = await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT), "visa", "tap")
        after = search(house.agent.pid, number)
        assert sale.card is not None
        assert sale.card.last_four == "1111"
        assert (await house.alert("card_number_masked"))["terminal"] == "t1"
        assert traces(number, left_by(house)) == []
        for _ in range(3):
            await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT), "amex", "insert")
        later = search(house.agent.pid, number)
        assert before.found == {}
    report["a terminal that tells whole numbers"] = {
        "in_memory_after_the_sale": dict(after.found),
        "in_memory_three_sales_later": dict(later.found),
    }


async def test_the_tripwire_fires_in_the_daemon(broker: Broker, tmp_path: Path) -> None:
    """A positive control of the way out: staff have named their counter after a card."""
    number = CARDS["visa"].number
    async with a_house(broker, tmp_path, Plan(wire="pty"), started=False) as house:
        settings = house.agent.config.read_text(encoding="utf-8")
        house.agent.config.write_text(settings.replace('"Accueil"', f'"Accueil {number}"'), encoding="utf-8")
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        alert = await house.alert("card_number_stopped")
        assert alert["details"]["form"] == "digits"
        assert (alert["severity"], "message" in alert["details"]["where"]) == ("critical", True)
        sale = await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT), "amex", "tap")
        assert sale.state == "approved"
        messages = {one.topic: one.payload for one in house.traffic.heard}
        assert any(b"Accueil ************1111" in payload for payload in messages.values())
        assert traces(number, messages) == []
        assert traces(number, {"log": house.agent.log.read_bytes()}) == []
