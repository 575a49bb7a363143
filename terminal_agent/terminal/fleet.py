"""All terminals of this agent: the door through which commands reach them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from protocols.core.operations import NAMES, Attempt, Request
from terminal_agent.commands.lifecycle import Applied
from terminal_agent.commands.situation import Availability
from terminal_agent.supervision.unit import Unit
from terminal_agent.terminal.standing import Standing
from terminal_agent.terminal.worker import Worker

_UNIT = "terminal "  # a unit's name is this and its worker's name
BESIDE = " beside"  # after the terminal's id: the name of its second lane


class Fleet:
    """The workers by their terminal's id, a second lane of it with `BESIDE` after that. Nothing here waits or
    raises."""

    def __init__(
        self, workers: Mapping[str, Worker], *, report: Callable[[], None], rescan: Callable[[], None]
    ) -> None:
        self._workers = dict(workers)
        self._report = report
        self._rescan = rescan

    def units(self) -> Iterator[Unit]:
        """One supervised unit per terminal."""
        for terminal, worker in self._workers.items():
            yield Unit(_UNIT + terminal, worker.run, money=True)

    def terminal_of(self, unit: str) -> str | None:
        """The terminal whose unit has this name; None for another unit."""
        name = unit.removeprefix(_UNIT)
        known = unit.startswith(_UNIT) and name in self._workers
        return self._workers[name].terminal if known else None

    def standings(self) -> Mapping[str, Standing]:
        """Where each lane of each terminal stands."""
        return {name: worker.standing for name, worker in self._workers.items()}

    def availability(self, terminal: str, op: str) -> Availability | None:
        """The terminal as it is now for an operation; None for one that is not configured here."""
        worker = self._lane(terminal, op)
        return replace(worker.standing.availability(), does=worker.does) if worker is not None else None

    def begin(self, terminal: str, operation: Request, attempt: Attempt, commit_before: float) -> None:
        """Start an operation that is in the journal."""
        worker = self._lane(terminal, NAMES[type(operation)])
        if worker is None:
            raise KeyError(terminal)
        worker.begin(operation, attempt, commit_before)

    def abort(self, terminal: str, operation_id: str) -> None:
        """Ask to stop an operation; one that its session is not at has its own end to tell."""
        for worker in self._lanes(terminal):
            worker.abort(operation_id)

    def ask(self, terminal: str, operation_id: str) -> None:
        """A question to the terminal is wanted now."""
        for worker in self._lanes(terminal):
            worker.ask(operation_id)

    def rescan(self) -> None:
        """Look for devices again, and greet every terminal that is idle or lost."""
        self._rescan()
        self.greet()

    def greet(self) -> None:
        """Greet every terminal that is idle or lost."""
        for worker in self._workers.values():
            worker.look_again()

    def report(self) -> None:
        """Publish the agent's `info` and `health` anew."""
        self._report()

    async def idle(self, within_s: float) -> bool:
        """Wait until no terminal is at anything; False when that takes too long."""
        try:
            async with asyncio.timeout(within_s):
                for worker in self._workers.values():
                    await worker.idle()
        except TimeoutError:
            return False
        return True

    def heard(self, applied: Applied) -> None:
        """An entry is on disk: its terminal's workers follow."""
        for worker in self._lanes(applied.put.terminal):
            if applied.row is None or worker.does(applied.row.op):
                worker.heard(applied)

    def _lanes(self, terminal: str) -> Iterator[Worker]:
        return (self._workers[name] for name in (terminal, terminal + BESIDE) if name in self._workers)

    def _lane(self, terminal: str, op: str) -> Worker | None:
        """Who does it; the first lane also answers for what none can do."""
        lanes = tuple(self._lanes(terminal))
        return next((worker for worker in lanes if worker.does(op)), next(iter(lanes), None))
