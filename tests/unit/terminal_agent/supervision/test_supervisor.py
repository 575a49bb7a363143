"""Restarts, back-off, the journal's failure, an orderly end. All in virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from terminal_agent.supervision.backoff import Backoff
from terminal_agent.supervision.supervisor import Supervisor, guard
from terminal_agent.supervision.unit import Crash, EndedUnaskedError, Unit
from tests.support.virtual_clock import run_virtual, settle


class JournalIsGoneError(Exception):
    """As the journal's."""

    stops_money = True
    code = "journal_failed"


class Watch:
    """A supervisor and what it told."""

    def __init__(self) -> None:
        self.crashes: list[Crash] = []
        self.money_stops: list[str] = []
        self.supervisor = Supervisor(
            on_crash=self.crashes.append,
            on_money_stopped=self.money_stops.append,
            backoff=Backoff(first_s=1.0, longest_s=8.0, healthy_after_s=60.0),
            chance=lambda: 0.0,
        )


class Body:
    """A unit's coroutine: notes when it was started, then does what it was told for that start."""

    def __init__(self, *acts: Callable[[], Awaitable[None]]) -> None:
        self._acts = acts
        self.started_s: list[float] = []
        self.ended: list[str] = []

    async def __call__(self) -> None:
        self.started_s.append(asyncio.get_running_loop().time())
        number = len(self.started_s) - 1
        try:
            await (self._acts[number] if number < len(self._acts) else forever)()
        finally:
            self.ended.append("ended")


async def forever() -> None:
    """Run until cancelled."""
    await asyncio.Event().wait()


def fails(error: Exception, after_s: float = 0.0) -> Callable[[], Awaitable[None]]:
    """An act that raises after a while."""

    async def act() -> None:
        await asyncio.sleep(after_s)
        raise error

    return act


async def returns() -> None:
    """An act that ends though nobody asked."""


async def cancels_itself() -> None:
    """An act that awaits something which somebody else cancelled."""
    inner = asyncio.ensure_future(forever())
    inner.cancel()
    await inner


def test_a_crash_restarts_that_unit_alone_after_a_growing_pause() -> None:
    async def main() -> None:
        watch, calm = Watch(), Body()
        restless = Body(*[fails(ValueError("boom"))] * 5)
        watch.supervisor.add(Unit("calm", calm))
        watch.supervisor.add(Unit("restless", restless))
        await asyncio.sleep(1000)
        pauses = [b - a for a, b in zip(restless.started_s, restless.started_s[1:], strict=False)]
        assert pauses == [1, 2, 4, 8, 8]
        assert len(calm.started_s) == 1
        record = watch.supervisor.records["restless"]
        assert (record.state, record.restarts, record.last_error) == ("running", 5, "ValueError: boom")
        assert watch.crashes[0] == Crash("restless", "unit_crashed", "ValueError: boom", False, 1.0)
        await watch.supervisor.stop()

    run_virtual(main())


def test_a_unit_whose_task_group_fails_is_started_again() -> None:
    async def breaks() -> None:
        await asyncio.sleep(1.0)
        raise ValueError("inner")

    async def group_fails() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.Event().wait())
            tasks.create_task(breaks())

    async def main() -> None:
        watch, body = Watch(), Body(group_fails, group_fails)
        watch.supervisor.add(Unit("grouped", body))
        await asyncio.sleep(100)
        assert len(body.started_s) == 3
        await watch.supervisor.stop()

    run_virtual(main())


def test_a_unit_that_was_healthy_starts_from_the_first_pause_again() -> None:
    async def main() -> None:
        watch = Watch()
        body = Body(fails(OSError()), fails(OSError()), fails(OSError(), after_s=60), fails(OSError()))
        watch.supervisor.add(Unit("link", body))
        await asyncio.sleep(1000)
        assert [crash.next_start_in_s for crash in watch.crashes] == [1, 2, 1, 2]
        await watch.supervisor.stop()

    run_virtual(main())


