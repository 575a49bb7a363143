"""A mocked USB bus with a program on it that does what the test says."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from simulator.wire.usb_mocked import MockedUsb

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 20.0


class Refused(Exception):  # noqa: N818  # what the port said, as the program heard it
    """An EndpointUnavailable or EndpointClosed in the program: `code`, then the text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


class UsbBench:
    """`bus` is for plugging; `do` tells the program one thing and gives its answer."""

    def __init__(self) -> None:
        self.bus = MockedUsb()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """The program, on the bus as it is plugged now."""
        self._process = await self.bus.start(
            [sys.executable, "-m", "tests.support.usb_program"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    async def do(self, *command: Any) -> Any:
        """Raises Refused."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        async with asyncio.timeout(LIMIT_S):
            line = await self._process.stdout.readline()
        if not line:
            raise EOFError(f"the program ended at {command}")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(*answer["refused"])
        return answer["done"]

    async def end(self) -> int:
        """The program's exit code once its input has ended."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(LIMIT_S):
            code = await self._process.wait()
        await self.bus.stop()
        return code


@asynccontextmanager
async def usb_bench() -> AsyncIterator[UsbBench]:
    """Ends the program and the bus, whatever happened."""
    bench = UsbBench()
    try:
        yield bench
    finally:
        await bench.end()
