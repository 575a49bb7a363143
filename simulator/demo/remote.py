"""The simulated devices' remote control, from another process: simulator.control, simulator.reader.hands."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

_ANSWER_WITHIN_S = 5.0


class RemoteError(Exception):
    """A device did not do what it was asked, or cannot be reached."""


class Remote:
    """One request a connection: nothing to keep open, nothing to lose when the device restarts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_up(self) -> bool:
        """Whether the device has opened its control channel."""
        return self._path.is_socket()

    async def ask(self, do: str, **values: object) -> dict[str, Any]:
        """Send one request and return its answer. Raises RemoteError."""
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                answer = await self._exchange({"do": do, **values})
        except (OSError, TimeoutError) as error:
            raise RemoteError(f"the control channel {self._path} is silent: {error}") from None
        if not answer.get("ok"):
            raise RemoteError(f"{do} was refused: {answer.get('error')}")
        return answer

    async def cut(self, seconds: float = 0.0) -> None:
        """Pull the cable out; it comes back by itself after `seconds`, with 0 when restored."""
        await self.ask("cut", what="cut", seconds=seconds)

    async def cut_after_booking(self, seconds: float) -> None:
        """Pull the cable out of the next sale, right after the money is booked."""
        fault = {"when": "booked", "what": "cut", "command": "sale", "seconds": seconds}
        await self.ask("fault", fault=fault)

    async def restore(self) -> None:
        """Plug everything in again."""
        await self.ask("restore")

    async def _exchange(self, request: dict[str, object]) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            await writer.drain()
            answer = json.loads(await reader.readline() or b"{}")
        finally:
            writer.close()
        return answer if isinstance(answer, dict) else {}
