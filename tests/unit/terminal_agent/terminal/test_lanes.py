"""From settings to workers: one for a terminal, two where a vault works beside its reader."""

from __future__ import annotations

from random import Random

from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.settings.terminal import Limits, Tcp, Terminal, Token
from terminal_agent.terminal.lanes import Around, make_workers
from tests.support.memory_journal import MemoryJournal
from tests.support.virtual_clock import run_virtual
from tests.support.virtual_terminal import LoopClock
from tests.support.worker_desk import Ears


def around() -> Around:
    """What the rest of an agent would be."""
    clock = LoopClock()
    journal = MemoryJournal(clock, Random(1).randbytes)
    lifecycle = Lifecycle(journal, clock)
    return Around(
        lifecycle=lifecycle, journal=journal, clock=clock, herald=Ears(), entropy=Random(1).randbytes
    )


def test_a_worker_is_made_as_the_settings_want_it() -> None:
    async def main() -> None:
        terminal = Terminal(
            id="front",
            name="Accueil",
            protocol="zvt",
            tcp=Tcp(host="127.0.0.1", port=1),
            operations=frozenset({"sale", "refund"}),
            token=Token(kind="chargeable", scope="merchant-1"),
            limits=Limits(largest_sale_minor=500, refunds_per_day=3),
        )
        (worker,) = make_workers(terminal, around()).values()
        available = worker.standing.availability()
        assert not available.online
        assert (available.limits.largest_sale_minor, available.limits.refunds_per_day) == (500, 3)
        assert available.capabilities.operations == {"sale", "refund"}
        assert available.capabilities.token_kind == "chargeable"
        assert (worker.terminal, available.currency) == ("front", "CAD")

    run_virtual(main())
