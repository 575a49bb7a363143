"""Ending tasks that do not want to end."""

from __future__ import annotations

import asyncio

from simulator.clinic.cancelling import end


async def stubborn(deaf: int, ended: list[str]) -> None:
    """Swallows so many cancellations, as wait_for does on a bad day."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if deaf == 0:
                ended.append("cancelled")
                raise
            deaf -= 1


async def failing() -> None:
    raise RuntimeError("too late to matter")


async def test_a_task_that_swallows_a_cancellation_ends_all_the_same() -> None:
    ended: list[str] = []
    tasks = [asyncio.create_task(stubborn(deaf, ended)) for deaf in (0, 1)]
    await asyncio.sleep(0)
    await end([*tasks, asyncio.create_task(failing())])
    assert [task.cancelled() for task in tasks] == [True, True]
    assert ended == ["cancelled", "cancelled"]


async def test_nothing_to_end() -> None:
    await end([])
