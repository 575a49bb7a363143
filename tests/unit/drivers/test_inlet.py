"""The inlet: bounded, loses nothing, tells the end last."""

from __future__ import annotations

import asyncio

import pytest

from drivers.inlet import FULL_AT_BYTES, FULL_AT_REPORTS, READ_LIMIT_BYTES, Inlet, ReportInlet
from drivers.transport import EndpointClosed
from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.core.session import Report
from tests.support.virtual_clock import run_virtual, settle


def test_pauses_when_full_and_resumes_when_read_once_each() -> None:
    calls: list[str] = []
    inlet = Inlet(pause=lambda: calls.append("pause"), resume=lambda: calls.append("resume"))

    async def main() -> int:
        for _ in range(FULL_AT_BYTES // 4096 + 2):
            inlet.feed(b"x" * 4096)
        first = await inlet.read()
        await inlet.read()
        return len(first)

    assert run_virtual(main()) == READ_LIMIT_BYTES
    assert calls == ["pause", "resume"]


def test_gives_what_had_arrived_then_the_first_reason() -> None:
    async def main() -> tuple[bytes, list[str]]:
        inlet = Inlet()
        inlet.feed(b"last words")
        inlet.end(EndpointClosed("peer_closed", "it hung up"))
        inlet.end(EndpointClosed("reset", "and then this"))
        inlet.feed(b"too late")
        read, codes = await inlet.read(), []
        for _ in range(2):
            with pytest.raises(EndpointClosed) as caught:
                await inlet.read()
            codes.append(caught.value.code)
        return read, codes

    assert run_virtual(main()) == (b"last words", ["peer_closed", "peer_closed"])


def test_a_cancelled_read_loses_nothing_and_a_second_reader_is_refused() -> None:
    async def main() -> bytes:
        inlet = Inlet()
        reader = asyncio.create_task(inlet.read())
        await settle()
        with pytest.raises(LocalError, match="one task at a time"):
            await inlet.read()
        inlet.feed(b"kept")
        reader.cancel()
        await asyncio.wait([reader])
        assert reader.cancelled()
        return await inlet.read()

    assert run_virtual(main()) == b"kept"


def test_reports_come_one_by_one_in_order_and_pause_the_sender_when_full() -> None:
    calls: list[str] = []
    inlet = ReportInlet(pause=lambda: calls.append("pause"), resume=lambda: calls.append("resume"))

    async def main() -> list[int]:
        for number in range(FULL_AT_REPORTS + 2):
            inlet.feed(Report("input", number, b""))
        return [(await inlet.read()).id for _ in range(FULL_AT_REPORTS + 2)]

    assert run_virtual(main()) == list(range(FULL_AT_REPORTS + 2))
    assert calls == ["pause", "resume"]


def test_reports_that_nobody_will_read_are_wiped() -> None:
    early, late = Sealed(b"early"), Sealed(b"late")
    inlet = ReportInlet()
    inlet.feed(Report("input", 0, early))
    inlet.end(EndpointClosed("closed", "we closed it"))
    inlet.feed(Report("input", 0, late))
    assert (bytes(early.view()), bytes(late.view())) == (b"early", bytes(4))
    inlet.discard()
    assert bytes(early.view()) == bytes(5)