@pytest.mark.parametrize("act", [returns, cancels_itself])
def test_an_end_that_nobody_asked_for_is_a_crash(act: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        watch, body = Watch(), Body(act)
        watch.supervisor.add(Unit("outbox", body))
        await asyncio.sleep(10)
        assert [crash.code for crash in watch.crashes] == ["unit_ended"]
        assert len(body.started_s) == 2
        await watch.supervisor.stop()

    run_virtual(main())


def test_a_failing_journal_stops_all_money_for_good_and_says_so_once() -> None:
    async def main() -> None:
        watch = Watch()
        first, second, outbox = Body(fails(JournalIsGoneError("disk"), after_s=5)), Body(), Body()
        watch.supervisor.add(Unit("outbox", outbox))
        watch.supervisor.add(Unit("terminal:a", first, money=True))
        watch.supervisor.add(Unit("terminal:b", second, money=True))
        await asyncio.sleep(3600)
        assert (len(first.started_s), len(second.started_s), len(outbox.started_s)) == (1, 1, 1)
        assert second.ended == ["ended"]
        assert outbox.ended == []
        assert watch.money_stops == ["JournalIsGoneError: disk"]
        assert watch.supervisor.money_stopped == "JournalIsGoneError: disk"
        assert [crash.next_start_in_s for crash in watch.crashes] == [None]
        states = {name: record.state for name, record in watch.supervisor.records.items()}
        assert states == {"outbox": "running", "terminal:a": "money_stopped", "terminal:b": "money_stopped"}
        await watch.supervisor.stop()

    run_virtual(main())


def test_the_unit_that_finds_the_journal_dead_goes_on_if_it_moves_no_money() -> None:
    async def main() -> None:
        watch, terminal = Watch(), Body()
        failing = ExceptionGroup("tasks", [JournalIsGoneError("disk")])
        outbox = Body(fails(failing), fails(failing))
        watch.supervisor.add(Unit("terminal:a", terminal, money=True))
        watch.supervisor.add(Unit("outbox", outbox))
        await asyncio.sleep(100)
        assert terminal.ended == ["ended"]
        assert len(outbox.started_s) == 3
        assert len(watch.money_stops) == 1
        await watch.supervisor.stop()

    run_virtual(main())


def test_a_money_unit_added_after_the_journal_failed_is_not_started() -> None:
    async def main() -> None:
        watch, late = Watch(), Body()
        watch.supervisor.add(Unit("terminal:a", Body(fails(JournalIsGoneError())), money=True))
        await settle()
        watch.supervisor.add(Unit("terminal:b", late, money=True))
        await asyncio.sleep(100)
        assert late.started_s == []
        assert watch.supervisor.records["terminal:b"].state == "money_stopped"
        await watch.supervisor.stop()

    run_virtual(main())


def test_units_end_in_the_reverse_order_each_before_the_next() -> None:
    async def main() -> None:
        watch, order = Watch(), []

        def tidy(name: str) -> Callable[[], Awaitable[None]]:
            async def act() -> None:
                try:
                    await forever()
                finally:
                    await asyncio.sleep(1)
                    order.append(name)

            return act

        for name in ("link", "outbox", "terminal:a"):
            watch.supervisor.add(Unit(name, tidy(name)))
        await settle()
        await watch.supervisor.stop()
        assert order == ["terminal:a", "outbox", "link"]
        assert watch.crashes == []
        assert {record.state for record in watch.supervisor.records.values()} == {"stopped"}

    run_virtual(main())


def test_one_unit_can_be_stopped_and_added_again() -> None:
    async def main() -> None:
        watch, body = Watch(), Body()
        watch.supervisor.add(Unit("link", Body()))
        watch.supervisor.add(Unit("terminal:a", body))
        await settle()
        with pytest.raises(ValueError, match="'terminal:a' is there already"):
            watch.supervisor.add(Unit("terminal:a", body))
        await watch.supervisor.stop(["terminal:a"])
        assert watch.supervisor.records["link"].state == "running"
        watch.supervisor.add(Unit("terminal:a", body))
        await settle()
        assert len(body.started_s) == 2
        await watch.supervisor.stop()

    run_virtual(main())


def test_a_unit_in_its_pause_is_stopped_at_once() -> None:
    async def main() -> None:
        watch, body = Watch(), Body(fails(OSError()))
        watch.supervisor.add(Unit("link", body))
        await settle()
        assert watch.supervisor.records["link"].state == "waiting"
        await watch.supervisor.stop()
        await asyncio.sleep(100)
        assert len(body.started_s) == 1

    run_virtual(main())


def test_a_unit_that_will_not_end_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def stubborn() -> None:
        released_at_s = asyncio.get_running_loop().time() + 100
        while asyncio.get_running_loop().time() < released_at_s:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                continue

    async def main() -> None:
        watch, other = Watch(), Body()
        watch.supervisor.add(Unit("other", other))
        watch.supervisor.add(Unit("stubborn", stubborn, grace_s=2.0))
        await settle()
        before_s = asyncio.get_running_loop().time()
        await watch.supervisor.stop()
        assert asyncio.get_running_loop().time() - before_s == 2.0
        assert other.ended == ["ended"]

    with caplog.at_level(logging.ERROR, "terminal_agent"):
        run_virtual(main())
    assert "unit_would_not_end" in caplog.text


def test_a_crash_is_told_without_a_card_number() -> None:
    async def main() -> None:
        watch = Watch()
        watch.supervisor.add(Unit("x", Body(fails(ValueError("track ;4111111111111111=")))))
        await settle()
        assert watch.crashes[0].error == "ValueError: track ;************1111="
        await watch.supervisor.stop()

    logging.disable(logging.CRITICAL)
    try:
        run_virtual(main())
    finally:
        logging.disable(logging.NOTSET)


def test_guard_returns_why_and_lets_a_cancellation_through() -> None:
    async def main() -> None:
        error = OSError("gone")
        assert await guard(Unit("a", fails(error))) is error
        assert isinstance(await guard(Unit("b", returns)), EndedUnaskedError)
        task = asyncio.create_task(guard(Unit("c", forever)))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main())
