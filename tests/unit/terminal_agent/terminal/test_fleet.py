"""The door through which commands reach the terminals."""

from __future__ import annotations

import asyncio

import pytest

from protocols.core.session import Begin, Greet
from terminal_agent.terminal.fleet import Fleet
from tests.support.operations import operation_id
from tests.support.virtual_clock import run_virtual, settle
from tests.support.virtual_terminal import START
from tests.support.worker_desk import NAME, SALE, Desk

OTHER = operation_id(START, 7)


class House:
    """A fleet of one worker, and what was asked of the house."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.asked: list[str] = []
        self.fleet = Fleet(
            {"t-1": self.desk.worker},
            report=lambda: self.asked.append("report"),
            rescan=lambda: self.asked.append("rescan"),
        )


def test_each_terminal_is_a_unit_that_moves_money() -> None:
    async def main() -> None:
        house = House()
        (unit,) = house.fleet.units()
        assert (unit.name, unit.money) == ("terminal t-1", True)
        assert house.fleet.terminal_of(unit.name) == "t-1"
        assert house.fleet.terminal_of("terminal t-9") is None
        assert house.fleet.terminal_of("t-1") is None
        assert house.fleet.terminal_of("outbox") is None

    run_virtual(main())


def test_a_terminal_that_is_not_ours_is_nobody() -> None:
    async def main() -> None:
        house = House()
        assert house.fleet.availability("t-9", "sale") is None
        house.fleet.abort("t-9", NAME)
        house.fleet.ask("t-9", NAME)
        await house.desk.start()
        assert house.desk.causes == [Greet()]
        await house.desk.stop()

    run_virtual(main())


def test_commands_reach_their_terminals_session() -> None:
    async def main() -> None:
        house = House()
        await house.desk.start()
        applied = house.fleet.availability("t-1", "sale")
        assert applied is not None
        assert applied.online
        await house.desk.begin()
        begin = house.desk.causes[-1]
        assert isinstance(begin, Begin)
        house.fleet.abort("t-1", NAME)
        house.fleet.abort("t-1", OTHER)
        await settle()
        assert [type(cause).__name__ for cause in house.desk.causes] == ["Greet", "Begin", "Abort"]
        assert house.fleet.standings()["t-1"].asking == NAME
        await house.desk.stop()

    run_virtual(main())


def test_a_rescan_looks_for_devices_and_greets() -> None:
    async def main() -> None:
        house = House()
        await house.desk.start()
        house.fleet.rescan()
        house.fleet.report()
        await settle()
        assert house.asked == ["rescan", "report"]
        assert house.desk.causes == [Greet(), Greet()]
        await house.desk.stop()

    run_virtual(main())


@pytest.mark.parametrize(("frees", "idle"), [(True, True), (False, False)])
def test_the_end_waits_for_what_is_at_work_but_not_for_ever(frees: bool, idle: bool) -> None:
    async def main() -> None:
        house = House()
        await house.desk.start()
        assert await house.fleet.idle(10.0)
        await house.desk.begin()
        waiting = asyncio.create_task(house.fleet.idle(10.0))
        await asyncio.sleep(3.0)
        assert not waiting.done()
        if frees:
            house.desk.worker._free()
        assert await waiting is idle
        await house.desk.stop()

    run_virtual(main())


def test_an_operation_for_a_terminal_that_is_not_ours_is_our_mistake() -> None:
    async def main() -> None:
        house = House()
        await house.desk.begin()
        attempt = (await house.desk.row()).attempt
        with pytest.raises(KeyError):
            house.fleet.begin("t-9", SALE, attempt, 1.0)
        house.fleet.begin("t-1", SALE, attempt, 1.0)
        assert house.desk.standing.asking == NAME

    run_virtual(main())
