"""The inlet: bounded, loses nothing, tells the end last."""

from __future__ import annotations

import asyncio

import pytest

from drivers.inlet import FULL_AT_BYTES, READ_LIMIT_BYTES, Inlet
from drivers.transport import EndpointClosed
from protocols.core.errors import LocalError
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
