"""The journal's disk is full, turns read-only or fails under the running agent: no money runs that could not
be written down, what was committed is not lost, and the front desk reads why nothing is taken."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from terminal_agent.client import Pending, Sale
from tests.support.broker import Broker
from tests.support.counter import progressed, restarted, says, sold
from tests.support.disks import SmallDisk, refusing, small_disk
from tests.support.house import House, a_house
from tests.support.money_stopped import stopped_with, told, true_after_a_restart, unanswered
from tests.support.station import Plan
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S

NO_ROOT = "needs root, to mount a small disk and to fail the writes of a process whose memory is private"
pytestmark = [pytest.mark.system, pytest.mark.skipif(os.geteuid() != 0, reason=NO_ROOT)]

# As small as the settings allow: 1 MiB of reserve, 1 MiB as the floor, and room for a journal.
_DISK_MIB = 6
_JOURNAL_EXIT = 3
# It soon sees that nobody answers, and books all the same.
IMPATIENT = Plan(wire="tcp", scenario={"booking_policy": "keep", "t2_s": 0.7, "t3_s": 1.2})


@asynccontextmanager
async def on_a_small_disk(broker: Broker, folder: Path) -> AsyncIterator[tuple[House, SmallDisk]]:
    """A house whose agent keeps its state there."""
    async with a_house(broker, folder, IMPATIENT, started=False) as house:
        with small_disk(house.agent.state_dir, _DISK_MIB) as disk:
            try:
                house.start_agent()
                await house.agent_ready()
                await house.ready()
                yield house, disk
            finally:
                house.agent.kill()


async def waits_for_a_card(house: House) -> Pending:
    """A sale that was taken."""
    pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
    await progressed(house, pending, "awaiting_card")
    return pending


async def test_a_disk_that_is_full_before_and_in_the_middle_of_a_sale(broker: Broker, tmp_path: Path) -> None:
    async with on_a_small_disk(broker, tmp_path) as (house, disk):
        disk.fill(leave_bytes=512 * 1024)
        await rejected_as_full(house)
        assert house.station.count("sale") == 0
        disk.empty()
        pending = await waits_for_a_card(house)
        disk.fill()
        await house.station.present()
        view = await pending.outcome(LIMIT_S)
        assert view.state == "approved"
        assert_true(view, house.lines())
        assert not house.agent.reserve.exists(), "it was not needed: the disk was not full"
        await rejected_as_full(house)
        disk.empty()
        assert house.agent.stop() == 0
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        assert_true(await sold(house, 3000), house.lines(), 1)


async def rejected_as_full(house: House) -> None:
    """Nothing new is taken, and both the reply and the agent's state say why."""
    reply = await house.ask(Sale(**house.stamp(), amount_minor=1000))
    assert (reply.verdict, reply.code) == ("rejected", "disk_low")
    says(reply.text, "presque plein", "almost full")
    await told(house, "disk_low")


async def test_a_disk_that_is_full_to_the_last_byte(broker: Broker, tmp_path: Path) -> None:
    async with on_a_small_disk(broker, tmp_path) as (house, disk):
        pending = await waits_for_a_card(house)
        house.agent.reserve.unlink()
        disk.fill()
        await house.station.present()
        another = await stopped_with(house, "journal_full")
        disk.empty()
        await true_after_a_restart(house, pending, another)


async def test_a_disk_that_is_read_only_at_the_start(broker: Broker, tmp_path: Path) -> None:
    async with on_a_small_disk(broker, tmp_path) as (house, disk):
        assert house.agent.stop() == 0
        disk.remount("ro")
        before = len(house.agent.said)
        house.start_agent()
        assert house.agent.ended() == _JOURNAL_EXIT
        told = [json.loads(line) for line in house.agent.said[before:].splitlines()]
        assert [(line["event"], line["code"]) for line in told] == [
            ("journal_unusable", "journal_unreadable")
        ]
        assert str(house.agent.journal) in told[0]["why"]
        assert "not mounted read-only" in told[0]["why"]
        disk.remount("rw")
        await restarted(house)
        assert_true(await sold(house, 3000), house.lines())


async def test_a_disk_that_turns_read_only(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, IMPATIENT) as house:
        pending = await waits_for_a_card(house)
        async with refusing(house.agent.pid, house.agent.journal, "EROFS"):
            await house.station.present()
            await stopped_with(house, "journal_io")
        # The disk is well again, but nobody knows what it holds: nothing is taken before a restart.
        another = await unanswered(house)
        await true_after_a_restart(house, pending, another)
