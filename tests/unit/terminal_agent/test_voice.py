"""What the agent says of itself: ready, or why not; its last words; who is configured and what is open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from protocols.core.operations import Sale
from protocols.core.session import Capabilities, Peer
from protocols.core.values import Money
from terminal_agent.clock import BackendTime
from terminal_agent.cloud.notices import Notices
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.commands.situation import Limits
from terminal_agent.journal.facts import Space
from terminal_agent.observability.counters import Counters
from terminal_agent.observability.health import HealthReport
from terminal_agent.settings import Settings
from terminal_agent.terminal.fleet import Fleet
from terminal_agent.terminal.standing import Standing
from terminal_agent.terminal.worker import Worker
from terminal_agent.voice import Voice, agent_version
from terminal_agent.wiring import topics
from tests.support.agent_desk import FakePublisher
from tests.support.memory_journal import MemoryJournal
from tests.support.operations import operation_id
from tests.support.scripted_session import ScriptedSession
from tests.support.virtual_clock import run_virtual
from tests.support.virtual_terminal import START, LoopClock
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read

NAME = operation_id(START, 1)


class Told:
    """A voice with everything that it speaks of, and what it published."""

    def __init__(self, settings: Settings) -> None:
        clock = LoopClock()
        entropy = Random(1).randbytes
        self.publisher = FakePublisher()
        self.journal = MemoryJournal(clock, entropy)
        self.lifecycle = Lifecycle(self.journal, clock)
        self.backend_time = BackendTime(clock)
        self.notices = Notices(topics(settings), self.publisher, clock, entropy, lambda: self.journal.head)
        self.money_stopped: str | None = None
        self.standing = Standing(Capabilities(operations=frozenset()), "CAD", Limits())
        worker = Worker(
            "front",
            self.standing,
            make_session=ScriptedSession,
            endpoints={},
            lifecycle=self.lifecycle,
            journal=self.journal,
            clock=clock,
            herald=self.notices,
        )
        self.lifecycle.listen(worker.heard)
        self.voice = Voice(
            settings=settings,
            topics=topics(settings),
            journal=self.journal,
            backend_time=self.backend_time,
            clock=clock,
            entropy=entropy,
            notices=self.notices,
            fleet=Fleet({"front": worker}, report=lambda: None, rescan=lambda: None),
            health=HealthReport(
                journal=self.journal,
                journal_path=Path("nowhere"),
                clock=clock,
                backend=self.backend_time,
                counters=Counters(),
                certificate=None,
            ),
            money_stopped=lambda: self.money_stopped,
        )
        self._clock = clock

    async def well(self) -> None:
        """All that money needs is there."""
        await self.journal.mark_synced(self._clock.wall())
        self.backend_time.hear(self._clock.wall())

    async def said(self, channel: str) -> dict[str, Any]:
        """The newest on a channel."""
        await self.notices.flush()
        found = [one for one in self.publisher.sent if one.topic.endswith(f"/agent/agent/{channel}")]
        assert found
        assert found[-1].retain
        data: dict[str, Any] = json.loads(found[-1].payload)["data"]
        return data


@pytest.fixture
def tell(tmp_path: Path) -> Callable[[Callable[[Told], Awaitable[None]]], None]:
    """Run a test with a voice, in virtual time."""
    settings = read(tmp_path, minimal() + one_terminal())

    def run(main: Callable[[Told], Awaitable[None]]) -> None:
        async def whole() -> None:
            await main(Told(settings))

        run_virtual(whole())

    return run


Tell = Callable[[Callable[[Told], Awaitable[None]]], None]


def test_ready_when_money_can_be_taken(tell: Tell) -> None:
    async def main(told: Told) -> None:
        await told.well()
        told.voice.state()
        said = await told.said("state")
        assert said["state"] == "ready"
        assert "code" not in said
        assert (said["epoch"], said["boot"]) == (told.journal.head.epoch, 1)

    tell(main)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("stopped", "money_stopped"),
        ("new", "journal_new"),
        ("clock", "clock_untrusted"),
        ("new and wrong", "clock_untrusted"),
        ("disk", "disk_low"),
    ],
)
def test_degraded_says_why_in_both_languages(tell: Tell, trouble: str, code: str) -> None:
    async def main(told: Told) -> None:
        if trouble == "new and wrong":
            told.backend_time.hear(LoopClock().wall() + timedelta(hours=5))
        elif trouble != "new":
            await told.journal.mark_synced(told._clock.wall())
        if trouble in ("stopped", "disk"):
            told.backend_time.hear(LoopClock().wall())
        if trouble == "stopped":
            told.money_stopped = "journal_io"
        if trouble == "disk":
            told.journal.space_now = Space(free_bytes=1, floor_bytes=2, reserve_held=True)
        told.voice.state()
        said = await told.said("state")
        assert (said["state"], said["code"]) == ("degraded", code)
        assert said["text"]["fr"] != said["text"]["en"]

    tell(main)


def test_since_is_the_moment_of_the_change(tell: Tell) -> None:
    async def main(told: Told) -> None:
        await told.well()
        told.voice.state()
        first = (await told.said("state"))["since"]
        await asyncio.sleep(60.0)
        told.backend_time.hear(LoopClock().wall())
        told.voice.state()
        assert (await told.said("state"))["since"] == first
        told.money_stopped = "journal_io"
        told.voice.state()
        assert (await told.said("state"))["since"] > first

    tell(main)


def test_the_last_words_are_not_talked_over(tell: Tell) -> None:
    async def main(told: Told) -> None:
        await told.well()
        told.voice.leaving("stopping")
        told.voice.state()
        said = await told.said("state")
        assert (said["state"], said["code"]) == ("stopping", "shutting_down")
        told.voice.leaving("disconnected")
        assert (await told.said("state"))["state"] == "disconnected"

    tell(main)


def test_the_will_is_that_we_are_lost(tell: Tell) -> None:
    async def main(told: Told) -> None:
        will = told.voice.will()
        assert will.retain
        body = json.loads(will.payload)["data"]
        assert (body["state"], body["epoch"]) == ("lost", told.journal.head.epoch)

    tell(main)


def test_info_names_the_terminals_and_what_is_open(tell: Tell) -> None:
    async def main(told: Told) -> None:
        told.standing.peer = Peer("/dev/ttyS0")
        await told.lifecycle.apply(
            Admitted(
                operation_id=NAME,
                terminal="front",
                op="sale",
                hash="00" * 32,
                code=None,
                operation=Sale(operation_id=NAME, amount=Money(1)),
                amount=Money(1),
            ),
            "front",
        )
        told.voice.born()
        said = await told.said("info")
        assert said["terminals"] == [{"terminal": "front", "protocol": "zvt", "where": "/dev/ttyS0"}]
        assert [(one["operation_id"], one["state"]) for one in said["open_operations"]] == [
            (NAME, "accepted")
        ]
        assert (said["point_of_service"], said["version"]) == ("Accueil", agent_version())

    tell(main)


def test_a_new_connection_gets_everything_anew(tell: Tell) -> None:
    async def main(told: Told) -> None:
        told.voice.born()
        await told.notices.flush()
        before = len(told.publisher.sent)
        told.voice.born()
        await told.notices.flush()
        assert len(told.publisher.sent) == 2 * before

    tell(main)


def test_numbers_come_when_they_are_wanted_and_once_a_minute_at_least(tell: Tell) -> None:
    async def main(told: Told) -> None:
        task = asyncio.create_task(told.voice.run())

        async def healths() -> int:
            await told.notices.flush()
            return sum(one.topic.endswith("/health") for one in told.publisher.sent)

        await asyncio.sleep(0.5)
        assert await healths() == 1
        for _ in range(20):
            told.voice.want()
        await asyncio.sleep(1.0)
        assert await healths() == 2
        await asyncio.sleep(50.0)
        assert await healths() == 2
        await asyncio.sleep(15.0)
        assert await healths() == 3
        assert (await told.said("health"))["uptime_s"] > 60
        task.cancel()
        await asyncio.wait([task])

    tell(main)
