"""One unit per terminal, link and outbox: a crash restarts that unit alone, after a pause that grows.

`guard` is the one place of the agent where any exception ends. An exception with `stops_money = True` (the
journal's) stops every money unit until the process is started again: what cannot be written down must not
be done. The other units go on, so that the cloud is told.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping

from terminal_agent.observability.logs import get_logger
from terminal_agent.redaction import clean_exception
from terminal_agent.supervision.backoff import Backoff
from terminal_agent.supervision.unit import (
    Crash,
    EndedUnaskedError,
    Record,
    Unit,
    code_of,
    stops_money,
    telling,
)

log = get_logger(__name__)


async def guard(unit: Unit) -> Exception:
    """Run a unit until it fails and return why. A cancellation that was asked for passes through.

    The unit has a task of its own: a task group that fails inside it leaves a cancellation behind (Python
    3.11), which must not look as if somebody had asked us to end.
    """
    task = asyncio.ensure_future(unit.start())
    try:
        await asyncio.wait({task})
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if task.cancelled():
        # Nobody asked: the unit awaited something that somebody else cancelled. Passing it on would end
        # the supervision of this unit in silence.
        return EndedUnaskedError(f"{unit.name} ended by a cancellation of its own")
    error = task.exception()
    if error is None:
        return EndedUnaskedError(f"{unit.name} returned; it should run until it is cancelled")
    if not isinstance(error, Exception):
        raise error
    return error


class Supervisor:
    """Starts units as they are added and stops them in the reverse order.

    `on_crash` and `on_money_stopped` must neither block nor raise; they publish alerts.
    """

    def __init__(
        self,
        *,
        on_crash: Callable[[Crash], None],
        on_money_stopped: Callable[[str], None],
        backoff: Backoff | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._on_crash = on_crash
        self._on_money_stopped = on_money_stopped
        self._backoff = backoff or Backoff()
        self._chance = chance
        self._units: dict[str, Unit] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._records: dict[str, Record] = {}
        self.money_stopped: str | None = None

    @property
    def records(self) -> Mapping[str, Record]:
        """Every unit that was ever added, by name."""
        return self._records

    def add(self, unit: Unit) -> None:
        """Start a unit under supervision. Raises ValueError if the name is taken."""
        if unit.name in self._units:
            raise ValueError(f"unit {unit.name!r} is there already; stop it before it is added again")
        self._units[unit.name] = unit
        record = self._records[unit.name] = Record()
        if unit.money and self.money_stopped is not None:
            record.state = "money_stopped"
            return
        self._tasks[unit.name] = asyncio.create_task(self._keep_up(unit, record), name=unit.name)

    async def stop(self, names: Collection[str] | None = None) -> None:
        """Cancel these units (all if None), the last added first, each with its own grace to end."""
        wanted = [name for name in self._units if names is None or name in names]
        for name in reversed(wanted):
            unit, task = self._units.pop(name), self._tasks.pop(name, None)
            if task is not None:
                await _end(unit, task)
            self._records[name].state = "stopped"

    async def _keep_up(self, unit: Unit, record: Record) -> None:
        clock = asyncio.get_running_loop()
        while True:
            record.state, started_s = "running", clock.time()
            error = await guard(unit)
            if _asked_to_end():
                return
            if clock.time() - started_s >= self._backoff.healthy_after_s:
                record.failures_in_a_row = 0
            pause_s = self._after(unit, record, error)
            if pause_s is None:
                record.state = "money_stopped"
                return
            record.state = "waiting"
            await asyncio.sleep(pause_s)
            record.restarts += 1

    def _after(self, unit: Unit, record: Record, error: Exception) -> float | None:
        """Tell of a crash and what follows: the pause before the next start, None for never again."""
        record.failures_in_a_row += 1
        record.last_error = clean_exception(telling(error))
        fatal = stops_money(error)
        pause_s = self._backoff.delay_s(record.failures_in_a_row, self._chance)
        again_s = None if fatal and unit.money else pause_s
        crash = Crash(unit.name, code_of(error), record.last_error, fatal, again_s)
        log.error("unit_crashed", unit=unit.name, code=crash.code, next_start_in_s=again_s, exc_info=error)
        self._on_crash(crash)
        if fatal and self.money_stopped is None:
            self._stop_money(crash)
        return again_s

    def _stop_money(self, crash: Crash) -> None:
        """Cancel every money unit but the one that failed, which ends by itself."""
        self.money_stopped = crash.error
        for name, unit in self._units.items():
            if unit.money and name != crash.unit:
                self._tasks[name].cancel()
                self._records[name].state = "money_stopped"
        log.critical("money_stopped", unit=crash.unit, code=crash.code)
        self._on_money_stopped(crash.error)


def _asked_to_end() -> bool:
    """Whether this task was cancelled, even if the unit in it would not hear of it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _end(unit: Unit, task: asyncio.Task[None]) -> None:
    """Cancel and wait; a unit that does not end within its grace is left behind and named."""
    task.cancel()
    _, late = await asyncio.wait({task}, timeout=unit.grace_s)
    if late:
        log.error("unit_would_not_end", unit=unit.name, grace_s=unit.grace_s)
