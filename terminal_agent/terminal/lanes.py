"""From a terminal's settings to its workers: one, or two where its vault works beside its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.transport import Endpoint
from protocols.core.session import Session
from protocols.registry import PROTOCOLS, Entropy, Options
from terminal_agent.clock import Clock
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.commands.situation import Limits
from terminal_agent.journal.port import Journal
from terminal_agent.settings.terminal import Terminal
from terminal_agent.terminal.endpoint import endpoints_of
from terminal_agent.terminal.fleet import BESIDE
from terminal_agent.terminal.standing import Standing
from terminal_agent.terminal.worker import Herald, Worker

Endpoints = Mapping[str, Callable[[], Endpoint]]
"""What makes a fresh endpoint for each opening, by the name of its link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What every worker is given of the agent."""

    lifecycle: Lifecycle
    journal: Journal
    clock: Clock
    herald: Herald
    entropy: Entropy


def make_workers(
    terminal: Terminal, around: Around, endpoints: Callable[[Terminal], Endpoints] = endpoints_of
) -> Mapping[str, Worker]:
    """The workers of one terminal, by their names in the fleet."""
    protocol = PROTOCOLS[terminal.protocol]
    ways, lane = endpoints(terminal), protocol.beside
    if lane is None:
        return {terminal.id: _worker(terminal, protocol.build, ways, around, lambda _op: True)}
    second = _worker(terminal, lane.build, ways, around, lambda op: op in lane.operations)
    first = _worker(terminal, protocol.build, ways, around, lambda op: op not in lane.operations)
    first.standing.beside = second.standing
    second.tell_as(first)
    return {terminal.id: first, terminal.id + BESIDE: second}


def _worker(
    terminal: Terminal,
    build: Callable[[Options, Entropy], Session],
    endpoints: Endpoints,
    around: Around,
    does: Callable[[str], bool],
) -> Worker:
    options = terminal.for_protocol()

    def make_session() -> Session:
        return build(options, around.entropy)

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
        endpoints=endpoints,
        lifecycle=around.lifecycle,
        journal=around.journal,
        clock=around.clock,
        herald=around.herald,
        does=does,
    )
