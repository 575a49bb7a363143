"""The composed agent in this process: no broker answers, no terminal is there, and it ends in good order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Sale
from protocols.core.session import Session
from protocols.core.values import Money
from terminal_agent.app import App
from terminal_agent.clock import SystemClock
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.errors import JournalUnusable
from terminal_agent.journal.facts import Row
from terminal_agent.journal.sqlite import SqliteJournal, open_journal
from terminal_agent.settings import Settings
from tests.support.broker import free_port
from tests.support.operations import operation_id
from tests.support.waiting import eventually
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read

CLOCK = SystemClock()
BEGUN, WAITING, STRANGER = (operation_id(CLOCK.wall(), number) for number in (1, 2, 3))


def configured(folder: Path) -> Settings:
    """An agent whose broker and terminal are not there."""
    endpoint = f'tcp = {{host = "127.0.0.1", port = {free_port()}}}'
    text = minimal().replace('host = "127.0.0.1"', f'host = "127.0.0.1"\nport = {free_port()}')
    return read(folder, text + one_terminal(endpoint=endpoint))


@asynccontextmanager
async def journal_of(settings: Settings) -> AsyncIterator[SqliteJournal]:
    """The agent's journal while the agent is not running."""
    settings.journal_path.parent.mkdir(parents=True, exist_ok=True)
    journal = await open_journal(settings.journal_path, CLOCK, Random(2).randbytes)
    yield journal
    await journal.aclose()


async def left_open(journal: SqliteJournal, name: str, terminal: str = "front") -> None:
    """A command that an earlier process had taken."""
    sale = Sale(operation_id=name, amount=Money(1_250))
    admitted = Admitted(
        operation_id=name,
        terminal=terminal,
        op="sale",
        hash="00" * 32,
        code=None,
        operation=sale,
        amount=sale.amount,
    )
    await Lifecycle(journal, CLOCK).apply(admitted, terminal)


async def row_of(journal: SqliteJournal, name: str) -> Row:
    """An operation as the journal holds it."""
    row = await journal.read(lambda reader: reader.operation(name))
    assert row is not None
    return row


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    """The agent runs; at the end it is asked to stop as the service manager does."""
    task = asyncio.create_task(app.run())
    await eventually(lambda: "upkeep" in app._supervisor.records or task.done(), "every unit is started")
    yield
    os.kill(os.getpid(), signal.SIGTERM)  # the handler stands since before the units were started
    await asyncio.wait_for(task, 30)


async def test_an_agent_that_nobody_answers_starts_waits_and_stops(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    app = await App.make(settings, entropy=Random(1).randbytes)
    async with running(app):
        standing = app._fleet.standings()["front"]
        await eventually(lambda: standing.reason.startswith("refused"), "the terminal is found absent")
        assert not app._supervisor.money_stopped
        up = {name for name, record in app._supervisor.records.items() if record.state == "running"}
        assert up >= {"link", "outbox", "terminal front", "voice"}
    assert {record.state for record in app._supervisor.records.values()} == {"stopped"}
    async with journal_of(settings) as journal:
        assert journal.head.boot == 2


async def test_what_an_earlier_process_left_is_ended_or_doubted_before_anything_else(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    async with journal_of(settings) as journal:
        await left_open(journal, WAITING)
        await left_open(journal, BEGUN)
        await left_open(journal, STRANGER, terminal="sold-last-year")
        for name, terminal in ((BEGUN, "front"), (STRANGER, "sold-last-year")):
            no = (await row_of(journal, name)).attempt.no
            await Lifecycle(journal, CLOCK).apply(Mark(name, no, "committed"), terminal)
    app = await App.make(settings)
    async with running(app):
        await eventually(lambda: BEGUN in app._fleet.standings()["front"].open, "stock is taken")
    async with journal_of(settings) as journal:
        assert (await row_of(journal, WAITING)).state == "not_started"
        assert (await row_of(journal, BEGUN)).state == "in_doubt"
        stranger = await row_of(journal, STRANGER)
        assert (stranger.state, stranger.code) == ("needs_human", "terminal_unknown")


async def test_a_second_agent_on_the_same_journal_is_refused(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    async with journal_of(settings):
        with pytest.raises(JournalUnusable):
            await App.make(settings)


async def test_the_journals_folder_is_nobody_elses(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    app = await App.make(settings)
    assert settings.journal_path.parent.stat().st_mode & 0o077 == 0
    await app._journal.aclose()


async def test_a_crashed_terminal_is_counted_and_told(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    app = await App.make(settings)
    worker = app._fleet._workers["front"]
    async with running(app):
        await eventually(lambda: worker._pump is not None, "the worker runs")
        worker._make_session = _broken
        assert worker._pump is not None
        worker._pump._crash = RuntimeError("a link's task fell")
        worker._pump._ring()
        await eventually(lambda: app._counters.of("front").get("restarts"), "the crash is counted")
        assert app._supervisor.money_stopped is None


def _broken() -> Session:
    raise RuntimeError("no session")
