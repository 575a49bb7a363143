"""The virtual clock: exact, in order, and an error instead of a hang."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.virtual_clock import StandsStillError, run_virtual, settle


def test_an_hour_passes_at_once_and_exactly() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - before

    assert run_virtual(main()) == 3600


def test_the_clock_lands_on_a_timer_to_the_last_bit() -> None:
    async def main() -> list[tuple[float, float]]:
        loop = asyncio.get_running_loop()
        landed: list[tuple[float, float]] = []
        for step in range(1, 200):
            at = loop.time() + step * 0.1 + 1e-7 / step
            done = loop.create_future()
            loop.call_at(at, done.set_result, None)
            loop.call_at(at - 0.05, lambda: None).cancel()
            await done
            landed.append((at, loop.time()))
        return landed

    assert all(wanted == got for wanted, got in run_virtual(main()))


def test_timers_run_in_order_of_time_and_time_stands_still_while_there_is_work() -> None:
    async def main() -> list[str]:
        seen: list[str] = []

        async def after(delay_s: float, name: str) -> None:
            await asyncio.sleep(delay_s)
            seen.append(f"{name} {asyncio.get_running_loop().time():.1f}")

        waiting = asyncio.gather(after(2, "late"), after(1, "early"))
        await settle()
        seen.append(f"busy {asyncio.get_running_loop().time():.1f}")
        await waiting
        return seen

    assert run_virtual(main()) == ["busy 1000.0", "early 1001.0", "late 1002.0"]


def test_waiting_for_nothing_is_an_error() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StandsStillError, match="no timer is set"):
        run_virtual(main())


def test_a_timeout_is_virtual_too() -> None:
    async def main() -> None:
        async with asyncio.timeout(30):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(main())
