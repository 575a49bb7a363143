"""All terminals of this agent: the door through which commands reach them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from protocols.core.operations import Attempt, Request
from protocols.core.session import Session
from protocols.registry import PROTOCOLS
from terminal_agent.clock import Clock
from terminal_agent.commands.lifecycle import Applied, Lifecycle
from terminal_agent.commands.situation import Availability, Limits
from terminal_agent.journal.port import Journal
from terminal_agent.settings.terminal import Terminal
from terminal_agent.supervision.unit import Unit
from terminal_agent.terminal.endpoint import endpoint_of
from terminal_agent.terminal.standing import Standing
from terminal_agent.terminal.worker import Herald, Worker

Entropy = Callable[[int], bytes]
_UNIT = "terminal "  # a unit's name is this and its terminal's id


class Fleet:
    """The workers by their terminal's id. Nothing here waits or raises."""

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
        terminal = unit.removeprefix(_UNIT)
        return terminal if unit.startswith(_UNIT) and terminal in self._workers else None

    def standings(self) -> Mapping[str, Standing]:
        """Where each stands."""
        return {terminal: worker.standing for terminal, worker in self._workers.items()}

    def availability(self, terminal: str) -> Availability | None:
        """The terminal as it is now; None for one that is not configured here."""
        worker = self._workers.get(terminal)
        return worker.standing.availability() if worker is not None else None

    def begin(self, terminal: str, operation: Request, attempt: Attempt, commit_before: float) -> None:
        """Start an operation that is in the journal."""
        self._workers[terminal].begin(operation, attempt, commit_before)

    def abort(self, terminal: str, operation_id: str) -> None:
        """Ask to stop an operation; one that its session is not at has its own end to tell."""
        if terminal in self._workers:
            self._workers[terminal].abort(operation_id)

    def ask(self, terminal: str, operation_id: str) -> None:
        """A question to the terminal is wanted now."""
        if terminal in self._workers:
            self._workers[terminal].ask(operation_id)

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
        """An entry is on disk: its terminal's worker follows."""
        worker = self._workers.get(applied.put.terminal)
        if worker is not None:
            worker.heard(applied)


def make_worker(
    terminal: Terminal,
    *,
    lifecycle: Lifecycle,
    journal: Journal,
    clock: Clock,
    herald: Herald,
    entropy: Entropy,
) -> Worker:
    """A worker as the settings want it."""
    options = terminal.for_protocol()
    protocol = PROTOCOLS[terminal.protocol]

    def make_session() -> Session:
        return protocol.build(options, entropy)

    limits = terminal.limits
    standing = Standing(
        capabilities=make_session().capabilities,
        currency=terminal.currency,
        limits=Limits(
            largest_sale_minor=limits.largest_sale_minor,
            largest_refund_minor=limits.largest_refund_minor,
            refunds_per_day=limits.refunds_per_day,
            refund_total_per_day_minor=limits.refund_total_per_day_minor,
        ),
        allowed=terminal.operations,
    )
    return Worker(
        terminal.id,
        standing,
        make_session=make_session,
        endpoints={"terminal": endpoint_of(terminal)},
        lifecycle=lifecycle,
        journal=journal,
        clock=clock,
        herald=herald,
    )
