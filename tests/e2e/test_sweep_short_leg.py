"""The short leg of the sweep: an agent with a reader and a vault dies at some of its writes, by strace."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.sweep.counter_cells import CounterCell
from tests.sweep.report import page, results, sound
from tests.sweep.running import swept

pytestmark = [
    pytest.mark.system,
    pytest.mark.mocked_usb,
    pytest.mark.skipif(os.geteuid() != 0, reason="strace attaches to a private process as root only"),
]
EVERY, SETTLE_S = 60, 0.5
CELLS = (
    CounterCell("store_swiped", "found_out", SETTLE_S),
    CounterCell("no_show", "approved", SETTLE_S),
)


async def test_what_the_clinic_was_told_is_what_the_vault_holds(broker: Broker, tmp_path: Path) -> None:
    grid = await asyncio.gather(
        *(
            swept(broker, tmp_path / cell.name, cell, EVERY, 20 * number + 17)
            for number, cell in enumerate(CELLS)
        )
    )
    found = results(grid, EVERY, SETTLE_S)
    assert sound(found), page(found)
    assert found["kills"] >= 2 * len(CELLS)
    for one in grid:
        assert {"journal write", "wire write", "broker send"} <= set(one.points.values()), one.points
