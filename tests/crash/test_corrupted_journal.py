"""The journal is corrupted while the agent is down: it does not start, says which file and what to do, and
once the backup is back everything ends as the ledger has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terminal_agent.client import Sale
from tests.support.agent_process import AgentProcess
from tests.support.broker import Broker
from tests.support.counter import progressed, restarted, sold
from tests.support.house import House, a_house
from tests.support.programs import ROOT
from tests.support.station import Plan
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = pytest.mark.system

_JOURNAL_EXIT = 3


def backed_up(house: House) -> Path:
    """A copy of the journal, made by the command for it beside the running agent."""
    copy = house.folder / "backup.sqlite3"
    where = ["--config", str(house.agent.config)]
    subprocess.run(
        [sys.executable, "-m", "terminal_agent", "journal", "backup", str(copy), *where],
        check=True,
        capture_output=True,
        cwd=ROOT,
        timeout=LIMIT_S,
    )
    return copy


def overwritten(journal: Path, at: int) -> bytes:
    """Overwrite a page there; what the file was before."""
    sound = journal.read_bytes()
    with journal.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(4096))
    return sound


def refuses_to_start(agent: AgentProcess, code: str) -> str:
    """It ends at once with the exit code of the journal; what it told the technician."""
    before = len(agent.said)
    agent.start()
    assert agent.ended() == _JOURNAL_EXIT
    (line,) = [json.loads(line) for line in agent.said[before:].splitlines()]
    assert (line["level"], line["event"], line["code"]) == ("critical", "journal_unusable", code), line
    assert str(agent.journal) in line["why"]
    return str(line["why"])


async def test_a_corrupted_journal_and_a_backup(broker: Broker, tmp_path: Path) -> None:
    async with a_house(broker, tmp_path, Plan(wire="tcp")) as house:
        agent = house.agent
        assert_true(await sold(house, 1000), house.lines())
        pending = await house.start(Sale(**house.stamp(), amount_minor=2000))
        await progressed(house, pending, "awaiting_card")
        backup = backed_up(house)  # in it the second sale is committed, and no more
        await house.station.present()
        told = await pending.outcome(LIMIT_S)
        assert_true(told, house.lines(), 1)
        assert agent.stop() == 0
        middle = agent.journal.stat().st_size // 2 // 4096 * 4096
        for at in (0, middle):
            sound = overwritten(agent.journal, at)
            assert "restore a backup" in refuses_to_start(agent, "journal_corrupt")
            await eventually(lambda: house.client.is_away(agent.id), "the front desk reads that it is away")
            agent.journal.write_bytes(sound)
        assert house.station.count("sale") == 2
        agent.lose_journal()
        shutil.copy(backup, agent.journal)
        await restarted(house)
        await eventually(lambda: agent.stage_of(pending.operation_id)[0] == "approved", "it is found out")
        assert (await pending.outcome(LIMIT_S)).money == told.money == "charged"
        assert (await pending.repeat(LIMIT_S)).verdict == "duplicate"
        assert house.station.count("sale") == 2
        assert_true(await sold(house, 3000), house.lines(), 2)
