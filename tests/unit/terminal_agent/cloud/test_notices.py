"""What is told beside the facts: the newest state, once; events as long as there is somebody to tell."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from protocols.contract.messages import Message
from protocols.contract.projections import AgentState
from protocols.core.session import Capabilities, Phase, Progress
from terminal_agent.cloud.notices import Notices
from terminal_agent.cloud.traffic import LinkDownError
from terminal_agent.commands.situation import Limits
from terminal_agent.journal.facts import Head
from terminal_agent.terminal.standing import Standing
from tests.support.agent_desk import TOPICS
from tests.support.clock import FakeClock
from tests.support.virtual_clock import run_virtual, settle

EPOCH = "01JD7A0000E5F6G7H8J9KMNPQR"


@dataclass
class Hearer:
    """A publisher that can be down; every message of it takes a moment."""

    down: bool = False
    sent: list[Message] = field(default_factory=list)

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        await asyncio.sleep(0.001)
        if self.down:
            raise LinkDownError("nobody is there")
        self.sent.append(message)

    def words(self, channel: str = "state") -> list[str]:
        """The states told on a channel, in order."""
        return self.said(channel, "state")

    def said(self, channel: str, name: str) -> list[Any]:
        """A field of each message of a channel, in order."""
        return [
            json.loads(message.payload)["data"].get(name, "")
            for message in self.sent
            if message.topic.endswith(f"/{channel}")
        ]


@dataclass
class Notebook:
    """Notices under way, with their hearer and one terminal."""

    hearer: Hearer
    notices: Notices
    standing: Standing

    def stands(self, phase: Phase) -> None:
        self.standing.phase = phase
        self.notices.stands("desk-1", self.standing)


def noticing(body: Callable[[Notebook], Coroutine[Any, Any, None]]) -> Hearer:
    """Run a body beside running notices, in virtual time; what was heard."""

    async def main() -> Hearer:
        async with noted() as notebook:
            await body(notebook)
            await asyncio.sleep(1.0)
            return notebook.hearer

    return run_virtual(main())


@asynccontextmanager
async def noted() -> AsyncIterator[Notebook]:
    clock, hearer = FakeClock(), Hearer()
    head = Head(EPOCH, clock.wall(), 1, 7, 0, True)
    notices = Notices(TOPICS, hearer, clock, bytes, lambda: head)
    can = Capabilities(operations=frozenset({"sale"}), entry_modes=("insert",))
    task = asyncio.create_task(notices.run())
    try:
        yield Notebook(hearer, notices, Standing(can, "CAD", Limits()))
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_the_steps_of_a_moment_are_told_as_the_last_of_them() -> None:
    async def body(notebook: Notebook) -> None:
        for phase in (Phase.GREETING, Phase.PREPARING, Phase.IDLE):
            notebook.stands(phase)
            await settle()

    assert noticing(body).words() == ["ready"]


def test_steps_with_a_pause_between_them_are_told_each() -> None:
    async def body(notebook: Notebook) -> None:
        for phase in (Phase.GREETING, Phase.IDLE, Phase.DOWN):
            notebook.stands(phase)
            await asyncio.sleep(0.1)

    assert noticing(body).words() == ["connecting", "ready", "offline"]


def test_what_is_as_before_is_not_told_again() -> None:
    async def body(notebook: Notebook) -> None:
        for _ in range(3):
            notebook.stands(Phase.IDLE)
            await asyncio.sleep(0.1)

    hearer = noticing(body)
    assert (hearer.words(), len(hearer.words("caps"))) == (["ready"], 1)


def test_a_prompt_does_not_wait_for_the_steps_to_pause() -> None:
    async def body(notebook: Notebook) -> None:
        notebook.stands(Phase.PREPARING)
        notebook.notices.progress(
            "desk-1", Progress("01JD7A0000E5F6G7H8J9KMNPQS", "awaiting_card", "insert_card", "cardholder")
        )
        await asyncio.sleep(0.01)
        assert [message.topic.rsplit("/", 1)[1] for message in notebook.hearer.sent] == ["progress"]

    assert noticing(body).words() == ["busy"]


def test_a_new_connection_hears_everything_retained_as_it_stands_now() -> None:
    async def body(notebook: Notebook) -> None:
        notebook.stands(Phase.GREETING)
        await asyncio.sleep(0.1)
        notebook.stands(Phase.IDLE)
        notebook.hearer.sent.clear()
        notebook.notices.all_anew()
        await asyncio.sleep(0.02)
        assert all(message.retain for message in notebook.hearer.sent)

    hearer = noticing(body)
    assert (hearer.words(), len(hearer.words("caps"))) == (["ready"], 1)


def test_the_last_words_are_all_out_when_flush_returns() -> None:
    async def body(notebook: Notebook) -> None:
        notebook.stands(Phase.DOWN)
        notebook.notices.state(
            "state", AgentState(state="disconnected", epoch=EPOCH, boot=1, since=FakeClock().wall())
        )
        await notebook.notices.flush()
        assert sorted(notebook.hearer.words()) == ["disconnected", "offline"]

    noticing(body)


def test_what_cannot_leave_is_dropped_but_states_and_critical_alerts_come_with_the_next_connection() -> None:
    async def body(notebook: Notebook) -> None:
        notebook.hearer.down = True
        for code in ("silent", "wrong_device", "money_stopped"):
            notebook.notices.alert(code, {"why": "a test"})
        notebook.stands(Phase.IDLE)
        await asyncio.sleep(0.1)
        notebook.hearer.down = False
        for _ in range(2):
            notebook.notices.all_anew()
            await asyncio.sleep(0.1)

    hearer = noticing(body)
    assert hearer.words() == ["ready", "ready"]
    assert hearer.said("alert", "code") == ["wrong_device", "money_stopped"]


def test_of_critical_alerts_that_wait_the_oldest_are_dropped() -> None:
    async def body(notebook: Notebook) -> None:
        notebook.hearer.down = True
        for number in range(20):
            notebook.notices.alert("money_stopped", {"why": str(number)})
        await asyncio.sleep(0.1)
        notebook.hearer.down = False
        notebook.notices.all_anew()

    told = noticing(body).said("alert", "details")
    assert [one["why"] for one in told] == [str(number) for number in range(4, 20)]


def test_a_state_says_which_facts_it_knows_of() -> None:
    async def body(notebook: Notebook) -> None:
        notebook.stands(Phase.IDLE)

    (state,) = [message for message in noticing(body).sent if message.topic.endswith("/state")]
    assert json.loads(state.payload)["data"]["as_of"] == {"epoch": EPOCH, "seq": 7}


def test_the_log_tells_who_comes_and_goes_and_every_alert(caplog: pytest.LogCaptureFixture) -> None:
    async def body(notebook: Notebook) -> None:
        for phase in (Phase.IDLE, Phase.PREPARING, Phase.IDLE, Phase.DOWN):
            notebook.stands(phase)
            await asyncio.sleep(0.1)
        notebook.notices.alert("silent", {"after_s": "40"}, "desk-1")

    with caplog.at_level(logging.INFO, logger="terminal_agent"):
        noticing(body)
    told = [record.getMessage() for record in caplog.records]
    assert [("terminal_state" in line, "ready" in line, "offline" in line) for line in told[:2]] == [
        (True, True, False),
        (True, False, True),
    ]
    assert len(told) == 3
    assert "silent" in told[2]
