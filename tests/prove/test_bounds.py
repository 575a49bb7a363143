"""A history ends, whatever the agent does, and leaves nothing behind.

In processes of their own, as the histories quieten the logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from terminal_agent.cloud.outbox import Outbox
from tests.prove.checker import Violation
from tests.prove.history import process_folder, run_history
from tests.prove.loop import STEP_LIMIT, EndlessError, ProofLoop

SEED = 162


@pytest.fixture
def elsewhere() -> Iterator[Executor]:
    """Another process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


async def goes_round(_outbox: Outbox) -> None:
    """What should wait does not."""
    await asyncio.sleep(0)


async def goes_on(_outbox: Outbox) -> None:
    """It cannot be cancelled either."""
    while True:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            continue


def violations_of_a_spinning_outbox(stubborn: bool) -> tuple[Violation, ...]:
    """A history of an agent that never comes to rest."""
    setattr(Outbox, "_wait", goes_on if stubborn else goes_round)  # noqa: B010  # the planted bug
    return run_history(SEED).violations


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_history_that_does_not_end_is_told(elsewhere: Executor, stubborn: bool) -> None:
    first, *_ = elsewhere.submit(violations_of_a_spinning_outbox, stubborn).result()
    assert first.promise == "I8"
    assert f"the history does not end at stage idle: after {STEP_LIMIT} steps" in first.text
    assert "Outbox.run at outbox.py" in first.text


def test_what_is_not_stopped_within_the_limit_is_an_error() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # it is left pending
        await goes_on(None)  # type: ignore[arg-type]  # it looks at nothing

    with (
        pytest.raises(EndlessError, match="test_bounds"),
        asyncio.Runner(loop_factory=lambda: ProofLoop(100)) as runner,
    ):
        runner.run(main())


def test_the_folder_of_a_process_goes_with_it(elsewhere: Executor) -> None:
    place = elsewhere.submit(process_folder).result()
    assert place.is_dir()
    elsewhere.shutdown()
    assert not place.exists()
