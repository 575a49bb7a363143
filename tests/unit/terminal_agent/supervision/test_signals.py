"""SIGTERM and SIGINT ask for an orderly end. Signals are sent to this very process."""

from __future__ import annotations

import asyncio
import signal

import pytest

from terminal_agent.supervision.signals import asking_to_stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_calls_stop_and_the_former_handlers_return(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    stopped = asyncio.Event()
    with asking_to_stop(stopped.set):
        signal.raise_signal(number)
        await asyncio.wait_for(stopped.wait(), 10)
    assert {one: signal.getsignal(one) for one in before} == before


async def test_where_the_loop_cannot_wait_for_signals_the_plain_kind_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refuse)
    stopped = asyncio.Event()
    with asking_to_stop(stopped.set):
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stopped.wait(), 10)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
