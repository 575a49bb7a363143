"""Canary cards through an encrypting reader and its vault, by the real daemon: nothing is found afterwards.

The simulated vault and the virtual reader run in this process, not in the one that is searched. What the
mocked bus keeps does stand in it: a frame in clear, which the agent refuses and wipes, is counted only.
"""

from __future__ import annotations

import os
from collections import Counter as Count
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from simulator.cards import CARDS
from tests.hunt.conftest import chosen
from tests.hunt.memory import search
from tests.hunt.reader_paths import PATHS, SHORT
from tests.support.broker import Broker
from tests.support.card_traces import left_by, traces
from tests.support.reader_house import Counter, a_counter

pytestmark = [
    pytest.mark.xdist_group("hunt at the reader"),  # one house for all of them
    pytest.mark.system,
    pytest.mark.mocked_usb,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(os.geteuid() != 0, reason="reads the agent's memory: did NOT run, needs root"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counter(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counter]:
    """A house with a reader and a vault."""
    async with a_counter(broker, tmp_path_factory.mktemp("counter")) as running:
        yield running


def group_of(leader: int) -> list[int]:
    """The agent and what it runs under."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == leader:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("path", chosen(PATHS, SHORT))
async def test_nothing_is_left_after(counter: Counter, report: dict[str, object], path: str) -> None:
    way, agent = PATHS[path], counter.house.agent
    number = CARDS[way.card].number
    await counter.ready()
    await way.drive(counter, way.card)
    found, size = Count[str](), 0
    for pid in group_of(agent.pid):
        try:
            searched = search(pid, number)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        found, size = found + searched.found, size + searched.searched_bytes
    report[f"reader: {path}"] = {"in_memory": dict(found), "searched_mib": size >> 20}
    assert size > 10 << 20, "the memory was not read"
    assert way.in_clear or found == {}
    assert traces(number, left_by(counter.house)) == []
